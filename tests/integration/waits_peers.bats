#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rooms: host session
# Waits for somebody at the other end of a socket, a FIFO or a pipe, who does nothing: each ends by
# a signal, and leaves nothing.
# status, output and stderr come from `try`; what is between single quotes is for jq or the shell
# inside.
# shellcheck disable=SC2154,SC2153,SC2016,SC2030,SC2031,SC2034

load helpers
load waits

setup() {
	container_setup
	helper=
}

teardown() {
	[ -z "$helper" ] || kill -CONT "$helper" 2>/dev/null || true
	waits_teardown
}

# running [OPTION-OF-RUN...]
running() {
	script 'exec sleep 1000'
	rl run --detach --bundle "$B" "$@" "$C" </dev/null >/dev/null
}

# waiting: the process `pid` sleeps, and has slept all the time for a while, but for a look now and
# then: it is where it waits.
waiting() {
	local before after
	before=$(awk '/^voluntary_ctxt/ { print $2 }' "/proc/$pid/status")
	sleep 0.2
	after=$(awk '/^voluntary_ctxt/ { print $2 }' "/proc/$pid/status")
	[ "$((after - before))" -le 6 ] && grep -q '^State:.S' "/proc/$pid/status"
}

# asleep: as waiting, or it tries again and again, with pauses.
asleep() {
	grep -q '^State:.S' "/proc/$pid/status" && connecting "$pid"
}

# held ARGUMENT...: that command waits, and ends by SIGTERM.
held() {
	hanging "$@"
	wait_for waiting
	ends TERM 143
}

# ---------------------------------------------------------------- sockets

@test "sockets of --pidfd-socket, pidfd_receiver and exec's console that nobody accepts" {
	local command
	full_socket "$T/full"
	script 'exec sleep 1000'
	for command in create run "run --detach"; do
		# shellcheck disable=SC2086 # options
		hanging $command --pidfd-socket "$T/full" --bundle "$B" "$C"
		wait_for asleep
		ends TERM 143
		no_trace
	done
	config '.annotations["run.oci.pidfd_receiver"] = $s' --arg s "$T/full"
	hanging run --bundle "$B" "$C"
	wait_for asleep
	ends TERM 143
	no_trace
	config 'del(.annotations)'
	running
	hanging exec --pidfd-socket "$T/full" "$C" true
	wait_for asleep
	ends TERM 143
	hanging exec --tty --detach --console-socket "$T/full" "$C" true
	wait_for asleep
	ends TERM 143
	rl delete --force "$C"
}

# deaf_manager: a service manager whose queue is full. Its pid is `listener`.
deaf_manager() {
	python3 -ISc 'import socket, sys, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
c = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
c.setblocking(False)
try:
    while True:
        c.sendto(b"x", sys.argv[1])
except BlockingIOError:
    open(sys.argv[1] + ".full", "w").close()
time.sleep(1000)' "$T/manager" 3>&- &
	listener=$!
	wait_for test -e "$T/manager.full"
	export NOTIFY_SOCKET=$T/manager
}

@test "a service manager that does not read, when the container is ready" {
	local command
	deaf_manager
	cp "$ROOTLET_BUILDDIR/tests/guest/testguest" "$B/rootfs/bin/"
	script 'trap "exit 5" TERM; testguest notify READY=1; touch /srv/said; sleep 1000 & wait'
	hanging run --bundle "$B" "$C"
	wait_for test -e "$B/rootfs/srv/said"
	wait_for waiting
	ends TERM 5
	no_trace
	rm "$B/rootfs/srv/said"
	hanging run --detach --bundle "$B" "$C"
	wait_for test -e "$B/rootfs/srv/said"
	wait_for waiting
	ends TERM 143
	no_trace
	rm "$B/rootfs/srv/said"
	rl create --bundle "$B" "$C" </dev/null >/dev/null
	hanging start "$C"
	wait_for test -e "$B/rootfs/srv/said"
	wait_for waiting
	ends TERM 143
	rl delete --force "$C"
	no_trace
}

# stopped_helper: the container's network has a helper that answers nobody.
stopped_helper() {
	helper=$(jq .network.pid "$T/state/$C/state.json")
	kill -STOP "$helper"
}

@test "a network's helper that does not answer" {
	local port
	port=$(python3 -ISc 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
	running --net=slirp4netns
	stopped_helper
	held port list "$C"
	held port add "$C" "127.0.0.1:$port:80"
	held port remove "$C" "127.0.0.1:$port:80"
	cp -r "$B" "$T/second"
	B=$T/second
	hanging run --net="container:$C" --bundle "$B" "$C-2"
	wait_for waiting
	ends TERM 143
	[ ! -e "$T/state/$C-2" ]
	B=$T/bundle
	# It waits for the helper a while before it kills it.
	hanging delete --force "$C"
	wait_for waiting
	ends TERM 143
	rl delete --force "$C"
	helper=
	no_trace
}

@test "a network's helper that does not end with its container" {
	script 'trap "exit 5" TERM; touch /srv/up; sleep 1000 & wait'
	hanging run --net=slirp4netns --bundle "$B" "$C"
	wait_for test -e "$B/rootfs/srv/up"
	wait_for status_is running
	stopped_helper
	ends TERM 5
	helper=
	no_trace
	# The signal comes when the container has ended already.
	rm "$B/rootfs/srv/up"
	script 'touch /srv/up; while [ ! -e /srv/end ]; do usleep 20000; done'
	hanging run --net=slirp4netns --bundle "$B" "$C"
	wait_for test -e "$B/rootfs/srv/up"
	wait_for status_is running
	stopped_helper
	touch "$B/rootfs/srv/end"
	wait_for status_is stopped
	ends TERM 0
	helper=
	no_trace
}

@test "a slirp4netns that does not say its version" {
	mkdir "$T/path"
	printf '#!/bin/sh\nsleep 1000 & echo $! >>%s/slirps; touch %s/slirp; wait\n' "$T" "$T" \
		>"$T/path/slirp4netns"
	chmod 755 "$T/path/slirp4netns"
	PATH=$T/path:$PATH hanging run --bundle "$B" --net=slirp4netns "$C"
	wait_for test -e "$T/slirp"
	ends TERM 143
	sleepers_ended "$T/slirps"
	no_trace
}

# ---------------------------------------------------------------- what is read

@test "a FIFO that nobody writes, in the place of each file that is read" {
	mkfifo "$T/fifo"
	held run --config "$T/fifo" --bundle "$B" "$C"
	held create --config "$T/fifo" --bundle "$B" "$C"
	running
	held exec --process "$T/fifo" "$C"
	held update --resources "$T/fifo" "$C"
	held mounts add "$C" "$T/fifo"
	held mounts remove "$C" "$T/fifo"
	status_is running
	rl delete --force "$C"
	no_trace
}

# reading COMMAND...: as hanging, with a standard input that never comes to an end.
reading() {
	env --default-signal=INT,QUIT "ROOTLET_TEST=$C" "$ROOTLET" --root "$T/state" "$@" \
		>"$T/out" 2>"$T/err" <>"$T/fifo" 3>&- &
	pid=$!
	wait_for waiting
	ends TERM 143
}

@test "a standard input that does not end" {
	mkfifo "$T/fifo"
	running
	reading update --resources - "$C"
	reading mounts add "$C" -
	reading mounts remove "$C" -
	status_is running
	rl delete --force "$C"
}

@test "a FIFO that nobody reads as pid file" {
	mkfifo "$T/fifo"
	script 'exec sleep 1000'
	for command in create run "run --detach"; do
		# shellcheck disable=SC2086 # options
		hanging $command --pid-file "$T/fifo" --bundle "$B" "$C"
		wait_for test -e "$T/state/$C/state.json"
		ends TERM 143
		no_trace
	done
	running
	hanging exec --pid-file "$T/fifo" "$C" sleep 1000
	wait_for asleep
	ends TERM 143
	rl delete --force "$C"
	no_trace
}

@test "ps that hangs, and events" {
	mkdir "$T/path"
	printf '#!/bin/sh\necho $$ >>%s/ps; exec sleep 1000\n' "$T" >"$T/path/ps"
	chmod 755 "$T/path/ps"
	running
	PATH=$T/path:$PATH hanging ps "$C"
	wait_for test -s "$T/ps"
	ends TERM 143
	sleepers_ended "$T/ps"
	# Without a cgroup there are none.
	[ "${ROOTLET_ROOM:-host}" = host ] || held events --interval 1h "$C"
	held wait "$C"
	rl delete --force "$C"
}

# ---------------------------------------------------------------- what is written

# unread COMMAND...: as hanging, with an output and errors that are full already and not read.
unread() {
	python3 -ISc 'import os, sys, time
r, w = os.pipe()
os.set_blocking(w, False)
try:
    while True:
        os.write(w, b"x" * 4096)
except BlockingIOError:
    os.set_blocking(w, True)
pid = os.fork()
if pid == 0:
    os.dup2(w, 1)
    os.dup2(w, 2)
    os.close(r)
    os.execvp(sys.argv[2], sys.argv[2:])
open(sys.argv[1], "w").write(str(pid))
status = os.waitpid(pid, 0)[1]
open(sys.argv[1] + ".status", "w").write(str(os.waitstatus_to_exitcode(status)))' \
		"$T/pid" env --default-signal=INT,QUIT "ROOTLET_TEST=$C" "$ROOTLET" --root \
		"$T/state" "$@" 3>&- &
	listener=$!
	wait_for test -s "$T/pid"
	pid=$(<"$T/pid")
	wait_for waiting
	rm "$T/pid"
	kill -TERM "$pid"
	wait_for test -s "$T/pid.status"
	wait "$listener"
	rm "$T/pid.status"
}

@test "output and errors that nobody reads" {
	running
	unread list
	unread state "$C"
	unread ps "$C"
	unread features
	unread --debug exec "$C" true
	rl delete --force "$C"
	unread --debug run --bundle "$B" "$C"
	no_trace
	unread --debug create --bundle "$B" "$C"
	no_trace
}
