#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Programs for the container's shell and for jq; output, stderr: of helpers' `try`
# shellcheck disable=SC2016,SC2154,SC2030,SC2031
# As root, without a user namespace: every mount option of the documentation.

load ../helpers
load ../mounts_sweep

setup() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	container_setup --rootless=false
}

@test "root: every documented option on tmpfs, proc, sysfs, mqueue and devpts" {
	local type plain
	plain=$(<"$B/config.json")
	for type in tmpfs proc sysfs mqueue devpts; do
		printf '%s' "$plain" >"$B/config.json"
		sweep "$type"
	done
}
