# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154,SC2016,SC2034
#
# waits: a command that waits for somebody who never does what it waits for, and a signal to it.

# hanging COMMAND...: in the background; `pid` is the process itself. (A shell has what it runs in
# the background ignore SIGINT and SIGQUIT.)
hanging() {
	env --default-signal=INT,QUIT "ROOTLET_TEST=$C" "$ROOTLET" --root "$T/state" "$@" \
		>"$T/out" 2>"$T/err" </dev/null 3>&- &
	pid=$!
}

# pressure: the milliseconds in which anything on this machine has waited for a processor until now.
pressure() {
	sed -n 's/^some .*total=\([0-9]*\)[0-9]\{3\}$/\1/p' /proc/pressure/cpu 2>/dev/null |
		grep . || echo 0
}

# ends SIGNAL STATUS: the process `pid` ends by it within a second, with that status. Where this
# machine is short of processors, as other tests run beside this one, it may take up to two.
ends() {
	local pressed before took waited
	pressed=$(pressure)
	before=${EPOCHREALTIME/./}
	kill "-$1" "$pid"
	wait_for gone "$pid"
	took=$(((${EPOCHREALTIME/./} - before) / 1000))
	waited=$(($(pressure) - pressed))
	status=0
	wait "$pid" 2>/dev/null || status=$?
	equal "$status" "$2"
	if [ "$took" -gt 2000 ] || [ "$((took - waited))" -gt 1000 ]; then
		fail "it took $took ms, $waited without a processor: $(cat "$T/err")"
	fi
}

gone() {
	[ ! -e "/proc/$1" ] || [ "$(sed 's/.*) //;s/ .*//' "/proc/$1/stat")" = Z ]
}

# sleepers FILE: every process whose number was written there has ended.
sleepers_ended() {
	local one
	while read -r one; do
		wait_for gone "$one"
	done <"$1"
}

# hook KIND: one that tells that it is there, in T/hooks, and stays; with a child, as a shell has.
hook() {
	local sh=/bin/sh there="$T/hooks"
	case $1 in
	startContainer) there=/hooks ;;
	esac
	mkdir -p "$T/hooks"
	config '.hooks = {($k): [{path: $sh, args: ["sh", "-c", $text]}]}
		| .mounts += [{destination: "/hooks", type: "bind", source: $d,
		options: ["bind", "rw"]}]' --arg k "$1" --arg sh "$sh" --arg d "$T/hooks" \
		--arg text "${2:-} sleep 1000 & touch $there/$1; wait"
}

# in_hook KIND
in_hook() {
	wait_for test -e "$T/hooks/$1"
	rm "$T/hooks/$1"
}

# no_trace: of a command that has undone all that it made.
no_trace() {
	wait_for no_marked
	[ ! -e "$T/state/$C" ] || fail "left: $(ls -la "$T/state/$C")"
}

# full_socket PATH: a listener whose queue is full, and that accepts nobody. Its pid is `listener`.
full_socket() {
	python3 -ISc 'import socket, sys, time
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen(0)
kept = []
while True:
    c = socket.socket(socket.AF_UNIX)
    c.setblocking(False)
    try:
        c.connect(sys.argv[1])
    except BlockingIOError:
        break
    kept.append(c)
open(sys.argv[1] + ".full", "w").close()
time.sleep(1000)' "$1" 3>&- &
	listener=$!
	wait_for test -e "$1.full"
}

# connecting PID: it has a socket that is not connected to anybody.
connecting() {
	[ -n "$(find "/proc/$1/fd" -lname 'socket:*')" ]
}

# waits_for_lock PID
waits_for_lock() {
	grep -qE -- "-> FLOCK +ADVISORY +WRITE $1 " /proc/locks
}

# lock_held: another process has the lock of the container's folder. Its pid is `holder`.
lock_held() {
	rm -f "$T/locked"
	python3 -ISc 'import fcntl, os, sys, time
fd = os.open(sys.argv[1], os.O_RDONLY)
fcntl.flock(fd, fcntl.LOCK_EX)
open(sys.argv[2], "w").close()
time.sleep(1000)' "$T/state/$C" "$T/locked" 3>&- &
	holder=$!
	wait_for test -e "$T/locked"
}

# forced: it removes the container within five seconds, of which the command that hangs gets one.
forced() {
	local before=${EPOCHREALTIME/./} took
	rl delete --force "$C"
	took=$(((${EPOCHREALTIME/./} - before) / 1000))
	[ "$took" -le 5000 ] || fail "it took $took ms"
	wait_for gone "$pid"
	wait "$pid" 2>/dev/null || true
	no_trace
}

# waits_teardown: of a test that has failed a command may still wait, and hold its lock.
waits_teardown() {
	local one jobs
	# Only what is still there: a number may be another's by now.
	jobs=" $(jobs -p | tr '\n' ' ')"
	for one in ${pid:-} ${holder:-} ${listener:-}; do
		[[ $jobs != *" $one "* ]] || kill -KILL "$one"
	done
	container_teardown
}
