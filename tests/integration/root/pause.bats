#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# pause and resume: every process stops, and goes on.
# rooms: session
# shellcheck disable=SC2016,SC2154,SC2030,SC2031

load ../helpers
load cgroup_room

# has_moved_from N. While a number is being written the file may be empty.
has_moved_from() {
	[ "$(count)" -gt "$1" ]
}

moves() {
	local before
	wait_for count_is_there
	before=$(count)
	wait_for has_moved_from "$before"
}

count_is_there() {
	[ -n "$(count)" ]
}

stands_still() {
	local before
	before=$(count)
	sleep 0.3
	equal "$(count)" "$before"
}

@test "pause stops everything, resume lets it go on; the status says so" {
	start_counting
	moves
	rlu pause "$C"
	status_is paused
	equal "$(rlu list --format json | jq -r '.[0].status')" paused
	# Where podman looks: the cgroup of /proc/PID/cgroup.
	equal "$(cat "$mount$(cgroup_of "$(pid_of)")/cgroup.freeze")" 1
	stands_still
	rlu resume "$C"
	status_is running
	moves
	rlu delete --force "$C"
}

@test "pause and resume refuse what is not running, not paused, or has no cgroup" {
	start_counting
	try rlu resume "$C"
	refused "cannot resume container \`$C\`" "it is running, not paused"
	rlu pause "$C"
	try rlu pause "$C"
	refused "it is paused, not running"
	try rlu exec "$C" true
	equal "$status" 255
	has "$stderr" paused
	try rlu delete "$C"
	refused "not stopped: paused"
	rlu delete --force "$C"
	try rlu pause "$C"
	refused "does not exist"
	rlu --cgroup-manager disabled run -d --bundle "$B" "$C"
	try rlu pause "$C"
	refused "no cgroup of its own" "--cgroup-manager disabled"
	try rlu update --pids-limit 5 "$C"
	refused "no cgroup of its own"
	try rlu events --stats "$C"
	refused "no cgroup of its own"
	rlu kill "$C" KILL
	wait_for status_is stopped
	try rlu pause "$C"
	refused "container not running"
	try rlu update --pids-limit 5 "$C"
	refused "container not running"
	try rlu events "$C"
	refused "container not running"
	rlu delete "$C"
}

@test "a paused container is killed all the same" {
	start_counting
	rlu pause "$C"
	rlu kill "$C" KILL
	wait_for status_is stopped
	rlu delete "$C"
}
