#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# ps: the container's processes.
# shellcheck disable=SC2154,SC2153,SC2016,SC2030,SC2031,SC2119,SC2120

load helpers

@test "ps: the container's processes, all of them and no others" {
	local pid
	script 'sleep 71 & sleep 72 & exec sleep 73'
	rl run --detach --bundle "$B" "$C" >"$T/out" 2>&1
	pid=$(pid_of)
	wait_for grep -qx "sleep.73." <(tr '\0' . <"/proc/$pid/cmdline")
	try rl ps "$C"
	equal "$status$stderr" 0
	[[ $(head -n 1 <<<"$output") == UID*PID*PPID*CMD ]]
	equal "$(wc -l <<<"$output")" 4
	equal "$(grep -oE 'sleep 7[0-9]' <<<"$output" | sort | tr '\n' ' ')" \
		"sleep 71 sleep 72 sleep 73 "
	try rl ps --format json "$C"
	equal "$(jq 'length' <<<"$output")" 3
	equal "$(jq --argjson p "$pid" 'index($p) != null' <<<"$output")" true
	for p in $(jq '.[]' <<<"$output"); do
		grep -qa sleep "/proc/$p/cmdline"
	done
	try rl ps "$C" -o pid,args
	equal "$(head -n 1 <<<"$output" | tr -s ' ')" " PID COMMAND"
	equal "$(wc -l <<<"$output")" 4
	rl delete --force "$C"
}

@test "ps: nothing that a terminal acts on, whatever a program calls itself" {
	script 'exec sleep 1000'
	rl run --detach --bundle "$B" "$C" </dev/null >/dev/null
	mkdir "$T/bin"
	# One that hides nothing: ESC, CSI in UTF-8 and as a byte, DEL, the other direction.
	printf '%s x\033[31m\302\2332J\2332J\177\342\200\256\303\244\n' "$(pid_of)" >"$T/table"
	printf '%s\n' '#!/bin/sh' "echo PID CMD; cat '$T/table'" >"$T/bin/ps"
	chmod +x "$T/bin/ps"
	PATH=$T/bin:$PATH try rl ps "$C"
	equal "$status $output" "0 PID CMD
$(pid_of) x?[31m?2J?2J??ä"
	# The machine's own.
	rl exec --detach "$C" sh -c "$(printf 'sleep 99; : \033[31m\302\2332J\302\233')"
	LC_ALL=C.UTF-8 try rl ps "$C"
	has "$output" "sleep 99; : "
	not grep -qP '[^\n -~]' <<<"$output"
	rl delete --force "$C"
}
