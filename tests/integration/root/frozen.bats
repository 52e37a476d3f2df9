#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A cgroup that somebody has frozen beforehand: what would hang there is refused at once.
# rooms: session
# shellcheck disable=SC2016,SC2154,SC2030,SC2031

load ../helpers
load cgroup_room

# at_once COMMAND...: rootlet as the user, who must not have to wait.
at_once() {
	as_user timeout -s KILL 5 "$ROOTLET" --root "$T/state" "$@"
}

freeze() {
	echo 1 >"$1/cgroup.freeze"
}

thaw() {
	echo 0 >"$1/cgroup.freeze"
}

@test "run and create where the cgroup, or one above it, is frozen: refused, nothing left" {
	local level command
	for level in pods/one pods; do
		mkdir -p "$G/pods/one"
		chown -R "$user:" "$G/pods"
		freeze "$G/$level"
		config '.linux.cgroupsPath = "pods/one"'
		for command in run create; do
			try at_once "$command" --bundle "$B" "$C"
			refused "the cgroup $top/$level is frozen" "echo 0 >$G/$level/cgroup.freeze"
		done
		# What was there stays, and what is made below it goes.
		[ -d "$G/pods/one" ]
		config '.linux.cgroupsPath = "pods/one/deep/er"'
		try at_once run --bundle "$B" "$C"
		refused "the cgroup $top/$level is frozen"
		[ ! -e "$G/pods/one/deep" ]
		thaw "$G/$level"
		try at_once run --bundle "$B" "$C"
		equal "$status$stderr" 0
		rmdir "$G/pods/one" "$G/pods" 2>/dev/null || true
	done
}

@test "exec, start and mounts add below a frozen cgroup are refused; the container lives on" {
	mkdir "$G/pods"
	chown -R "$user:" "$G/pods"
	config '.linux.cgroupsPath = "pods/one" | .process.user = {uid: 1000, gid: 1000}'
	printf '[{"destination": "/srv", "type": "tmpfs"}]\n' >"$T/mounts.json"
	script 'exec sleep 1000'
	rlu create --bundle "$B" "$C" </dev/null >/dev/null
	freeze "$G/pods"
	# As another user than root, it is asked for its namespaces.
	for command in "start $C" "exec $C true" "mounts add $C $T/mounts.json"; do
		# shellcheck disable=SC2086 # words
		try at_once $command
		has "$stderr" "the cgroup $top/pods is frozen"
		equal "$(wc -l <"$T/try.err")" 1
	done
	status_is created
	thaw "$G/pods"
	rlu start "$C"
	freeze "$G/pods"
	try at_once exec "$C" true
	equal "$status" 255
	has "$stderr" "the cgroup $top/pods is frozen"
	thaw "$G/pods"
	rlu exec "$C" true
	rlu delete --force "$C"
	rmdir "$G/pods"
}

@test "exec into a paused container is refused, by --ignore-paused it waits with the others" {
	local execs
	start_sleeping
	rlu pause "$C"
	try at_once exec "$C" true
	equal "$status" 255
	has "$stderr" "cannot exec in a paused container"
	as_user "$ROOTLET" --root "$T/state" exec --ignore-paused "$C" touch /tmp/ran &
	execs=$!
	stays test ! -e "$B/rootfs/tmp/ran"
	rlu resume "$C"
	wait "$execs"
	[ -e "$B/rootfs/tmp/ran" ]
	rlu delete --force "$C"
}
