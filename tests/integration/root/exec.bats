#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Programs for the container's shell and for jq; output, stderr: of helpers' `try`
# shellcheck disable=SC2016,SC2154
# exec as real root: containers without a user namespace, and with one that is not root's own; a
# root that was not pivoted.

load ../helpers
load ../held_exec

setup() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	unshare --mount true || skip "needs mount namespaces"
	container_setup
	cp "$ROOTLET_BUILDDIR/tests/guest/testguest" "$B/rootfs/bin"
	bundle_args sleep 1000
}

teardown() {
	held_end
	[ -z "${T:-}" ] || rl delete --force "$C" 2>/dev/null || true
	container_teardown
}

running() {
	rl run --detach "$@" --bundle "$B" "$C"
}

says() {
	local expected=$1
	shift
	try rl exec "$@"
	[ "$status$stderr" = 0 ] || fail "status $status: $stderr$output"
	equal "$output" "$expected"
}

namespaces() {
	local ns
	for ns in user pid mnt net ipc uts cgroup; do
		readlink "/proc/$1/ns/$ns"
	done
}

inside_namespaces='for ns in user pid mnt net ipc uts cgroup; do readlink /proc/self/ns/$ns; done'

@test "a container without a user namespace: its other namespaces, its capabilities, any id" {
	config '.linux.namespaces |= map(select(.type != "user")) | del(.linux.uidMappings,
		.linux.gidMappings)'
	running
	says "$(namespaces "$(pid_of)")" "$C" sh -c "$inside_namespaces"
	says "3000000000 77" -u 3000000000:77 "$C" sh -c 'echo $(id -u) $(id -g)'
	says "$(grep CapPrm "/proc/$(pid_of)/status")" "$C" grep CapPrm /proc/self/status
	says "1 5 6" -u 1:1 -g 5,6 "$C" id -G
}

@test "a container with a user namespace: root is the container's, no group of the host's is left" {
	config '.linux.namespaces |= (map(select(.type != "user")) + [{type: "user"}])
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}] |
		.linux.gidMappings = .linux.uidMappings'
	chmod 755 "$T" "$B"
	chown -R 100000:100000 "$B/rootfs"
	running
	says "$(namespaces "$(pid_of)")" "$C" sh -c "$inside_namespaces"
	says $'0 0 0\n100000' "$C" sh \
		-c 'echo $(id -u) $(id -g) $(id -G); stat -c %u /proc/self >/dev/null;
		sed "s/  */ /g" /proc/self/uid_map | cut -d" " -f 3'
	try setpriv --groups 0,4,27 "$ROOTLET" --root "$T/state" exec "$C" grep Groups \
		/proc/self/status
	equal "$(tr -d ' \t' <<<"$output")" "Groups:"
	try rl exec -u 1000 "$C" true
	equal "$status" 255
	has "$stderr" "uid 1000 is not mapped in the container (its map has 1000 uids: 0-999)"
}

# Without a user namespace nothing of the kernel's stands between two processes of the same uid and
# capabilities. Tried: prctl(PR_SET_DUMPABLE) taken out of guest_enter: all of it could be had.
@test "while it is set up, a container without a user namespace can't trace or look into it" {
	config '.linux.namespaces |= map(select(.type != "user")) | del(.linux.uidMappings,
		.linux.gidMappings)'
	held_exec
	equal "$output" $'trace EPERM\nmem EACCES\nenviron EACCES\nok'
}

@test "--no-pivot: the container's root, also where its mount namespace has another" {
	config '.linux.namespaces |= map(select(.type != "user")) | del(.linux.uidMappings,
		.linux.gidMappings)'
	echo mark >"$B/rootfs/etc/mark"
	running --no-pivot
	says "$(printf '%s\n' mark /)" "$C" sh -c 'cat /etc/mark; readlink /proc/1/root'
	says "$(stat -L -c %d:%i "/proc/$(pid_of)/root")" "$C" stat -c %d:%i /
	rl delete --force "$C"
	# From within a chroot the moved root does not cover the namespace's own.
	mkdir -p "$T/jail"
	unshare --mount sh \
		-ec 'cd "$1"; mount --bind jail jail;
		for d in usr bin lib lib64 etc proc sys dev tmp run home work; do
			[ -e "/$d" ] || continue; mkdir -p "jail/$d"; mount --rbind "/$d" "jail/$d";
			done
		export ROOTLET_TEST=$4;
		chroot jail "$2" --root "$3/state" run --no-pivot --detach --bundle "$3/bundle" "$4"
		"$2" --root "$3/state" exec "$4" cat /etc/mark;
		"$2" --root "$3/state" exec "$4" ls /; "$2" --root "$3/state" delete --force "$4"' \
		sh "$T" "$ROOTLET" "$T" "$C" >"$T/out" 3>&-
	equal "$(head -n 1 "$T/out")" mark
	equal "$(tail -n +2 "$T/out")" "$(ls "$B/rootfs")"
}

@test "the OOM score and real-time scheduling, which only root may have" {
	config '.linux.namespaces |= map(select(.type != "user")) | del(.linux.uidMappings,
		.linux.gidMappings)
		| .process += {oomScoreAdj: -500, scheduler: {policy: "SCHED_FIFO", priority: 3},
		ioPriority: {class: "IOPRIO_CLASS_RT", priority: 5}}'
	running
	# A root without CAP_SYS_RESOURCE has what an ordinary user has.
	says "$(cat "/proc/$(pid_of)/oom_score_adj")"$'\nrealtime: prio 5\n1' "$C" sh \
		-c 'cat /proc/self/oom_score_adj; ionice -p $$; cut -d" " -f 41 /proc/self/stat'
}

# ---------------------------------------------------------------- control groups

# cgroup_running: in a cgroup of its own; `G` is its directory, as `group` it is in
# /proc/PID/cgroup.
cgroup_running() {
	local mount
	mount=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)
	[ -n "$mount" ] || skip "needs cgroup v2"
	config '.linux.namespaces |= map(select(.type != "user")) | del(.linux.uidMappings,
		.linux.gidMappings)'
	rl --cgroup-manager cgroupfs run --detach --bundle "$B" "$C"
	group=$(sed -n 's/^0:://p' "/proc/$(pid_of)/cgroup")
	G=$mount$group
	[ "$group" != "$(sed -n 's/^0:://p' /proc/self/cgroup)" ]
}

@test "the process is in the container's cgroup, from its first moment" {
	cgroup_running
	try rl exec --detach --pid-file "$T/pid" "$C" sleep 999
	equal "$status$stderr" 0
	equal "$(sed -n 's/^0:://p' "/proc/$(cat "$T/pid")/cgroup")" "$group"
	# Moved, where it is not born there: with CPUs that come before the cgroup.
	jq '.process | .terminal = false | .args = ["sleep", "998"] |
		.execCPUAffinity = {initial: "0"}' "$B/config.json" >"$T/process.json"
	try rl exec --detach --pid-file "$T/pid" --process "$T/process.json" "$C"
	equal "$status$stderr" 0
	equal "$(sed -n 's/^0:://p' "/proc/$(cat "$T/pid")/cgroup")" "$group"
	equal "$(wc -l <"$G/cgroup.procs")" 3
}

@test "--cgroup: one below the container's; none that is not there, or that is outside" {
	cgroup_running
	mkdir -p "$G/sub/deep"
	try rl exec --detach --pid-file "$T/pid" --cgroup sub/deep "$C" sleep 999
	equal "$status$stderr" 0
	equal "$(sed -n 's/^0:://p' "/proc/$(cat "$T/pid")/cgroup")" "$group/sub/deep"
	for bad in none ../.. sub/../../x; do
		try rl exec --cgroup "$bad" "$C" true
		equal "$status$output" 255
		equal "$(wc -l <"$T/try.err")" 1
	done
	has "$stderr" ".. would lead out of the container's"
	try rl exec --cgroup cpu:sub "$C" true
	equal "$status" 255
	has "$stderr" "with cgroup v2 a controller has no cgroup of its own"
}

@test "a container that took its cgroup for itself: the process is beside its first one" {
	cgroup_running
	local controller parent=${G%/*} before
	controller=$(cut -d' ' -f 1 "$parent/cgroup.controllers")
	before=$(cat "$parent/cgroup.subtree_control")
	[ -n "$controller" ] && echo "+$controller" >"$parent/cgroup.subtree_control" ||
		skip "needs a controller of cgroup v2"
	mkdir "$G/own"
	pid_of >"$G/own/cgroup.procs"
	echo "+$controller" >"$G/cgroup.subtree_control"
	try rl exec --detach --pid-file "$T/pid" "$C" sleep 999
	equal "$status$stderr" 0
	equal "$(sed -n 's/^0:://p' "/proc/$(cat "$T/pid")/cgroup")" "$group/own"
	rl delete --force "$C"
	[[ " $before " == *" $controller "* ]] ||
		echo "-$controller" >"$parent/cgroup.subtree_control"
}

@test "a paused container: refused; with --ignore-paused it waits, and runs when that is resumed" {
	cgroup_running
	echo 1 >"$G/cgroup.freeze"
	wait_for grep -qx "frozen 1" "$G/cgroup.events"
	try rl exec "$C" true
	equal "$status$output" 255
	has "$stderr" "cannot exec in a paused container"
	rl exec --ignore-paused "$C" echo thawed >"$T/out" &
	client=$!
	wait_for sh -c '[ "$(wc -l <"$1")" -ge 2 ]' sh "$G/cgroup.procs"
	stays not test -s "$T/out"
	echo 0 >"$G/cgroup.freeze"
	wait "$client"
	equal "$(cat "$T/out")" thawed
}

# Tried: set by the process that forks the program's: nice 0, and no fork at all.
@test "scheduling that a fork does not keep" {
	config '.process.capabilities |= map_values(. + ["CAP_SYS_NICE"])'
	running
	jq '.process | .args = ["sh", "-c", "cut -d\" \" -f19,41 /proc/$$/stat"]
		| .scheduler = {policy: "SCHED_BATCH", nice: 3,
		flags: ["SCHED_FLAG_RESET_ON_FORK"]}' \
		"$B/config.json" >"$T/batch.json"
	says "3 3" --process "$T/batch.json" "$C"
	jq '.args = ["cut", "-d ", "-f41", "/proc/self/stat"] | .scheduler = {
		policy: "SCHED_DEADLINE", runtime: 1000000, deadline: 10000000, period: 10000000}' \
		"$T/batch.json" >"$T/deadline.json"
	says 6 --process "$T/deadline.json" "$C"
}
