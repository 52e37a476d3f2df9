#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# NOTIFY_SOCKET: a container tells its service manager, through a socket of its own, and no more
# than it may. status, output and stderr come from `try`; what is between single quotes is for the
# shell inside.
# shellcheck disable=SC2154,SC2153,SC2016,SC2030,SC2031

load helpers

setup() {
	container_setup
	cp "$ROOTLET_BUILDDIR/tests/guest/testguest" "$B/rootfs/bin/"
	manager=
}

teardown() {
	[ -z "$manager" ] || kill "$manager"
	container_teardown
}

# manager [ADDRESS]: a service manager in the background: each datagram on a line of T/got, as
# Python writes bytes.
manager() {
	at=${1:-$T/manager}
	python3 -u - "$at" >"$T/got" 3>&- <<'END' &
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1].replace("@", "\0", 1))
print("listening")
while True:
    data, control, _, _ = s.recvmsg(65536, 1024)
    print(data, len(control))
END
	manager=$!
	wait_for grep -q listening "$T/got"
	export NOTIFY_SOCKET=$at
}

# got TEXT: these datagrams have come, each without descriptors.
got() {
	local i
	for ((i = 0; i < 200; i++)); do
		[ "$(sed 1d "$T/got")" != "$1" ] || return 0
		sleep 0.02
	done
	equal "$(sed 1d "$T/got")" "$1"
}

background() {
	env "ROOTLET_TEST=$C" "$ROOTLET" --root "$T/state" "$@" >"$T/out" 2>"$T/err" </dev/null \
		3>&- &
	pid=$!
}

@test "foreground: the socket inside, and what is said there reaches the manager" {
	manager
	script 'echo $NOTIFY_SOCKET >/srv/where; testguest notify READY=1 "STATUS=at work";
		sleep 0.1; testguest notify STOPPING=1; exit 4'
	config '.process.env += ["NOTIFY_SOCKET=/old"]'
	background run --bundle "$B" "$C"
	status=0
	wait "$pid" || status=$?
	equal "$status$(cat "$T/err")" 4
	equal "$(cat "$B/rootfs/srv/where")" /run/notify/notify.sock
	got "b'READY=1\\nMAINPID=$pid\\n' 0
b'STATUS=at work\\n' 0
b'STOPPING=1\\n' 0"
}

@test "an abstract address, and a user who is not root inside" {
	manager "@rootlet-test-$C"
	bundle_args testguest notify STATUS=x
	config '.process.user = {uid: 1000, gid: 1000}'
	try rl run --bundle "$B" "$C"
	equal "$status$stderr" 0
	got "b'STATUS=x\\n' 0"
}

@test "a container in which the caller has no id" {
	manager
	first() {
		awk -F: -v u="$(id -un)" '$1 == u && $3 >= 1000 { print $2; exit }' "/etc/$1"
	}
	config '.linux.uidMappings = [{containerID: 0, hostID: $u, size: 1000}]
		| .linux.gidMappings = [{containerID: 0, hostID: $g, size: 1000}]' \
		--argjson u "$(first subuid)" --argjson g "$(first subgid)"
	mkdir "$B/rootfs/run"
	config '.mounts += [{destination: "/run", type: "tmpfs", source: "tmpfs"}]'
	chmod -R go+rX "$T"
	bundle_args testguest notify STATUS=x
	try rl run --bundle "$B" "$C"
	equal "$status$stderr" 0
	got "b'STATUS=x\\n' 0"
}

@test "only lines about the service's own state go on, whole, and no descriptor" {
	manager
	long=STATUS=$(printf 'x%.0s' {1..5000})
	script "testguest notify MAINPID=1 FDSTORE=1 BARRIER=1 READY=0 READY=11 READY \
		NOTIFYACCESS=all WATCHDOG_USEC=1 '' \
		$long $'STATUS=a\\tb' \
		$'MAINPID=1\nSTATUS=one\nFDSTORE=1\nWATCHDOG=1\n'\
$'WATCHDOG=trigger\nX_STATUS=no\nERRNO=2' \
		$'fd:STATUS=two\nFDSTORE=1\nFDNAME=x'"
	try rl run --bundle "$B" "$C"
	equal "$status$output$stderr" 0
	got "b'STATUS=one\\nWATCHDOG=1\\nERRNO=2\\n' 0
b'STATUS=two\\n' 0"
}

@test "run --detach returns when the container is ready, and what comes later goes on" {
	manager
	script 'touch /srv/ran; while [ ! -e /srv/ready ]; do sleep 0.02; done;
		testguest notify READY=1
		while [ ! -e /srv/more ]; do sleep 0.02; done; testguest notify STATUS=more READY=1;
		exit 6'
	background run --detach --bundle "$B" "$C"
	wait_for test -e "$B/rootfs/srv/ran"
	stays kill -0 "$pid"
	equal "$(sed 1d "$T/got")" ""
	# Others are not kept waiting.
	status_is running
	touch "$B/rootfs/srv/ready"
	wait "$pid"
	init=$(pid_of)
	got "b'READY=1\\nMAINPID=$init\\n' 0"
	touch "$B/rootfs/srv/more"
	try rl wait "$C"
	equal "$status $output" "6 6"
	# The main pid is said once.
	got "b'READY=1\\nMAINPID=$init\\n' 0
b'STATUS=more\\n' 0
b'READY=1\\n' 0"
	rl delete "$C"
}

# waits PID: it sleeps, in a system call that ends when something is there to read.
waits() {
	[ "$(sed 's/.*) //;s/ .*//' "/proc/$1/stat")" = S ] && grep -q poll "/proc/$1/wchan"
}

@test "run --detach: a container that ends without a word, and one that is interrupted" {
	manager
	script 'exit 3'
	try rl run --detach --bundle "$B" "$C"
	equal "$status$stderr" 0
	try rl wait "$C"
	equal "$status" 3
	rl delete "$C"
	script 'touch /srv/ran; sleep 100'
	background run --detach --bundle "$B" "$C"
	wait_for test -e "$B/rootfs/srv/ran"
	wait_for waits "$pid"
	kill -TERM "$pid"
	status=0
	wait "$pid" || status=$?
	equal "$status" 143
	has "$(cat "$T/err")" "interrupted by signal 15 before the container was ready"
	try rl state "$C"
	refused "does not exist"
}

@test "create and start: start waits until the container is ready" {
	manager
	script 'touch /srv/ran; while [ ! -e /srv/ready ]; do sleep 0.02; done;
		testguest notify STATUS=soon READY=1; sleep 100'
	rl create --bundle "$B" "$C" </dev/null >/dev/null 2>&1
	init=$(pid_of)
	# The clients' start has another environment.
	unset NOTIFY_SOCKET
	background start "$C"
	wait_for test -e "$B/rootfs/srv/ran"
	stays kill -0 "$pid"
	status_is running
	touch "$B/rootfs/srv/ready"
	wait "$pid"
	equal "$(cat "$T/err")" ""
	got "b'STATUS=soon\\n' 0
b'READY=1\\nMAINPID=$init\\n' 0"
	rl delete --force "$C"
}

@test "create and start: a container that ends before it is ready" {
	manager
	script 'testguest notify STATUS=failed; exit 1'
	rl create --bundle "$B" "$C" </dev/null >/dev/null 2>&1
	try rl start "$C"
	equal "$status$stderr" 0
	got "b'STATUS=failed\\n' 0"
	rl delete "$C"
	# Deleted while its start waits.
	script 'touch /srv/ran; sleep 100'
	rl create --bundle "$B" "$C" </dev/null >/dev/null 2>&1
	background start "$C"
	wait_for test -e "$B/rootfs/srv/ran"
	rl delete --force "$C"
	wait "$pid"
}

@test "created and never started leaves nothing" {
	manager
	rl create --bundle "$B" "$C" </dev/null >/dev/null 2>&1
	rl delete "$C"
}

@test "no manager: the container has no socket, and runs" {
	unset NOTIFY_SOCKET
	script 'echo "${NOTIFY_SOCKET-none}"; ls /run/notify 2>/dev/null || echo nothing'
	try rl run --bundle "$B" "$C"
	equal "$status$output$stderr" "0none
nothing"
	for address in "$T/none" relative @ vsock:2:1 "/$(printf 'x%.0s' {1..200})"; do
		NOTIFY_SOCKET=$address try rl run --bundle "$B" "$C"
		equal "$status$output" "0none
nothing"
		has "$stderr" "warning: NOTIFY_SOCKET=$address"
	done
	NOTIFY_SOCKET='' try rl run --bundle "$B" "$C"
	equal "$status$stderr" 0
}

@test "before Linux 6.15: the monitor that is the parent passes on, too" {
	manager
	config '.linux.uidMappings = [{containerID: 0, hostID: $u, size: 1}]
		| .linux.gidMappings = [{containerID: 0, hostID: $g, size: 1}]' --argjson u \
			"$(id -u)" --argjson g "$(id -g)"
	script 'testguest notify READY=1; while [ ! -e /srv/more ]; do sleep 0.02; done;
		testguest notify STATUS=more; exit 6'
	ROOTLET_TEST=$C "$ROOTLET_BUILDDIR/tests/guest/testguest" as-6.14 "$ROOTLET" \
		--root "$T/state" run --detach --bundle "$B" \
		"$C" </dev/null >/dev/null 3>&-
	init=$(pid_of)
	touch "$B/rootfs/srv/more"
	try rl wait "$C"
	equal "$status $output" "6 6"
	got "b'READY=1\\nMAINPID=$init\\n' 0
b'STATUS=more\\n' 0"
	rl delete "$C"
}

@test "a monitor that is killed leaves nothing after delete" {
	manager
	script 'testguest notify READY=1; sleep 100'
	rl run --detach --bundle "$B" "$C" </dev/null >/dev/null
	for p in $(marked); do
		[ "$(cat "/proc/$p/comm")" != rootlet-monitor ] || kill -KILL "$p"
	done
	rl delete --force "$C"
}
