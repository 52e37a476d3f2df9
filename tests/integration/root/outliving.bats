#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Root's containers without a pid namespace: what of them ends with them, and what must not.
# shellcheck disable=SC2154,SC2153,SC2016,SC2030,SC2031,SC2119,SC2120

load ../helpers
load ../lifecycle

setup() {
	container_setup
	config 'del(.linux.namespaces[] | select(.type == "pid"))
		| .process.capabilities |= with_entries(.value =
			["CAP_SYS_ADMIN", "CAP_SYS_CHROOT"])'
}

start() {
	rl --cgroup-manager=disabled run --detach --bundle "$B" "$C" >/dev/null </dev/null
}

in_mounts_of() {
	[ "$(readlink "/proc/$1/ns/mnt")" = "$(readlink "/proc/$2/ns/mnt")" ]
}

@test "delete --force ends what has lost its parents" {
	script '(setsid sh -c "touch /srv/orphan; exec sleep 1000" >/dev/null 2>&1 &)
		while [ ! -e /srv/orphan ]; do sleep 0.02; done; touch /srv/ran; exec sleep 1000'
	start
	wait_for marker
	[ "$(marked | wc -l)" -ge 3 ]
	try rl delete --force "$C"
	equal "$status$output$stderr" 0
	equal "$(marked)" ""
}

@test "a mount namespace that init has entered since is not the container's" {
	local bystander
	unshare --mount sleep 1000 3>&- &
	bystander=$!
	wait_for not in_mounts_of "$bystander" self
	# By a descriptor that the host has left to it.
	script 'exec nsenter --mount=/proc/self/fd/3 sleep 1000'
	ROOTLET_TEST=$C "$ROOTLET" --root "$T/state" --cgroup-manager=disabled run --detach \
		--preserve-fds 1 --bundle "$B" "$C" 3<"/proc/$bystander/ns/mnt" \
		>/dev/null </dev/null
	wait_for in_mounts_of "$bystander" "$(pid_of)"
	rl delete --force "$C"
	kill -0 "$bystander"
	kill -KILL "$bystander"
}
