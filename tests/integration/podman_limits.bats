#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Programs for the container's shell; output, stderr: of helpers' `try`
# shellcheck disable=SC2016,SC2154,SC2030,SC2031
# Limits as podman sets them, with both of its ways to have cgroups: read inside, enforced, and
# changed.
#
# rooms: vm

load helpers
load podman

limits() {
	try pod_run --rm --memory 64m --memory-swap 64m --pids-limit 50 --cpus 0.5 \
		--cpu-shares 512 local sh -c '
		cd /sys/fs/cgroup && cat memory.max memory.swap.max pids.max cpu.max cpu.weight'
	equal "$stderr" ""
	equal "$output" $'67108864\n0\n50\n50000 100000\n59'
}

@test "podman, cgroupfs: memory, swap, pids and cpu limits, read inside" {
	limits
}

@test "podman, systemd: memory, swap, pids and cpu limits, read inside" {
	limits
}

enforced() {
	# dd's buffer is what is too much: as init, and as a child of which init can tell.
	try pod_run --rm --memory 32m --memory-swap 32m local dd if=/dev/zero of=/dev/null bs=64M \
		count=1
	equal "$status" 137
	try pod_run --rm --memory 32m --memory-swap 32m local sh \
		-c 'dd if=/dev/zero of=/dev/null bs=64M count=1; echo $?'
	equal "$output" 137
	try pod_run --rm --pids-limit 5 local sh \
		-c 'for i in 1 2 3 4 5 6 7 8; do sleep 5 & done; echo all'
	has "$stderr" "can't fork"
	not has "$output" all
}

@test "podman, cgroupfs: more memory than the limit is not to be had, nor more processes" {
	enforced
}

@test "podman, systemd: more memory than the limit is not to be had, nor more processes" {
	enforced
}

@test "podman, systemd: pause and unpause" {
	local before
	starts sh -c 'echo started; i=0; while :; do i=$((i + 1)); echo $i >/count; sleep 0.1; done'
	pod pause "$C"
	has_status paused
	before=$(pod cp "$C:/count" - | tar -xO)
	sleep 3
	equal "$(pod cp "$C:/count" - | tar -xO)" "$before"
	pod unpause "$C"
	wait_for changed "$before"
}

changed() {
	[ "$(pod exec "$C" cat /count)" != "$1" ]
}
