#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rooms: host session
# kill: any signal, by any of its names.
# shellcheck disable=SC2154,SC2153,SC2016,SC2030,SC2031,SC2119,SC2120

load helpers
load lifecycle

@test "kill takes a signal by name, with and without SIG, in any case, and by number" {
	script 'n=0
		trap "echo USR1 >>/srv/got" USR1
		trap "echo TERM >>/srv/got" TERM
		trap "echo HUP >>/srv/got" HUP
		touch /srv/ran
		while :; do sleep 0.02; done'
	detached
	sent=0
	for name in USR1 SIGUSR1 sigusr1 usr1 10; do
		rl kill "$C" "$name"
		sent=$((sent + 1))
		wait_for sh -c "[ \$(grep -c USR1 '$B/rootfs/srv/got') -eq $sent ]"
	done
	rl kill "$C"
	wait_for grep -q TERM "$B/rootfs/srv/got"
	rl kill "$C" SIGHUP
	wait_for grep -q HUP "$B/rootfs/srv/got"
	# 0 asks only whether it is there.
	rl kill "$C" 0
	status_is running

	for bad in NOSUCH SIG 999 -1 '' TERM9 15x; do
		try rl kill -- "$C" "$bad"
		refused "signal" "$bad"
	done
	status_is running
	rl kill "$C" KILL
	wait_for status_is stopped
	rl delete "$C"
}

@test "kill of a created container ends it" {
	sleeper
	rl create --bundle "$B" "$C"
	rl kill "$C" KILL
	wait_for status_is stopped
	rl delete "$C"
}

@test "kill of a stopped or missing container says so" {
	bundle_args true
	rl run --keep --bundle "$B" "$C"
	try rl kill "$C"
	refused "not running" "$C"
	try rl kill --all "$C"
	equal "$status$stderr" 0
	rl delete "$C"
	try rl kill "$C"
	refused "does not exist" "$C"
}

@test "kill and delete in a row need no pause" {
	sleeper
	for _ in 1 2 3 4 5; do
		rm -f "$B/rootfs/srv/ran"
		detached
		rl kill "$C" KILL
		rl delete "$C"
	done
}
