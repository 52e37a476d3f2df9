#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Programs for the container's shell and for jq; output, stderr: of helpers' `try`
# shellcheck disable=SC2016,SC2154
# Every mount option of the documentation on every type of filesystem that a user may mount: one
# container for a type, and what mountinfo says of each mount.

load helpers
load mounts_sweep

@test "every documented option on a tmpfs" {
	sweep tmpfs
}

@test "every documented option on proc: done, or a line says what is locked" {
	sweep proc
}

@test "every documented option on sysfs: done, or a line says what is locked" {
	sweep sysfs
}

@test "every documented option on mqueue" {
	sweep mqueue
}

@test "every documented option on devpts" {
	sweep devpts
}

@test "every documented option on an overlay" {
	mkdir -p "$T/one" "$T/two"
	chmod 0755 "$T" "$T/one" "$T/two"
	sweep overlay "lowerdir=$T/one:$T/two"
}

@test "every documented option on cgroup is accepted" {
	local -a options
	mapfile -t options < <(documented)
	mount_add /o cgroup cgroup "${options[@]}"
	inside 'grep -c " /o " /proc/self/mountinfo'
	equal "$output" 1
}

@test "options of a tmpfs' own: size, nr_inodes, mode, uid, gid, each by its effect" {
	mount_add /o tmpfs tmpfs size=64k nr_inodes=4 mode=2751 uid=1000 gid=1001
	mount_add /ro tmpfs tmpfs ro size=64k
	inside 'stat -c "%a %u:%g" /o; for i in 1 2 3 4; do touch /o/$i && echo $i; done 2>&1
		head -c 70000 /dev/zero 2>&1 >/o/1; stat -c %s /o/1; touch /ro/x 2>&1; true'
	equal "$(head -n 4 <<<"$output")" $'2751 1000:1001\n1\n2\n3'
	has "$output" "touch: /o/4: No space left on device"
	has "$output" $'\n65536\n'
	has "$output" "touch: /ro/x: Read-only file system"
}
