#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rooms: host session
# What a kill -9 leaves behind, delete --force removes: cgroups too, and scopes of the system's.

load ../helpers
load ../net_helpers
load ../kills

setup() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	container_setup --rootless=false
	chmod 755 "$T"
}

@test "root: any process of any command killed at any moment: nothing is left" {
	if [ "${ROOTLET_ROOM:-}" = session ]; then
		ROOTLET_KILLS_ALONE=1 kills --cgroup-manager=systemd
	else
		kills --cgroup-manager=cgroupfs
	fi
}
