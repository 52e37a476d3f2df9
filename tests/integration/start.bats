#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rooms: host session
# start: the program of a created container.
# shellcheck disable=SC2154,SC2153,SC2016,SC2030,SC2031,SC2119,SC2120

load helpers
load lifecycle

@test "start works once" {
	sleeper
	rl create --bundle "$B" "$C"
	rl start "$C"
	wait_for marker
	try rl start "$C"
	refused "$C" "running"
	status_is running
	rl delete --force "$C"
	try rl start "$C"
	refused "$C" "does not exist"
}

@test "a container that dies before its start is stopped, can't be started, and can be deleted" {
	sleeper
	rl create --bundle "$B" "$C"
	kill -KILL "$(pid_of)"
	wait_for status_is stopped
	try rl start "$C"
	refused "$C" "stopped"
	not marker
	rl delete "$C"
	try rl state "$C"
	refused "$C" "does not exist"
}

@test "a program that can't be executed is an error of start" {
	printf 'no program\n' >"$B/rootfs/bin/broken"
	chmod +x "$B/rootfs/bin/broken"
	bundle_args broken
	rl create --bundle "$B" "$C"
	try rl start "$C"
	refused '"/bin/broken"' "format error"
	wait_for status_is stopped
	rl delete "$C"
	printf '#!/no/interpreter\n' >"$B/rootfs/bin/broken"
	try rl run --bundle "$B" "$C"
	refused '"/bin/broken"' "no such file or directory" "interpreter"
}
