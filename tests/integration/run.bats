#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rooms: host session
# run: in the foreground and detached, its exit status, its streams and signals.
# shellcheck disable=SC2154,SC2153,SC2016,SC2030,SC2031,SC2119,SC2120

load helpers
load lifecycle

@test "two containers at once have a pid namespace each" {
	script 'echo $$ >/srv/$HOSTNAME.pid; readlink /proc/self/ns/pid >/srv/$HOSTNAME.ns;
		ps -o pid= >/srv/$HOSTNAME.ps;
		touch /srv/$HOSTNAME.done; sleep 100'
	config '.hostname = "one" | .process.env += ["HOSTNAME=one"]'
	rl run --detach --bundle "$B" "$C" </dev/null >/dev/null
	config '.hostname = "two" | .process.env += ["HOSTNAME=two"]'
	rl run --detach --bundle "$B" "$C-2" </dev/null >/dev/null
	cd "$B/rootfs/srv"
	wait_for test -e one.done
	wait_for test -e two.done
	equal "$(cat one.pid two.pid | sort -u)" 1
	[ "$(cat one.ns)" != "$(cat two.ns)" ]
	[ "$(cat one.ns)" != "$(readlink /proc/self/ns/pid)" ]
	# The shell and ps: nothing of the host, nothing of the other.
	equal "$(grep -c . two.ps)" 2
	[ "$(pid_of)" != "$(pid_of "$C-2")" ]
	equal "$(rl list -q | sort | tr '\n' ' ')" "$C $C-2 "
	rl delete --force "$C"
	status_is running "$C-2"
	rl delete --force "$C-2"
	cd /
}

@test "run exits with the status of its program, and leaves nothing" {
	for code in 0 1 7 255; do
		script "exit $code"
		try rl run --bundle "$B" "$C"
		equal "$status$output$stderr" "$code"
		try rl state "$C"
		refused "does not exist"
	done
}

@test "run exits with 128 and the signal where its program was killed" {
	sleeper
	background run --bundle "$B" "$C"
	wait_for marker
	rl kill "$C" KILL
	ended "$pid"
	equal "$status" 137
	equal "$(cat "$T/err")" ""
}

@test "run --detach comes back at once, and writes the pid without a newline" {
	sleeper
	try rl run --detach --pid-file "$T/pid" --bundle "$B" "$C"
	equal "$status$output$stderr" 0
	wait_for marker
	equal "$(od -An -c "$T/pid" | tr -d ' \n')" "$(pid_of)"
	rl delete --force "$C"
	# A file that is there is replaced.
	try rl create --pid-file "$T/pid" --bundle "$B" "$C"
	equal "$(cat "$T/pid")" "$(pid_of)"
	rl delete "$C"
	try rl create --pid-file "$T/no/such/folder/pid" --bundle "$B" "$C"
	refused "pid-file" "$T/no/such/folder"
}

@test "run --keep leaves the state of the stopped container" {
	bundle_args sh -c 'exit 3'
	try rl run --keep --bundle "$B" "$C"
	equal "$status" 3
	status_is stopped
	try rl start "$C"
	refused "$C" "stopped"
	try rl run --bundle "$B" "$C"
	refused "already exists"
	rl delete "$C"
}

@test "a foreground run hands signals on" {
	for signal in TERM INT HUP USR1; do
		rm -f "$B/rootfs/srv/ran"
		script "trap 'exit 42' $signal; touch /srv/ran; while :; do sleep 0.05; done"
		background run --bundle "$B" "$C"
		wait_for marker
		kill "-$signal" "$pid"
		ended "$pid"
		equal "$status" 42
		try rl state "$C"
		refused "does not exist"
	done
}

@test "a container outlives a foreground run that is killed, and delete --force ends it" {
	sleeper
	background run --bundle "$B" "$C"
	wait_for marker
	kill -KILL "$pid"
	ended "$pid" 2>/dev/null
	equal "$status" 137
	stays status_is running
	rl delete --force "$C"
	no_marked
}

@test "a run --detach that is killed anywhere on its way leaves no process that nobody knows of" {
	bundle_args sleep 1000
	killed_anywhere 25 run --detach
}

@test "twenty containers at once" {
	bundle_args sleep 1000
	for i in $(seq 20); do
		rl run --detach --bundle "$B" "$C-$i" </dev/null >/dev/null &
		pids[i]=$!
	done
	for i in $(seq 20); do
		wait "${pids[$i]}"
	done
	equal "$(rl list -q | wc -l)" 20
	equal "$(rl list -f json | jq '[.[] | select(.status == "running") | .pid] | unique |
		length')" 20
	for i in $(seq 20); do
		rl delete --force "$C-$i" &
		pids[i]=$!
	done
	for i in $(seq 20); do
		wait "${pids[$i]}"
	done
	equal "$(rl list -q)" ""
}

@test "stdin, stdout and stderr go through" {
	script 'cat; echo to-stderr >&2'
	printf 'line 1\nline 2' | rl run --bundle "$B" "$C" >"$T/out" 2>"$T/err"
	equal "$(cat "$T/out")" "line 1
line 2"
	equal "$(cat "$T/err")" to-stderr
	# Closed ones become /dev/null: no file of the container's gets their number.
	script 'for fd in 0 1 2; do readlink /proc/$$/fd/$fd; done >/srv/fds'
	rl run --bundle "$B" "$C" <&- >&- 2>&-
	equal "$(sed -n 1p "$B/rootfs/srv/fds")" /dev/null
	equal "$(sed -n 3p "$B/rootfs/srv/fds")" /dev/null
}

@test "no descriptor of the caller's is inherited, but those of --preserve-fds" {
	echo secret >"$T/secret"
	# One more is that of ls for the folder.
	script 'cat <&5 >/srv/five 2>/dev/null; exec ls /proc/self/fd >/srv/list'
	"$ROOTLET" --root "$T/state" run --bundle "$B" "$C" 3<"$T/secret" 4<"$T/secret" \
		5<"$T/secret" 6<"$T/secret" \
		7<"$T/secret" 8<"$T/secret" 9<"$T/secret"
	equal "$(sort -n "$B/rootfs/srv/list" | tr '\n' ' ')" "0 1 2 3 "
	equal "$(cat "$B/rootfs/srv/five")" ""
	"$ROOTLET" --root "$T/state" run --preserve-fds 3 --bundle "$B" "$C" 3<"$T/secret" \
		4<"$T/secret" 5<"$T/secret" \
		6<"$T/secret" 9<"$T/secret"
	equal "$(cat "$B/rootfs/srv/five")" secret
	equal "$(sort -n "$B/rootfs/srv/list" | tr '\n' ' ')" "0 1 2 3 4 5 6 "
	# More than there are: nothing of rootlet's own takes their place. (10 is bats' own, 4 what
	# ls opens.)
	try "$ROOTLET" --root "$T/state" run --preserve-fds 20 --bundle "$B" "$C" 3<"$T/secret" \
		4>&- 5<"$T/secret" 10>&-
	equal "$status$stderr" 0
	equal "$(cat "$B/rootfs/srv/five")" secret
	equal "$(sort -n "$B/rootfs/srv/list" | tr '\n' ' ')" "0 1 2 3 4 5 "
}

@test "ignored and blocked signals of the caller are not inherited" {
	bundle_args grep -E '^Sig(Blk|Ign):' /proc/self/status
	(
		trap '' PIPE HUP USR1
		rl run --bundle "$B" "$C" >"$T/out"
	)
	equal "$(awk '{ print $2 }' "$T/out" | sort -u)" 0000000000000000
}
