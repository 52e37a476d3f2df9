#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Device rules of root's containers, held by a program at the cgroup: felt by whoever opens a node
# inside.
#
# 10:229 is fuse, which anybody may open and which is no default device; 10:240 to 254 are for local
# use and nothing here has 250, so that an open which is allowed says that there is no such device.
# The manager is the room's: systemd, or on a machine without it cgroupfs.
# rooms: host session
# shellcheck disable=SC2016,SC2154

load ../helpers

setup() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	grep -q " cgroup2 " /proc/self/mounts || skip "needs cgroup v2"
	container_setup --rootless=false
	config '.process.capabilities |= map_values(. + ["CAP_MKNOD"])'
}

DENY='{allow: false, access: "rwm"}'
FUSE='{allow: true, type: "c", major: 10, minor: 229, access: "rwm"}'

# rules RULE...: of the bundle, in jq's notation.
rules() {
	local IFS=,
	config ".linux.resources.devices = [$*]"
}

# The nodes, and how each can be opened.
NODES='mknod /dev/fuse0 c 10 229; mknod /dev/none c 10 250; mknod /dev/block b 10 229'
OPEN='opened() { (eval "exec 3$2/dev/$1") 2>&1 | grep -q . || { echo "$1 $2"; return; }; (eval '\
'"exec 3$2/dev/$1") 2>&1 | sed "s/.*: /$1 $2 /; s/ or address//"; }
for n in fuse0 none; do for how in "<" ">" "<>"; do opened $n "$how"; done; done; opened block "<"'
NONE_OPENS='none < No such device
none > No such device
none <> No such device'
FUSE_OPENS='fuse0 <
fuse0 >
fuse0 <>'
NONE_DENIED='none < Operation not permitted
none > Operation not permitted
none <> Operation not permitted'
FUSE_DENIED=${NONE_DENIED//none/fuse0}

# running: the container in the background, with the nodes.
running() {
	script "$NODES; echo made >/tmp/made; exec sleep 1000"
	try rl run -d --bundle "$B" "$C"
	equal "$status" 0
	equal "$stderr" ""
	wait_for test -s "$B/rootfs/tmp/made"
}

# opens: what a further process of the container can open.
opens() {
	rl exec "$C" sh -c "$OPEN"
}

@test "root: a device that is allowed can be opened, others can't, though nodes can be made" {
	rules "$DENY" "$FUSE"
	inside "$NODES; $OPEN"
	equal "$output" "$FUSE_OPENS
$NONE_DENIED
block < Operation not permitted"
}

@test "root: what a plain bundle forbids is forbidden, also a device that it has" {
	config '.linux.devices = [{path: "/dev/fuse0", type: "c", major: 10, minor: 229}]'
	inside "[ -c /dev/fuse0 ] && mknod /dev/none c 10 250; mknod /dev/block b 10 229; $OPEN"
	equal "$output" "$FUSE_DENIED
$NONE_DENIED
block < Operation not permitted"
}

@test "root: the default devices, a terminal and new terminals work whatever is forbidden" {
	rules '{allow: false, type: "c", major: 1, minor: 3}' "$DENY"
	inside 'echo x >/dev/null; head -c 2 /dev/zero | od -An -tx1; head -c 4 /dev/urandom |
		wc -c; head -c 4 /dev/random | wc -c
		echo x >/dev/full || true; exec 3<>/dev/ptmx && echo ptmx'
	equal "$output" $' 00 00\n4\n4\nptmx'
	config '.process.terminal = true'
	script 'echo said >/dev/console; echo heard >/dev/tty'
	try script_run
	equal "$status" 0
	has "$output" said
	has "$output" heard
}

# By script(1), which gives rootlet a terminal.
script_run() {
	command script -qefc "env ROOTLET_TEST=$C $ROOTLET --root $T/state run --bundle $B $C" \
		/dev/null 3>&- </dev/null
}

@test "root: reading and writing are counted apart, and an open for both needs both" {
	rules "$DENY" '{allow: true, type: "c", major: 10, minor: 229, access: "r"}'
	inside "$NODES; $OPEN"
	equal "$(head -n 3 <<<"$output")" "fuse0 <
fuse0 > Operation not permitted
fuse0 <> Operation not permitted"
	# A later rule takes writing away from what an earlier one allowed: for both at once, too.
	rules "$DENY" "$FUSE" '{allow: false, type: "c", major: 10, access: "w"}'
	inside "$NODES; $OPEN"
	equal "$(head -n 3 <<<"$output")" "fuse0 <
fuse0 > Operation not permitted
fuse0 <> Operation not permitted"
	rules "$DENY" '{allow: true, type: "c", major: 10, access: "r"}' \
		'{allow: true, type: "c", minor: 229, access: "w"}'
	inside "$NODES; $OPEN"
	equal "$output" "$FUSE_OPENS
none < No such device
none > Operation not permitted
none <> Operation not permitted
block < Operation not permitted"
}

@test "root: with everything allowed, or no rules, everything can be opened" {
	local rule
	for rule in '{allow: true, access: "rwm"}' ''; do
		rules "$rule"
		inside "$NODES; $OPEN"
		equal "$output" "$FUSE_OPENS
$NONE_OPENS
block < No such device"
	done
}

@test "root: hundreds of rules" {
	config '.linux.resources.devices = [{allow: false, access: "rwm"}] +
		[range(700) | {allow: true, type: "c", major: 10, minor: ., access: "rw"}] +
		[{allow: false, type: "c", major: 10, minor: 250}]'
	inside "$NODES; $OPEN"
	equal "$output" "$FUSE_OPENS
$NONE_DENIED
block < Operation not permitted"
}

@test "root: with a user namespace the rules hold for the devices that are bound" {
	mknod -m 0666 "$T/fuse" c 10 229 || skip "this root can't make device nodes"
	config '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0,
		hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings | .linux.devices = [{path: $p, type: "c",
		major: 10, minor: 229}]' --arg p "$T/fuse"
	chown -R 100000:100000 "$B/rootfs"
	chmod 0755 "$T"
	script "(exec 3<>$T/fuse) 2>&1 && echo opens"
	try rl run --bundle "$B" "$C"
	has "$output" "Operation not permitted"
	rules "$DENY" "$FUSE"
	inside "(exec 3<>$T/fuse) 2>&1 && echo opens"
	equal "$output" opens
}

@test "root: exec is held to them, and update replaces them" {
	rules "$DENY" "$FUSE"
	running
	equal "$(opens)" "$FUSE_OPENS
$NONE_DENIED
block < Operation not permitted"
	# What doesn't speak of devices leaves them.
	rl update --resources - "$C" <<<'{"unified": {"cgroup.max.depth": "9"}}'
	equal "$(opens | head -n 4)" "$FUSE_OPENS
none < Operation not permitted"
	rl update --resources - "$C" \
		<<<'{"devices": [{"allow": false}, {"allow": true, "type": "c", "major": 10, '\
'"minor": 250}]}'
	equal "$(opens)" "$FUSE_DENIED
$NONE_OPENS
block < Operation not permitted"
	rl update --resources - "$C" <<<'{"devices": [{"allow": true}]}'
	equal "$(opens)" "$FUSE_OPENS
$NONE_OPENS
block < No such device"
	rl update --resources - "$C" <<<'{"devices": [{"allow": false}]}'
	equal "$(opens)" "$FUSE_DENIED
$NONE_DENIED
block < Operation not permitted"
	rl delete --force "$C"
}

@test "root: without a cgroup of its own nothing holds a container to them, and update says so" {
	rules "$DENY"
	script "$NODES; echo made >/tmp/made; exec sleep 1000"
	rl --cgroup-manager disabled run -d --bundle "$B" "$C"
	wait_for test -s "$B/rootfs/tmp/made"
	equal "$(opens | head -n 3)" "$FUSE_OPENS"
	try rl update --resources - "$C" <<<'{"devices": [{"allow": false}]}'
	refused "cannot update container" "no cgroup of its own"
	rl delete --force "$C"
}
