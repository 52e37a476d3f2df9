#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154 # programs for the container's shell and for jq; output, stderr: of helpers' `try`
# Root without a user namespace makes real device nodes.

load ../helpers

setup() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	container_setup --rootless=false
}

@test "root: default devices are nodes of the container's own" {
	inside 'stat -c "%n %t:%T %a %u:%g" /dev/null /dev/full /dev/tty; grep -c " /dev/null " /proc/self/mountinfo; echo x >/dev/null'
	equal "$output" $'/dev/null 1:3 666 0:0\n/dev/full 1:7 666 0:0\n/dev/tty 5:0 666 0:0\n0'
}

@test "root: devices of the bundle get their mode and owner" {
	config '.linux.devices = [
		{path: "/dev/mine/null", type: "c", major: 1, minor: 3, fileMode: 432, uid: 1000, gid: 65534},
		{path: "/dev/disk", type: "b", major: 7, minor: 99, fileMode: 384},
		{path: "/dev/unbuffered", type: "u", major: 1, minor: 5},
		{path: "/dev/pipe", type: "p", fileMode: 416, uid: 1000, gid: 1000}]'
	inside 'stat -c "%F %t:%T %a %u:%g" /dev/mine/null /dev/disk /dev/unbuffered /dev/pipe; echo x >/dev/unbuffered'
	equal "$output" "character special file 1:3 660 1000:65534
block special file 7:63 600 0:0
character special file 1:5 666 0:0
fifo 0:0 640 1000:1000"
}

@test "root: a default device can be given another mode by the bundle" {
	config '.linux.devices = [{path: "/dev/null", type: "c", major: 1, minor: 3, fileMode: 438, uid: 5, gid: 6}]'
	inside 'stat -c "%t:%T %a %u:%g" /dev/null'
	equal "$output" "1:3 666 5:6"
}

@test "root: a symlink in a device's place is refused, and nothing at its end is touched" {
	config 'del(.mounts[] | select(.destination | startswith("/dev")))'
	echo mine >"$T/victim"
	ln -s "$T/victim" "$B/rootfs/dev/null"
	try rl run --bundle "$B" "$C"
	refused "/dev/null"
	equal "$(cat "$T/victim")" mine
	[ -L "$B/rootfs/dev/null" ]
}

@test "root: a node of other numbers in a device's place is refused" {
	config 'del(.mounts[] | select(.destination | startswith("/dev")))'
	mknod "$B/rootfs/dev/null" c 1 5 || skip "this root can't make device nodes"
	try rl run --bundle "$B" "$C"
	refused "/dev/null exists in the root filesystem and is not the device"
}
