#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# seen: set by newcomers.bash
# shellcheck disable=SC2154
# What a container gets of the processes that come into it.

load helpers
load net_helpers
load newcomers

setup() {
	container_setup
}

@test "exec: nothing of the host's is to be had" {
	watched
	beside exec "$C" true
	watched_end
	[ "$seen" -gt 0 ] || fail "none was seen"
}

@test "mounts add and remove: nothing comes into the pid namespace" {
	mounts_come_and_go
}

@test "port add and remove: nothing comes into the pid namespace" {
	ports_come_and_go
}
