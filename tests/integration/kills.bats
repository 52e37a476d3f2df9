#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rooms: host session
# What a kill -9 leaves behind, delete --force or the next start of the ID removes.

load helpers
load net_helpers
load kills

@test "any process of any command killed at any moment: nothing is left" {
	if [ "${ROOTLET_ROOM:-}" = session ]; then
		ROOTLET_KILLS_ALONE=1 kills --cgroup-manager=systemd
	else
		kills --cgroup-manager=disabled
	fi
}
