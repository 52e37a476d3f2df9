#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # output, stderr: of helpers' `try`
# linux.netDevices as an ordinary user, who owns none: the specification's error. What root has:
# root/netdevices.bats.

load helpers

@test "netDevices: refused, with the capability that it takes" {
	[ "$(id -u)" -ne 0 ] || skip "root may"
	config '.linux.netDevices = {lo: {name: "mine"}}'
	try rl run --bundle "$B" "$C"
	refused "/linux/netDevices: only root can move a network device" CAP_NET_ADMIN
	config '.linux.namespaces |= map(select(.type != "network"))'
	try rl run --bundle "$B" "$C"
	equal "$status" 1
	has "$stderr" "/linux/netDevices: needs a network namespace of the container's own"
}

@test "netDevices: features says that they are known" {
	try rl features
	equal "$(jq .linux.netDevices.enabled <<<"$output")" true
}
