#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Commands in another pid namespace than the container was made in. With a cgroup it can be ended
# from there.
# shellcheck disable=SC2154 # output: of helpers' `try`
# rooms: host session

load ../helpers
load ../pid_namespaces

setup() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	container_setup --rootless=false
}

@test "root: from another pid namespace a container is neither stopped nor removed" {
	made_there --cgroup-manager=disabled
}

@test "root: from another pid namespace a container is ended by its cgroup" {
	local manager=cgroupfs pid
	[ "${ROOTLET_ROOM:-}" != session ] || manager=systemd
	script 'exec sleep 1000'
	rl --cgroup-manager="$manager" run --detach --bundle "$B" "$C" </dev/null >/dev/null
	pid=$(pid_of)
	try elsewhere fresh delete "$C"
	[ "$status" -ne 0 ]
	kill -0 "$pid"
	elsewhere fresh delete --force "$C"
	# Whose parent waits for it in a moment.
	wait_for not kill -0 "$pid"
	[ ! -e "$T/state/$C" ]
	# Ended before.
	rl --cgroup-manager=cgroupfs run --detach --bundle "$B" "$C" </dev/null >/dev/null
	kill -KILL "$(pid_of)"
	wait_for status_is stopped
	try elsewhere fresh state "$C"
	equal "$(jq -r .status <<<"$output")" stopped
	elsewhere fresh delete "$C"
	[ ! -e "$T/state/$C" ]
}
