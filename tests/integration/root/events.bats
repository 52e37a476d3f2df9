#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# events: statistics, and what happens to the container.
# rooms: session
# shellcheck disable=SC2016,SC2154,SC2030,SC2031

load ../helpers
load cgroup_room

used_cpu() {
	rlu events --stats "$C" | jq -e '.data.cpu.usage | .total > 0 and .kernel + .user > 0'
}

@test "events --stats: one line, in runc's form" {
	start_counting
	wait_for used_cpu
	try rlu events --stats "$C"
	equal "$status" 0
	equal "$(wc -l <"$T/try.out")" 1
	equal "$(jq -r '.type + " " + .id' <<<"$output")" "stats $C"
	jq -e '.data | .cpu.usage.total > 0 and .cpu.usage.kernel + .cpu.usage.user > 0
		and (.memory | type) == "object" and (.pids |
		type) == "object" and (.blkio.ioServiceBytesRecursive |
		type) == "array"' <<<"$output"
	if [ -e "$G/cpu.pressure" ]; then
		jq -e '.data.cpu.psi.some | .avg10 >= 0 and .total >= 0' <<<"$output"
	fi
	rlu delete --force "$C"
}

@test "events: a line each interval, until the container ends" {
	start_counting
	rlu events --interval 100ms "$C" >"$T/events" &
	local job=$!
	wait_for sh -c '[ "$(wc -l <"$0")" -ge 3 ]' "$T/events"
	rlu kill "$C" KILL
	wait "$job"
	jq -es 'all(.type == "stats") and (map(.data.cpu.usage.total) |
		. == sort and first < last)' "$T/events"
	rlu delete "$C"
}

@test "events: bad intervals" {
	local interval
	for interval in 0 -1s abc 5x 1.5.5s "" s; do
		try rlu events "--interval=$interval" "$C"
		[ -z "$interval" ] || refused "--interval" "$interval"
	done
}
