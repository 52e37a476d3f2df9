#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Machines whose cgroups are not version 2, or are none: containers run, limits are refused, and why is said. Made in a mount
# namespace, so that each machine can be each of them; what the kernel has is not looked at.
# shellcheck disable=SC2016,SC2154 # programs for the inner shell; status, output, stderr: of helpers' `try`

load helpers

# as KIND ARGUMENT...: rootlet on such a machine, as root of a user namespace with all of this user's ids.
as() {
	local kind=$1
	shift
	ROOTLET_TEST=$C unshare --map-root-user --map-auto --mount sh -euc '
		kind=$0 two=$(awk "\$3 == \"cgroup2\" { print \$2; exit }" /proc/self/mounts)
		case $kind in
		none) mount --bind /proc/self /sys/fs/cgroup ;;
		v1) mount -t tmpfs none /sys/fs/cgroup && mkdir /sys/fs/cgroup/memory ;;
		hybrid)
			mount --bind "$two" "$1"
			mount -t tmpfs none /sys/fs/cgroup
			mkdir /sys/fs/cgroup/unified
			mount --bind "$1" /sys/fs/cgroup/unified
			;;
		esac
		shift
		exec "$@"' "$kind" "$T/two" "$ROOTLET" --root "$T/state" "$@" 3>&-
}

setup() {
	container_setup
	mkdir "$T/two"
}

why_of() {
	case $1 in
	none) echo "no cgroup file system is mounted at /sys/fs/cgroup" ;;
	v1) echo "this machine has cgroup version 1 only, which can't be delegated to a user safely" ;;
	hybrid) echo "this machine has cgroup version 1, with version 2 only beside it (hybrid mode), and none of it is delegated" ;;
	esac
}

# without KIND: that machine, from all sides.
without() {
	local why
	why=$(why_of "$1")
	# Nothing is asked for, so nothing is said; there is a cgroup namespace all the same.
	script 'echo "$(id -u) $(sed -n "s/^0:://p" /proc/self/cgroup)"'
	try as "$1" run --bundle "$B" "$C"
	equal "$status$stderr" 0
	[[ $output == "0 "* ]] || fail "$output"
	# A place is asked for: one line.
	config '.linux.cgroupsPath = "/pods/one"'
	try as "$1" run --bundle "$B" "$C"
	equal "$status $(wc -l <"$T/try.err")" "0 1"
	has "$stderr" "/linux/cgroupsPath: the container stays in its caller's cgroup: $why"
	# A limit is asked for.
	config '.linux.resources.pids.limit = 50'
	try as "$1" run --bundle "$B" "$C"
	refused /linux/resources/pids "$why" systemd.unified_cgroup_hierarchy=1 --limits=best-effort
	try as "$1" --limits=best-effort run --bundle "$B" "$C"
	equal "$status $(wc -l <"$T/try.err")" "0 1"
	has "$stderr" "/linux/resources/pids/limit: pids.max is not limited"
	# A manager is insisted on.
	config 'del(.linux.resources, .linux.cgroupsPath)'
	try as "$1" --cgroup-manager systemd run --bundle "$B" "$C"
	refused "--cgroup-manager systemd" "$why"
	try as "$1" --cgroup-manager cgroupfs run --bundle "$B" "$C"
	refused "--cgroup-manager cgroupfs"
	# What works on the cgroup has none.
	script 'exec sleep 1000'
	as "$1" run --detach --bundle "$B" "$C" >/dev/null
	try as "$1" pause "$C"
	refused "no cgroup of its own"
	as "$1" delete --force "$C"
}

@test "no cgroup file system" {
	without none
}

@test "version 1 alone" {
	without v1
}

@test "version 2 beside version 1" {
	without hybrid
}
