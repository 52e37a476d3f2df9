#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rooms: host session
# `wait`: the exit status of a container, from whoever learns it, and the monitor behind a detached
# run. status, output and stderr come from `try`; what is between single quotes is for the shell
# inside.
# shellcheck disable=SC2154,SC2153,SC2016,SC2030,SC2031

load helpers

setup() {
	container_setup
}

teardown() {
	container_teardown
}

# until_told STATUS: a container that ends so once /srv/end is there.
until_told() {
	script "touch /srv/ran; while [ ! -e /srv/end ]; do sleep 0.02; done; exit $1"
}

tell() {
	touch "$B/rootfs/srv/end"
}

# waiter NAME [ID]: in the background; its pid is in `waiter`. answers NAME TEXT: its status and
# what it printed.
waiter() {
	env "ROOTLET_TEST=$C" "$ROOTLET" --root "$T/state" wait "${2:-$C}" >"$T/$1.out" \
		2>"$T/$1.err" 3>&- &
	waiter=$!
	eval "waiter_$1=$waiter"
}

answers() {
	local pid=waiter_$1 code=0
	wait "${!pid}" || code=$?
	equal "$code $(cat "$T/$1.out")" "$2"
}

# blocked PID: it has opened what it waits for.
blocked() {
	[ "$(sed 's/.*) //;s/ .*//' "/proc/$1/stat")" = S ] &&
		grep -qE 'locks_lock|flock|poll|wait' "/proc/$1/wchan"
}

# The monitor of this test's container.
monitor() {
	local pid
	for pid in $(marked); do
		[ "$(cat "/proc/$pid/comm" 2>/dev/null)" != rootlet-monitor ] || echo "$pid"
	done
}

# Not even a zombie is left of the container's first process.
reaped() {
	local pid
	pid=$(jq .pid "$T/state/$C/state.json")
	wait_for test ! -e "/proc/$pid"
}

no_monitor() {
	[ -z "$(monitor)" ]
}

@test "wait for a detached container prints and returns its exit status" {
	until_told 42
	rl run --detach --bundle "$B" "$C" </dev/null >/dev/null
	waiter a
	wait_for blocked "$waiter"
	kill -0 "$waiter"
	tell
	answers a "42 42"
	equal "$(cat "$T/a.err")" ""
	# After the end too, as often as one likes.
	try rl wait "$C"
	equal "$status $output" "42 42"
	try rl wait "$C"
	equal "$status $output" "42 42"
	jq -e '.status == 42 and .signal == 0' "$T/state/$C/exit"
	rl delete "$C"
	try rl wait "$C"
	refused "container \`$C\` does not exist"
}

@test "a container that ends at once, status 0 and a signal" {
	rl run --detach --bundle "$B" "$C" </dev/null >/dev/null
	try rl wait "$C"
	equal "$status $output" "0 0"
	rl delete "$C"
	bundle_args sleep 100
	rl run --detach --bundle "$B" "$C" </dev/null >/dev/null
	rl kill "$C" KILL
	try rl wait "$C"
	equal "$status $output" "137 137"
	jq -e '.status == 137 and .signal == 9' "$T/state/$C/exit"
	rl delete "$C"
	# A status that looks like a signal is none.
	script 'exit 137'
	rl run --detach --bundle "$B" "$C" </dev/null >/dev/null
	try rl wait "$C"
	equal "$status $output" "137 137"
	jq -e '.status == 137 and .signal == 0' "$T/state/$C/exit"
	rl delete "$C"
}

@test "many wait at once, and a delete by another takes nothing from them" {
	bundle_args sleep 100
	rl run --detach --bundle "$B" "$C" </dev/null >/dev/null
	for name in a b c d e f; do
		waiter $name
		wait_for blocked "$waiter"
	done
	rl delete --force "$C"
	for name in a b c d e f; do
		answers $name "137 137"
	done
}

@test "waiters outlive the monitor, and neither's death leaves anything" {
	until_told 7
	rl run --detach --bundle "$B" "$C" </dev/null >/dev/null
	waiter a
	wait_for blocked "$waiter"
	waiter b
	wait_for blocked "$waiter"
	kill -KILL "$waiter_a" "$(monitor)"
	wait_for no_monitor
	answers a "137 "
	status_is running
	tell
	answers b "7 7"
	# Nobody was there to record it, and once it is reaped nobody can tell.
	reaped
	try rl wait "$C"
	refused "the exit status of container \`$C\` is not known" "monitor was killed"
	rl delete "$C"
}

@test "a container without a pid namespace" {
	config '.linux.namespaces |= map(select(.type != "pid"))'
	until_told 9
	rl run --detach --bundle "$B" "$C" </dev/null >/dev/null
	waiter a
	tell
	answers a "9 9"
	rl delete "$C"
}

@test "a program that is not root inside" {
	until_told 11
	config '.process.user = {uid: 1000, gid: 1000}'
	chmod 1777 "$B/rootfs/srv"
	rl create --bundle "$B" "$C" </dev/null >/dev/null 2>&1
	rl start "$C"
	waiter a
	wait_for blocked "$waiter"
	tell
	answers a "11 11"
	rl delete "$C"
}

@test "created: wait goes on through the start; what ended before is not known" {
	until_told 5
	rl create --bundle "$B" "$C" </dev/null >/dev/null 2>&1
	[ ! -e "$T/state/$C/exit" ]
	no_monitor
	waiter a
	wait_for blocked "$waiter"
	rl start "$C"
	wait_for test -e "$B/rootfs/srv/ran"
	kill -0 "$waiter"
	tell
	answers a "5 5"
	wait_for status_is stopped
	reaped
	try rl wait "$C"
	refused "the exit status of container \`$C\` is not known: it ended before"
	rl delete "$C"
}

@test "created and killed before its start" {
	rl create --bundle "$B" "$C" </dev/null >/dev/null 2>&1
	waiter a
	wait_for blocked "$waiter"
	rl delete --force "$C"
	answers a "137 137"
}

@test "run --keep in the foreground records it, and without --keep a wait beside it gets it" {
	script 'exit 3'
	try rl run --keep --bundle "$B" "$C"
	equal "$status" 3
	status_is stopped
	try rl wait "$C"
	equal "$status $output" "3 3"
	rl delete "$C"
	script 'kill -TERM $$'
	config '.linux.namespaces |= map(select(.type != "pid"))'
	try rl run --keep --bundle "$B" "$C"
	equal "$status" 143
	try rl wait "$C"
	equal "$status $output" "143 143"
	jq -e '.signal == 15' "$T/state/$C/exit"
	rl delete "$C"

	until_told 8
	rm -f "$B/rootfs/srv/end"
	env "ROOTLET_TEST=$C" "$ROOTLET" --root "$T/state" run --bundle "$B" "$C" 3>&- &
	front=$!
	wait_for test -e "$B/rootfs/srv/ran"
	waiter a
	wait_for blocked "$waiter"
	tell
	answers a "8 8"
	status=0
	wait "$front" || status=$?
	equal "$status" 8
}

@test "a caller that ignores SIGCHLD takes nothing from it" {
	script 'exit 4'
	trap '' CHLD
	try rl run --bundle "$B" "$C"
	equal "$status$stderr" 4
	rl run --detach --bundle "$B" "$C" </dev/null >/dev/null
	try rl wait "$C"
	equal "$status $output" "4 4"
	rl delete "$C"
	trap - CHLD
}

@test "the monitor holds nothing of its caller's and is small" {
	until_told 0
	mkdir "$T/here"
	(cd "$T/here" && rl run --detach --bundle "$B" "$C" </dev/null >"$T/out" 2>"$T/err")
	monitor=$(monitor)
	[ -n "$monitor" ]
	equal "$(readlink "/proc/$monitor/cwd")" /
	rmdir "$T/here"
	for fd in 0 1 2; do
		equal "$(readlink "/proc/$monitor/fd/$fd")" /dev/null
	done
	# What it watches and where it writes, and no more.
	others=$(cd "/proc/$monitor/fd" && for fd in *; do [ "$fd" -le 2 ] || readlink "$fd"; done |
		sed 's/:.*//' | sort)
	equal "$others" "$T/state/$C/exit
anon_inode"
	# A session of its own: the hang-up of a terminal does not reach it.
	equal "$(ps -o sid= -p "$monitor" | tr -d ' ')" "$monitor"
	kill -HUP "$monitor"
	kill -TERM "$monitor"
	kill -INT "$monitor"
	still_there() { equal "$(monitor)" "$monitor"; }
	stays still_there
	# What it keeps for itself: its share of the program's file depends on who else runs one. (A
	# sanitizer's shadow memory is not meant.)
	own=$(awk '$1 == "Private_Dirty:" { print $2 }' "/proc/$monitor/smaps_rollup")
	ldd "$ROOTLET" | grep -qE 'lib(a|ub)san' || [ "$own" -lt 700 ] || fail "$own KiB of its own"
	tell
	wait_for no_monitor
	rl delete "$C"
}

@test "init is a child of the caller's reaper, under the pid of the pid file" {
	until_told 23
	python3 - "$ROOTLET" "$T/state" "$B" "$C" "$T/pid" <<'END'
import ctypes, os, subprocess, sys
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
rootlet, root, bundle, name, pidfile = sys.argv[1:]
subprocess.run([rootlet, "--root", root, "run", "--detach", "--pid-file", pidfile, "--bundle",
    bundle, name],
               check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env={**os.environ,
                   "ROOTLET_TEST": name})
pid = int(open(pidfile).read())
open(bundle + "/rootfs/srv/end", "w").close()
got, status = os.waitpid(pid, 0)
assert got == pid and os.waitstatus_to_exitcode(status) == 23, (got, status)
END
	try rl wait "$C"
	equal "$status $output" "23 23"
	rl delete "$C"
}

# rootlet as on a kernel before 6.15. Without privilege the filter comes with no_new_privs, so the
# map is of one id.
rl_6_14() {
	ROOTLET_TEST=$C "$ROOTLET_BUILDDIR/tests/guest/testguest" as-6.14 "$ROOTLET" \
		--root "$T/state" "$@" 3>&-
}

@test "before Linux 6.15 the monitor is init's parent" {
	config '.linux.uidMappings = [{containerID: 0, hostID: $u, size: 1}]
		| .linux.gidMappings = [{containerID: 0, hostID: $g, size: 1}]' --argjson u \
			"$(id -u)" --argjson g "$(id -g)"
	until_told 42
	rl_6_14 run --detach --pid-file "$T/pid" --bundle "$B" "$C" </dev/null >/dev/null
	equal "$(cat "$T/pid")" "$(pid_of)"
	monitor=$(monitor)
	equal "$(ps -o ppid= -p "$(pid_of)" | tr -d ' ')" "$monitor"
	equal "$(ps -o sid= -p "$monitor" | tr -d ' ')" "$monitor"
	equal "$(readlink "/proc/$monitor/cwd" "/proc/$monitor/fd/0" "/proc/$monitor/fd/1" \
		"/proc/$monitor/fd/2")" "/
/dev/null
/dev/null
/dev/null"
	waiter a
	tell
	answers a "42 42"
	no_monitor
	try rl_6_14 wait "$C"
	equal "$status $output" "42 42"
	rl delete "$C"

	rm "$B/rootfs/srv/end"
	rl_6_14 run --detach --bundle "$B" "$C" </dev/null >/dev/null
	waiter a
	wait_for blocked "$waiter"
	rl delete --force "$C"
	answers a "137 137"

	# What goes wrong is told by the caller's own process, and nothing stays.
	bundle_args /no/such/program
	try rl_6_14 run --detach --bundle "$B" "$C" </dev/null
	refused "/no/such/program"
	no_monitor
}

@test "wait says what it can't do" {
	try rl wait "$C"
	refused "container \`$C\` does not exist"
	try rl wait
	refused '"wait" requires exactly 1 argument'
	try rl wait "$C" x
	refused '"wait" requires exactly 1 argument'
	try rl wait ../x
	refused "container ID"
	rl run --detach --bundle "$B" "$C" </dev/null >/dev/null
	rl wait "$C"
	echo '{"status":' >"$T/state/$C/exit"
	try rl wait "$C"
	refused "container \`$C\`" "damaged"
	rl delete "$C"
}
