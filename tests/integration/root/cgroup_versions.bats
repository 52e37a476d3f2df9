#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Machines without a cgroup v2 that can be had: version 1 alone, both side by side (hybrid), none at
# all. In a mount namespace in which /sys/fs/cgroup looks as it does there; an ordinary user's
# rootlet, and root's.
# rooms: host session
# shellcheck disable=SC2016,SC2154

load ../helpers

setup() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	[ -n "${ROOTLET_TEST_USER:-}" ] || skip "needs an ordinary user: ROOTLET_TEST_USER"
	user=$ROOTLET_TEST_USER
	container_setup --rootless
	chmod 0755 "$T"
	mkdir "$T/state"
	chown -R "$user:" "$T"
}

# on VERSION ARGUMENT...: rootlet where that is all there is: v1, hybrid, none. As the user, or as
# root where AS is root.
on() {
	AS=${AS:-$user} unshare --mount --propagation private sh -ec '
		case $1 in
		none) mount --bind /sys/class /sys/fs/cgroup ;;
		*) mount -t tmpfs -o mode=0755 none /sys/fs/cgroup
			mkdir /sys/fs/cgroup/memory /sys/fs/cgroup/pids /sys/fs/cgroup/unified
			[ "$1" = v1 ] && rmdir /sys/fs/cgroup/unified ||
			mount -t cgroup2 none /sys/fs/cgroup/unified ;;
		esac
		shift
		[ "$AS" = root ] ||
		set -- setpriv "--reuid=$(id -u "$AS")" "--regid=$(id -g "$AS")" --init-groups \
		--inh-caps=-all "$@"
		exec env -i PATH="$PATH" HOME=/ "ROOTLET_TEST=$0" "$@"' "$C" "$1" "$ROOTLET" \
			--root "$T/state" "${@:2}" 3>&-
}

# What each machine is said to be.
declare -A WHY=(
	[v1]="this machine has cgroup version 1 only"
	[hybrid]="with version 2 only beside it (hybrid mode)"
	[none]="no cgroup file system is mounted at /sys/fs/cgroup"
)

@test "version 1, hybrid, none: a container runs without a cgroup, and sees none of the machine's" {
	local version
	script 'echo runs; ls -A /sys/fs/cgroup | grep -xe memory -e pids -e unified; true'
	for version in v1 hybrid none; do
		try on "$version" run --bundle "$B" "$C"
		equal "$status$stderr" 0
		equal "$output" runs
	done
}

@test "version 1, hybrid, none: limits are refused, with the reason and the way out" {
	local version
	config '.linux.resources = {memory: {limit: 67108864}, pids: {limit: 33}}'
	for version in v1 hybrid none; do
		try on "$version" run --bundle "$B" "$C"
		refused "/linux/resources/memory/limit: can't be limited" "${WHY[$version]}" \
			systemd.unified_cgroup_hierarchy=1 --limits=best-effort
	done
}

@test "version 1, hybrid, none: with --limits=best-effort it runs, and each limit gets a line" {
	local version
	config '.linux.resources = {memory: {limit: 67108864}, pids: {limit: 33}}'
	script 'echo runs'
	for version in v1 hybrid none; do
		try on "$version" --limits=best-effort run --bundle "$B" "$C"
		equal "$status$output" 0runs
		equal "$(wc -l <"$T/try.err")" 2
		has "$stderr" "/linux/resources/memory/limit: memory.max is not limited"
		has "$stderr" "/linux/resources/pids/limit: pids.max is not limited"
		has "$stderr" "${WHY[$version]}"
	done
}

@test "version 1, hybrid, none: a manager asked for by name is refused, a place gets a line" {
	local version
	for version in v1 hybrid none; do
		try on "$version" --cgroup-manager systemd run --bundle "$B" "$C"
		refused "--cgroup-manager systemd" "${WHY[$version]}" "auto or disabled"
	done
	for version in v1 none; do
		try on "$version" --cgroup-manager cgroupfs run --bundle "$B" "$C"
		refused "--cgroup-manager cgroupfs: no cgroup can be made" "${WHY[$version]}"
	done
	config '.linux.cgroupsPath = "pods/one"'
	for version in v1 hybrid none; do
		try on "$version" run --bundle "$B" "$C"
		equal "$status" 0
		equal "$(wc -l <"$T/try.err")" 1
		has "$stderr" "/linux/cgroupsPath: the container stays in its caller's cgroup: "
		has "$stderr" "${WHY[$version]}"
	done
}

@test "version 1, hybrid, none: what acts through a cgroup says why it can't, what doesn't works" {
	local version
	script 'exec sleep 1000'
	for version in v1 hybrid none; do
		on "$version" run -d --bundle "$B" "$C"
		for command in pause "update --pids-limit 5" "events --stats"; do
			# shellcheck disable=SC2086 # words
			try on "$version" $command "$C"
			refused "the container has no cgroup of its own" "${WHY[$version]}"
		done
		equal "$(on "$version" exec "$C" echo inside)" inside
		equal "$(on "$version" ps --format json "$C" | jq length)" 1
		on "$version" kill --all "$C" KILL
		on "$version" delete --force "$C"
	done
}

@test "version 1, root: device rules that nothing holds get a line where nodes can be made" {
	chown -R root: "$T"
	config '.linux.namespaces |= map(select(.type != "user")) | del(.linux.uidMappings,
		.linux.gidMappings)
		| .linux.resources.devices = [{allow: false, access: "rwm"}] |
		.process.capabilities.bounding -= ["CAP_MKNOD"]'
	AS=root try on v1 run --bundle "$B" "$C"
	equal "$status$stderr" 0
	config '.process.capabilities.bounding += ["CAP_MKNOD"]'
	AS=root try on v1 run --bundle "$B" "$C"
	equal "$status" 0
	equal "$(wc -l <"$T/try.err")" 1
	has "$stderr" \
		"/linux/resources/devices: device rules are not enforced: the container gets no \
cgroup: ${WHY[v1]}"
	has "$stderr" "leave CAP_MKNOD out"
}
