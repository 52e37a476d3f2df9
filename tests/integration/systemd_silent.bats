#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # pid: of waits; output, stderr: of helpers' `try`
# A manager of the user's that answers nobody for a while: a scope that can't be removed then is
# not forgotten. (An empty one goes by itself when the manager goes on: systemd_beside.bats.)
# rooms: session

load helpers
load waits

bus=/run/user/$(id -u)/bus

setup() {
	container_setup
	before=$(user_units)
	manager=$(systemctl show --value --property MainPID "user@$(id -u).service")
	# Each address of the manager's has its five seconds: one is enough.
	mv "$bus" "$bus.away"
}

teardown() {
	local left=0
	kill -CONT "$manager"
	mv "$bus.away" "$bus"
	wait_for same_units "$before" || left=1
	waits_teardown || left=1
	return "$left"
}

# kept: the container's state is still there, to be deleted later.
kept() {
	[ -e "$T/state/$C/cgroup.json" ] || fail "nothing tells of the scope: $(cat "$T/err")"
}

@test "a start that was killed, and whose scope can't be removed: not forgotten" {
	hook createRuntime
	hanging --cgroup-manager systemd create --bundle "$B" "$C"
	in_hook createRuntime
	kill -STOP "$manager"
	kill -KILL "$pid"
	wait "$pid" || true
	# shellcheck disable=SC2046 # a list
	kill -KILL $(marked) || true
	wait_for no_marked
	try rl delete --force "$C"
	[ "$status" -ne 0 ] || fail "deleted, and the scope is there"
	has "$stderr" "the cgroup that a killed launch left"
	kept
	kill -CONT "$manager"
	rl delete --force "$C"
	[ ! -e "$T/state/$C" ]
}
