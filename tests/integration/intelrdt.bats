#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # output, stderr: of helpers' `try`
# linux.intelRdt where it can't be had: few machines have resctrl. What is done there is held by
# tests/unit/test_rdt.c.

load helpers

@test "intelRdt: refused before anything is made, with the reason" {
	config '.linux.intelRdt = {closID: "gold", memBwSchema: "MB:0=20"}'
	try rl run --bundle "$B" "$C"
	if grep -q ' - resctrl ' /proc/self/mountinfo; then
		refused "/linux/intelRdt: only root"
	else
		refused "/linux/intelRdt: no resctrl filesystem is mounted" "mount -t resctrl"
	fi
}

@test "intelRdt: features says that it is known" {
	try rl features
	equal "$(jq -c .linux.intelRdt <<<"$output")" \
		'{"enabled":true,"schemata":true,"monitoring":true}'
}
