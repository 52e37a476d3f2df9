#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Programs for the container's shell and for jq; output, stderr: of helpers' `try`
# shellcheck disable=SC2016,SC2154
# Root without a user namespace makes real device nodes.

load ../helpers

setup() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	container_setup --rootless=false
}

@test "root: default devices are nodes of the container's own" {
	inside 'stat -c "%n %t:%T %a %u:%g" /dev/null /dev/full /dev/tty;
		grep -c " /dev/null " /proc/self/mountinfo; echo x >/dev/null'
	equal "$output" $'/dev/null 1:3 666 0:0\n/dev/full 1:7 666 0:0\n/dev/tty 5:0 666 0:0\n0'
}

@test "root: devices of the bundle get their mode and owner" {
	config '.linux.devices = [
		{path: "/dev/mine/null", type: "c", major: 1, minor: 3, fileMode: 432, uid: 1000,
		gid: 65534},
		{path: "/dev/disk", type: "b", major: 7, minor: 99, fileMode: 384},
		{path: "/dev/unbuffered", type: "u", major: 1, minor: 5},
		{path: "/dev/pipe", type: "p", fileMode: 416, uid: 1000, gid: 1000}]'
	inside 'stat -c "%F %t:%T %a %u:%g" /dev/mine/null /dev/disk /dev/unbuffered /dev/pipe;
		echo x >/dev/unbuffered'
	equal "$output" "character special file 1:3 660 1000:65534
block special file 7:63 600 0:0
character special file 1:5 666 0:0
fifo 0:0 640 1000:1000"
}

@test "root: a default device can be given another mode by the bundle" {
	config '.linux.devices = [{path: "/dev/null", type: "c", major: 1, minor: 3, fileMode: 438,
		uid: 5, gid: 6}]'
	inside 'stat -c "%t:%T %a %u:%g" /dev/null'
	equal "$output" "1:3 666 5:6"
}

# Tried: look_at_place without O_NOFOLLOW. The first link is then refused only by mknod(2), with
# other words, and the second one passes for the device.
@test "root: a symlink in a device's place is refused, and nothing at its end is touched" {
	config 'del(.mounts[] | select(.destination | startswith("/dev")))'
	echo mine >"$T/victim"
	ln -s "$T/victim" "$B/rootfs/dev/null"
	try rl run --bundle "$B" "$C"
	refused "/dev/null exists in the root filesystem and is not the device"
	equal "$(cat "$T/victim")" mine
	[ -L "$B/rootfs/dev/null" ]
	mknod -m 600 "$B/rootfs/srv/null" c 1 3 || skip "this root can't make device nodes"
	ln -sf ../srv/null "$B/rootfs/dev/null"
	try rl run --bundle "$B" "$C"
	refused "/dev/null exists in the root filesystem and is not the device"
	equal "$(stat -c %a "$B/rootfs/srv/null")" 600
	[ -L "$B/rootfs/dev/null" ]
}

@test "root: a node of other numbers in a device's place is refused" {
	config 'del(.mounts[] | select(.destination | startswith("/dev")))'
	mknod "$B/rootfs/dev/null" c 1 5 || skip "this root can't make device nodes"
	try rl run --bundle "$B" "$C"
	refused "/dev/null exists in the root filesystem and is not the device"
}

# ---------------------------------------------------------------- an ordinary user's, with nodes
# that root made

# as_member GROUPS COMMAND...: as the test user, with these supplementary groups ("" for none).
as_member() {
	local groups=(--clear-groups)
	[ -z "$1" ] || groups=("--groups=$1")
	shift
	setpriv "--reuid=$(id -u "$ROOTLET_TEST_USER")" "--regid=$(id -g "$ROOTLET_TEST_USER")" \
		"${groups[@]}" --inh-caps=-all \
		env -i PATH=/usr/local/bin:/usr/bin:/bin HOME=/ "ROOTLET_TEST=$C" "$@" 3>&-
}

# member_node GROUP MODE: a zero device that the bundle of the test user asks for.
member_node() {
	[ -n "${ROOTLET_TEST_USER:-}" ] || skip "needs an ordinary user: ROOTLET_TEST_USER"
	mknod "$T/node" c 1 5 || skip "this root can't make device nodes"
	chgrp "$1" "$T/node"
	chmod "$2" "$T/node"
	rm "$B/config.json"
	"$ROOTLET" spec --bundle "$B" --rootless
	config '.process.terminal = false | .root.readonly = false |
		.process.env += ["ROOTLET_TEST=" + $c]
		| .linux.devices = [{path: $p, type: "c", major: 1, minor: 5}]' --arg c "$C" \
			--arg p "$T/node"
	script "head -c 1 $T/node | od -An -tx1 || true"
	chmod 0755 "$T"
	mkdir "$T/state"
	chown -R "$ROOTLET_TEST_USER:" "$B" "$T/state"
}

@test "root: a device that is for another group: the user is told which" {
	member_node 5 0660
	try as_member "" "$ROOTLET" --root "$T/state" run --bundle "$B" "$C"
	has "$stderr" "/linux/devices/0: $T/node can't be opened in the container"
	has "$stderr" "for group tty (mode 0660), which you are not in"
	has "$stderr" "usermod -aG tty $ROOTLET_TEST_USER"
	has "$stderr" "head: $T/node: Permission denied"
}

@test "root: a device by a supplementary group: lost with the groups, there with them kept" {
	member_node 5 0660
	try as_member 5 "$ROOTLET" --root "$T/state" run --bundle "$B" "$C"
	has "$stderr" "open to you as a member of group tty"
	has "$stderr" "run.oci.keep_original_groups"
	has "$stderr" "head: $T/node: Permission denied"
	config '.annotations["run.oci.keep_original_groups"] = "1"'
	try as_member 5 "$ROOTLET" --root "$T/state" run --bundle "$B" "$C"
	equal "$stderr" ""
	equal "$output" " 00"
}

@test "root: a device that is root's alone, and one that is open to all" {
	member_node 0 0600
	try as_member "" "$ROOTLET" --root "$T/state" run --bundle "$B" "$C"
	has "$stderr" "its mode is 0600 and its owner 0:0"
	chmod 0666 "$T/node"
	try as_member "" "$ROOTLET" --root "$T/state" run --bundle "$B" "$C"
	equal "$stderr" ""
	equal "$output" " 00"
}
