#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154
# Where the container's cgroup is when root's bundle names a place and systemd manages the machine.
# rooms: session

load ../helpers

setup() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	container_setup --rootless=false
	script 'exec sleep 1000'
}

teardown() {
	rl delete --force "$C-2" || true
	container_teardown
}

cgroup_of() {
	sed -n 's/^0:://p' "/proc/$(rl state "$1" | jq .pid)/cgroup"
}

@test "root: an absolute cgroupsPath is the place, as engines that ask for no systemd mean it" {
	config '.linux.cgroupsPath = "/\($c)/one/same"' --arg c "$C"
	rl run --detach --bundle "$B" "$C"
	# The same name in another namespace of an engine's.
	config '.linux.cgroupsPath = "/\($c)/two/same"' --arg c "$C"
	rl run --detach --bundle "$B" "$C-2"
	equal "$(cgroup_of "$C") $(cgroup_of "$C-2")" "/$C/one/same /$C/two/same"
	# Who has made the folder that both are in removes it.
	rl delete --force "$C-2"
	rl delete --force "$C"
	[ ! -e "/sys/fs/cgroup/$C" ] || fail "folders are left: $(find "/sys/fs/cgroup/$C" -type d)"
}

@test "root: no place named, or systemd asked for: a scope whose name is made of the whole path" {
	rl run --detach --bundle "$B" "$C"
	equal "$(cgroup_of "$C")" "/system.slice/rootlet-$C.scope/container"
	config '.linux.cgroupsPath = "/\($c)/one/same"' --arg c "$C"
	rl --systemd-cgroup run --detach --bundle "$B" "$C-2"
	equal "$(cgroup_of "$C-2")" "/system.slice/$C-one-same.scope/container"
	rl delete --force "$C"
}
