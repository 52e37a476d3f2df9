#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Limits of controllers that systemd never hands to users: root's own, by cgroupfs.
# rooms: vm
# shellcheck disable=SC2016,SC2154

load ../helpers

setup() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	container_setup --rootless=false
}

fs() {
	rl --cgroup-manager cgroupfs "$@"
}

# in_cgroup FILE: of the running container.
in_cgroup() {
	cat "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(pid_of)/cgroup")/$1"
}

@test "root: rdma: the kernel is asked, and its no is an error that names device and value" {
	config '.linux.resources.rdma = {none0: {hcaHandles: 3, hcaObjects: 100}}'
	try fs run --bundle "$B" "$C"
	refused /linux/resources/rdma/none0 \
		'"none0 hca_handle=3 hca_object=100" to rdma.max: No such device'
	[ ! -e "/sys/fs/cgroup/rootlet-$C" ]
}

@test "root: hugetlb, with reservations" {
	script 'exec sleep 1000'
	config '.linux.resources.hugepageLimits = [{pageSize: "2MB", limit: 1073741824}]'
	fs run -d --bundle "$B" "$C"
	equal "$(in_cgroup hugetlb.2MB.max) $(in_cgroup hugetlb.2MB.rsvd.max)" \
		"1073741824 1073741824"
	rl update --resources - "$C" \
		<<<'{"hugepageLimits": [{"pageSize": "2MB", "limit": 2147483648}]}'
	equal "$(in_cgroup hugetlb.2MB.max) $(in_cgroup hugetlb.2MB.rsvd.max)" \
		"2147483648 2147483648"
	rl delete --force "$C"
}
