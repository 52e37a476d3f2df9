#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Programs for the container's shell and for jq; output, stderr: of helpers' `try`
# shellcheck disable=SC2016,SC2154
# The nodes and links of /dev, and what a root filesystem may not do with their places.

load helpers

@test "the default devices are there, with their numbers, and no others" {
	inside 'cd /dev; stat -c "%n %F %t:%T" null zero full random urandom tty; ls'
	equal "$output" "null character special file 1:3
zero character special file 1:5
full character special file 1:7
random character special file 1:8
urandom character special file 1:9
tty character special file 5:0
fd
full
mqueue
null
ptmx
pts
random
shm
stderr
stdin
stdout
tty
urandom
zero"
}

@test "the default devices work" {
	inside 'echo x >/dev/null; echo x 2>&1 >/dev/full; head -c 3 /dev/zero | od -An -tx1;
		wc -c </dev/null
		[ "$(head -c 16 /dev/urandom | md5sum)" != "$(head -c 16 /dev/random | md5sum)" ] &&
		echo random'
	has "$output" "No space left on device"
	has "$output" $' 00 00 00\n0\nrandom'
}

@test "the links of /dev lead to the process's own streams and to the container's terminals" {
	inside 'for l in fd stdin stdout stderr ptmx; do stat -c %N /dev/$l; done
		ls -l /dev/fd/ >/dev/null && stat -L -c %t:%T /dev/ptmx'
	equal "${output//\'/}" "/dev/fd -> /proc/self/fd
/dev/stdin -> /proc/self/fd/0
/dev/stdout -> /proc/self/fd/1
/dev/stderr -> /proc/self/fd/2
/dev/ptmx -> pts/ptmx
5:2"
	inside '(echo through >/dev/stdout) | cat; echo in | cat /dev/stdin'
	equal "$output" $'through\nin'
}

# every_device: the bundle names every default link and device, as an engine that passes all of the
# host's devices does, some of them in odd spelling.
every_device() {
	config '.linux.devices = ([["ptmx", 5, 2], ["/./ptmx", 5, 2], ["fd", 1, 3],
		["stdin", 1, 3], ["stdout", 1, 3], ["stderr", 1, 3], ["null", 1, 3],
		["/null", 1, 3], ["zero", 1, 5], ["full", 1, 7], ["random", 1, 8],
		["urandom", 1, 9], ["tty", 5, 0]] |
		map({path: ("/dev/" + .[0]), type: "c", major: .[1], minor: .[2]}))'
}

@test "devices that name the default links: the links stay, terminals are the container's" {
	every_device
	inside 'for l in fd stdin stdout stderr ptmx; do stat -c %N /dev/$l; done
		exec 9<>/dev/ptmx && ls /dev/pts && stat -c %t:%T /dev/null /dev/tty'
	equal "${output//\'/}" "/dev/fd -> /proc/self/fd
/dev/stdin -> /proc/self/fd/0
/dev/stdout -> /proc/self/fd/1
/dev/stderr -> /proc/self/fd/2
/dev/ptmx -> pts/ptmx
0
ptmx
1:3
5:0"
	equal "$stderr" ""
}

@test "the devices of the host can't be reached by making nodes" {
	cp "$ROOTLET_BUILDDIR/tests/guest/testguest" "$B/rootfs/bin"
	inside 'testguest try mknod /dev/mine; testguest try mknod /tmp/mine'
	equal "$output" $'EPERM\nEPERM'
}

@test "a device of the bundle: the host's node is bound" {
	[ -c /dev/net/tun ] || skip "this host has no /dev/net/tun"
	config '.linux.devices = [{path: "/dev/net/tun", type: "c", major: 10, minor: 200,
		fileMode: 438, uid: 0, gid: 0}]'
	inside 'stat -c "%F %t:%T" /dev/net/tun; wc -l </proc/self/mountinfo >/dev/null;
		grep -c " /dev/net/tun " /proc/self/mountinfo'
	equal "$output" $'character special file a:c8\n1'
}

@test "a device at another path than the host's is refused, when the host has none there" {
	config '.linux.devices = [{path: "/dev/mynull", type: "c", major: 1, minor: 3}]'
	try rl run --bundle "$B" "$C"
	refused "/linux/devices/0: /dev/mynull of the host"
}

@test "a FIFO is made, with its mode and owner" {
	config '.linux.devices = [{path: "/dev/pipes/one", type: "p", fileMode: 416, uid: 1000,
		gid: 1000}]'
	inside 'stat -c "%F %a %u:%g" /dev/pipes/one; (echo through >/dev/pipes/one &) ;
		cat /dev/pipes/one'
	equal "$output" $'fifo 640 1000:1000\nthrough'
}

@test "a device whose numbers are not those of the host's node is refused" {
	config '.linux.devices = [{path: "/dev/null", type: "c", major: 1, minor: 5}]'
	try rl run --bundle "$B" "$C"
	refused "/linux/devices/0: /dev/null of the host is not the device c 1:5"
	config '.linux.devices = [{path: "/dev/null", type: "b", major: 1, minor: 3}]'
	try rl run --bundle "$B" "$C"
	refused "/dev/null of the host is not the device b 1:3"
}

# The tree's own /dev, without a tmpfs over it.
plain_dev() {
	config 'del(.mounts[] | select(.destination | startswith("/dev")))'
}

@test "without a mount on /dev the devices are bound in the tree's own" {
	plain_dev
	inside 'echo x 2>&1 >/dev/full; stat -c %t:%T /dev/null; echo fine >/dev/null'
	has "$output" "No space left on device"
	has "$output" "1:3"
	[ -f "$B/rootfs/dev/null" ] && [ ! -s "$B/rootfs/dev/null" ]
	# And again, over what the first run left.
	inside 'stat -c %t:%T /dev/null'
	equal "$output" "1:3"
}

@test "something else in a device's place is refused, and stays as it was" {
	plain_dev
	echo data >"$B/rootfs/dev/null"
	try rl run --bundle "$B" "$C"
	refused "/dev/null exists in the root filesystem and is not the device"
	equal "$(cat "$B/rootfs/dev/null")" data
	rm "$B/rootfs/dev/null"
	mkdir "$B/rootfs/dev/null"
	try rl run --bundle "$B" "$C"
	refused "/dev/null exists in the root filesystem and is not the device"
	rmdir "$B/rootfs/dev/null"
	mkfifo "$B/rootfs/dev/zero"
	try rl run --bundle "$B" "$C"
	refused "/dev/zero exists in the root filesystem and is not the device"
}

# CVE-2026-41579, CVE-2026-88264. Tried: O_NOFOLLOW taken out of look_at_place: the container ran,
# with a file made at the link's end.
@test "a symlink in a device's place is refused, and nothing at its end is touched" {
	plain_dev
	echo mine >"$T/victim"
	ln -s "$T/victim" "$B/rootfs/dev/null"
	try rl run --bundle "$B" "$C"
	refused "/dev/null"
	equal "$(cat "$T/victim")" mine
	ln -sfn ../tmp/inside "$B/rootfs/dev/null"
	try rl run --bundle "$B" "$C"
	refused "/dev/null"
	[ ! -e "$B/rootfs/tmp/inside" ]
}

@test "/dev as a symlink out of the tree leads nowhere outside" {
	plain_dev
	mkdir "$T/outside"
	rmdir "$B/rootfs/dev"
	ln -s "$T/outside" "$B/rootfs/dev"
	inside 'stat -L -c %t:%T /dev/null'
	equal "$output" "1:3"
	equal "$(ls -A "$T/outside")" ""
}

@test "links of /dev that the tree has already are left as they are" {
	plain_dev
	ln -s /elsewhere "$B/rootfs/dev/stdin"
	inside 'readlink /dev/stdin; readlink /dev/stdout'
	equal "$output" $'/elsewhere\n/proc/self/fd/1'
}
