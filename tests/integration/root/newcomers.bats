#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# seen, traced: set by newcomers.bash
# shellcheck disable=SC2154
# What root's container without a user namespace gets of the processes that come into it, although
# it may stop and trace them.

load ../helpers
load ../net_helpers
load ../newcomers

setup() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	container_setup --rootless=false
	chmod 755 "$T"
}

@test "root: exec: what may be traced has nothing of the host's" {
	watched
	# Among the preserved ones there are gaps, where rootlet's own came to lie.
	beside exec --preserve-fds 7 "$C" true 4>&-
	watched_end
	[ "$seen" -gt 0 ] || fail "none was seen"
	[ "$traced" -gt 0 ] || fail "none was traced"
}

@test "root: mounts add and remove: nothing comes into the pid namespace" {
	mounts_come_and_go '{"destination": "/srv/proc", "type": "proc"}'
}

@test "root: port add and remove: nothing comes into the pid namespace" {
	ports_come_and_go
}

@test "root: checkpoint: nothing comes into the pid namespace" {
	checkpoints_come_and_go
}
