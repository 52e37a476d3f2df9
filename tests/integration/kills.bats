#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rooms: host session
# What a kill -9 leaves behind, delete --force removes.

load helpers
load net_helpers
load kills

@test "any process of any command killed at any moment: nothing is left after delete --force" {
	if [ "${ROOTLET_ROOM:-}" = session ]; then
		kills --cgroup-manager=systemd
	else
		kills --cgroup-manager=disabled
	fi
}
