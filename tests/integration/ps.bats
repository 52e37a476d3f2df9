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
