#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Networks of root's containers: with mapped ids, for which root's state folder is closed, and
# with the host's, where there is no user namespace to join.
# output: of helpers' `try`; what is between single quotes is for the shell inside.
# shellcheck disable=SC2154,SC2016

load ../helpers

setup() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	container_setup --rootless=false
	chmod 755 "$T"
	mkdir -m 0700 "$T/state"
}

# mapped: the container's ids are others than the host's.
mapped() {
	config '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$B/rootfs"
}

# on_network ID: that container has the device, and the names.
on_network() {
	try rl exec "$1" sh -c 'ip addr show tap0; cat /etc/hosts /etc/resolv.conf'
	has "$output" "inet 10.0.2.100/24"
	has "$output" "10.0.2.100	rootlet"
	has "$output" "nameserver 10.0.2.3"
}

@test "root: a network for mapped ids, and one more container on it" {
	mapped
	script 'exec sleep 1000'
	rl run --detach --net=slirp4netns --bundle "$B" "$C"
	on_network "$C"
	rl run --detach --net="container:$C" --bundle "$B" "$C-2"
	on_network "$C-2"
	equal "$(readlink "/proc/$(pid_of "$C-2")/ns/user")" "$(readlink "/proc/$(pid_of)/ns/user")"
	rl delete --force "$C"
	on_network "$C-2"
	rl delete --force "$C-2"
}

@test "root: one more container on the network of one with the host's ids" {
	script 'exec sleep 1000'
	rl run --detach --net=slirp4netns --bundle "$B" "$C"
	rl run --detach --net="container:$C" --bundle "$B" "$C-2"
	on_network "$C-2"
	equal "$(readlink "/proc/$(pid_of "$C-2")/ns/net")" "$(readlink "/proc/$(pid_of)/ns/net")"
	equal "$(readlink "/proc/$(pid_of "$C-2")/ns/user")" "$(readlink /proc/self/ns/user)"
	rl delete --force "$C-2"
	mapped
	try rl run --net="container:$C" --bundle "$B" "$C-2"
	refused "--net: that container has no user namespace of its own" /linux/namespaces
	rl delete --force "$C"
}
