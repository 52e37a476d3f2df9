#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# slirp4netns of root's containers.
#
# shellcheck disable=SC2016,SC2034,SC2153,SC2154

load ../helpers
load ../net_helpers

setup() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	container_setup
	cp "$ROOTLET_BUILDDIR/tests/guest/netguest" "$B/rootfs/bin"
	P=$(free_port)
}

# ids_of PID NAME: the line of its status, with single spaces.
ids_of() {
	awk -v name="$2:" '$1 == name { $1 = ""; print substr($0, 2) }' "/proc/$1/status"
}

# with_ids: a user namespace of a subordinate range's kind.
with_ids() {
	config '.linux.uidMappings = [{containerID: 0, hostID: 300000, size: 1000}]
		| .linux.gidMappings = [{containerID: 0, hostID: 310000, size: 1000}]
		| .linux.namespaces |= map(select(.type != "user")) + [{type: "user"}]'
	touch "$B/names"
	mount_add /etc/resolv.conf bind "$B/names" bind
	mount_add /etc/hosts bind "$B/names" bind
	chmod 0755 "$T" "$B"
	mkdir -m 0711 "$T/state"
	chown -R 300000:310000 "$B/rootfs"
}

@test "root: with a user namespace, slirp4netns has its root's ids, and no group of the host's" {
	with_ids
	serve 'exec netguest tcp:80' --net=slirp4netns:port_handler=slirp4netns \
		--publish "127.0.0.1:$P:80"
	local slirp
	slirp=$(child_of "$(helper_pid)" slirp4netns)
	equal "$(ids_of "$slirp" Uid)" "300000 300000 300000 300000"
	equal "$(ids_of "$slirp" Gid)" "310000 310000 310000 310000"
	equal "$(ids_of "$slirp" Groups)" ""
	[ "$(readlink "/proc/$slirp/ns/user")" != "$(readlink "/proc/$(pid_of)/ns/user")" ]
	equal "$(ask 127.0.0.1 "$P" hello)" hello
	rl port remove "$C" "127.0.0.1:$P:80"
	refuses 127.0.0.1 "$P"
	rl delete --force "$C"
}

@test "root: the container that it was started for has ended: slirp4netns keeps its ids" {
	with_ids
	serve 'exec netguest tcp:80' --net=slirp4netns
	local helper slirp
	helper=$(helper_pid) slirp=$(child_of "$helper" slirp4netns)
	script 'exec netguest tcp:81'
	rl run --detach --bundle "$B" --net="container:$C" "$C-2" </dev/null >"$T/out2" 2>&1
	wait_for grep -q ready "$T/out2"
	rl delete --force "$C"
	kill -9 "$slirp"
	wait_for gone "$slirp"
	wait_for child_of "$helper" slirp4netns
	slirp=$(child_of "$helper" slirp4netns)
	equal "$(ids_of "$slirp" Uid)" "300000 300000 300000 300000"
	rl delete --force "$C-2"
}

@test "root: without a user namespace, what slirp4netns has mounted is not the host's" {
	local slirp before
	before=$(cat /proc/self/mountinfo)
	config 'del(.linux.namespaces[] | select(.type == "user"))'
	serve 'exec netguest tcp:80' --publish "127.0.0.1:$P:80"
	slirp=$(child_of "$(helper_pid)" slirp4netns)
	equal "$(ls "/proc/$slirp/root")" $'etc\nrun'
	[ ! -e "/proc/$slirp/root/run/user" ]
	equal "$(cat /proc/self/mountinfo)" "$before"
	equal "$(ask 127.0.0.1 "$P" hello)" hello
	rl delete --force "$C"
}
