#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # output, stderr: of helpers' `try`
# What goes on beside systemd's work on a scope, and what nobody waits for.
# rooms: session

load helpers

manager=/run/user/$(id -u)

# ctl ARGUMENT...: systemctl of the user's manager.
ctl() {
	XDG_RUNTIME_DIR=$manager systemctl --user "$@"
}

setup() {
	container_setup
	unit=rootlet-$C.scope
	before=$(user_units)
	manager_pid=$(systemctl show --value --property MainPID "user@$(id -u).service")
}

teardown() {
	local left=0
	# Its user may signal it.
	kill -CONT "$manager_pid"
	wait_for same_units "$before" || left=1
	container_teardown
	return "$left"
}

# has_mounted TARGET: some process has a mount there, below the root filesystem of the bundle.
has_mounted() {
	grep -qs " $B/rootfs$1 " /proc/[0-9]*/mountinfo
}

@test "the root filesystem and its mounts are made while systemd works" {
	local launch
	script 'grep ^0:: /proc/self/cgroup; cat /sys/fs/cgroup/cgroup.procs
		stat -f -c %T /dev/shm'
	kill -STOP "$manager_pid"
	rl --cgroup-manager systemd run --bundle "$B" "$C" >"$T/out" 2>"$T/err" </dev/null &
	launch=$!
	# In the order of `rootlet spec`: all that stands before the cgroup's own mount.
	wait_for has_mounted /sys
	[ ! -s "$T/out" ] || fail "the program ran before systemd had made the scope"
	kill -CONT "$manager_pid"
	wait "$launch"
	equal "$(cat "$T/out" "$T/err")" $'0::/\n1\n3\ntmpfs'
}

@test "a mount that is filled waits for the cgroup, and so do the host's hooks" {
	local launch
	mkdir -p "$B/rootfs/filled"
	echo here >"$B/rootfs/filled/file"
	mount_add /filled tmpfs tmpfs tmpcopyup
	config '.mounts |= map(select(.type != "cgroup"))
		| .mounts |= sort_by(.destination != "/filled")'
	script 'cat /filled/file'
	kill -STOP "$manager_pid"
	rl --cgroup-manager systemd run --bundle "$B" "$C" >"$T/out" 2>"$T/err" </dev/null &
	launch=$!
	# What comes before is there; the one that is filled, the first of its list, is not.
	wait_for has_mounted ""
	! has_mounted /filled || fail "filled outside of its cgroup"
	kill -CONT "$manager_pid"
	wait "$launch"
	equal "$(cat "$T/out" "$T/err")" here
	# shellcheck disable=SC2016 # jq's variable
	config '.hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c",
		"pid=$(jq -r .pid) && sed -n s/^0:://p /proc/$pid/cgroup >\($file)"]}]' \
		--arg file "$T/whereabouts"
	rl --cgroup-manager systemd run --bundle "$B" "$C" </dev/null
	has "$(cat "$T/whereabouts")" "/$unit/container"
}

@test "the end of a container waits for nothing of systemd's" {
	local launch
	script 'echo up; read -r line; exit 7'
	mkfifo "$T/in"
	rl --cgroup-manager systemd run --bundle "$B" "$C" >"$T/out" 2>"$T/err" <"$T/in" &
	launch=$!
	exec 7>"$T/in"
	wait_for grep -q up "$T/out"
	kill -STOP "$manager_pid"
	echo >&7
	exec 7>&-
	# Nobody who works for systemd is there: a run that asked it for anything would wait.
	try wait "$launch"
	equal "$status $(cat "$T/err")" "7 "
	[ ! -e "$S/$C" ] || fail "the state folder is left"
	kill -CONT "$manager_pid"
	wait_for gone_unit
}

gone_unit() {
	[ -z "$(ctl list-units --all --plain --no-legend "$unit")" ]
}

@test "the same ID at once again and again: what systemd still has of it is never in the way" {
	local round
	script 'exit 3'
	for round in $(seq "${ROOTLET_TEST_STARTS:-60}"); do
		try rl --cgroup-manager systemd run --bundle "$B" "$C" </dev/null
		equal "$status $output$stderr" "3 "
	done
	# Detached, killed and deleted just as fast.
	script 'exec sleep 1000'
	for round in $(seq 20); do
		try rl --cgroup-manager systemd run --detach --bundle "$B" "$C" </dev/null
		equal "$round: $status $output$stderr" "$round: 0 "
		rl delete --force "$C"
	done
	wait_for gone_unit
}
