#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# exec: in which cgroup the process begins.
# rooms: session
# shellcheck disable=SC2016,SC2154,SC2030,SC2031

load ../helpers
load cgroup_room

@test "exec is in the container's cgroup, its children too" {
	start_sleeping
	try rlu exec "$C" sh \
		-c 'sed -n "s/^0:://p" /proc/self/cgroup; sed -n "s/^0:://p" /proc/self/cgroup |
		cat'
	equal "$output" $'/\n/'
	rlu exec -d --pid-file "$T/pid" "$C" sleep 1000
	equal "$(cgroup_of "$(cat "$T/pid")")" "$top/rootlet-$C"
	equal "$(rlu ps --format json "$C" | jq length)" 2
	rlu delete --force "$C"
}

@test "exec from another cgroup of the user's" {
	start_sleeping
	at=/other rlu exec -d --pid-file "$T/pid" "$C" sleep 1000
	equal "$(cgroup_of "$(cat "$T/pid")")" "$top/rootlet-$C"
	rlu delete --force "$C"
}

@test "exec --cgroup: below the container's; outside of it never" {
	config '(.mounts[] | select(.type == "cgroup")).options = ["nosuid"]'
	script 'mkdir /sys/fs/cgroup/a; exec sleep 1000'
	rlu run -d --bundle "$B" "$C"
	wait_for test -d "$G/rootlet-$C/container/a"
	rlu exec -d --cgroup a --pid-file "$T/pid" "$C" sleep 1000
	equal "$(cgroup_of "$(cat "$T/pid")")" "$top/rootlet-$C/container/a"
	try rlu exec --cgroup nosuch "$C" true
	equal "$status" 255
	has "$stderr" nosuch
	try rlu exec --cgroup ../.. "$C" true
	equal "$status" 255
	has "$stderr" "would lead out of the container's"
	rlu delete --force "$C"
}

@test "exec is where init went, from anywhere, also where only the container's user may write" {
	config '(.mounts[] | select(.type == "cgroup")).options = ["nosuid"] |
		.process.user = {uid: 1000, gid: 1000}'
	script 'cd /sys/fs/cgroup; mkdir -p a/b; echo 1 >a/b/cgroup.procs; echo >/tmp/ready;
		exec sleep 1000'
	rlu run -d --bundle "$B" "$C"
	wait_for test -e "$B/rootfs/tmp/ready"
	try rlu exec "$C" sed -n 's/^0:://p' /proc/self/cgroup
	equal "$output$stderr" /a/b
	at=/other try rlu exec --user 0 "$C" sed -n 's/^0:://p' /proc/self/cgroup
	equal "$output$stderr" /a/b
	rlu delete --force "$C"
}

@test "exec follows init where the container's own cgroup takes no process" {
	grep -qw hugetlb "$mount/cgroup.controllers" || skip "needs a controller in cgroup v2"
	echo +hugetlb >"$mount/cgroup.subtree_control"
	config '(.mounts[] | select(.type == "cgroup")).options = ["nosuid"]'
	script 'cd /sys/fs/cgroup; mkdir init.scope; echo 1 >init.scope/cgroup.procs;
		echo +hugetlb >cgroup.subtree_control && echo >/tmp/ready; exec sleep 1000'
	rlu run -d --bundle "$B" "$C"
	wait_for test -e "$B/rootfs/tmp/ready"
	try rlu exec "$C" sed -n 's/^0:://p' /proc/self/cgroup
	equal "$output" /init.scope
	rlu delete --force "$C"
}
