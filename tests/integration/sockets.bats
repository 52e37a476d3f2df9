#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rooms: host session
# Descriptors that go in (socket activation, --preserve-fds) and come out (--pidfd-socket,
# run.oci.pidfd_receiver). status, output and stderr come from `try`; what is between single quotes
# is for the shell inside.
# shellcheck disable=SC2154,SC2153,SC2016,SC2030,SC2031

load helpers

setup() {
	container_setup
}

teardown() {
	container_teardown
}

# activated VARIABLE=VALUE... -- ARGUMENT...: rootlet, which has LISTEN_PID for itself, with $T/a at
# 3 and $T/b at 4.
activated() {
	local env=()
	while [ "$1" != -- ]; do
		env+=("$1")
		shift
	done
	shift
	echo "this is a" >"$T/a"
	echo "this is b" >"$T/b"
	env "ROOTLET_TEST=$C" "${env[@]}" sh -c '[ -n "${LISTEN_PID-x}" ] || export LISTEN_PID=$$
		exec "$@" 3<"$0/a" 4<"$0/b" 5<"$0/b"' "$T" "$ROOTLET" --root "$T/state" "$@"
}

@test "LISTEN_FDS: the descriptors and the variables reach the container's process" {
	script 'echo "$LISTEN_FDS $LISTEN_PID $$ $LISTEN_FDNAMES $A"; cat <&3; cat <&4;
		[ ! -e /proc/self/fd/5 ] && echo two'
	config '.process.env += ["A=1", "LISTEN_FDS=7", "LISTEN_PID=7", "LISTEN_FDNAMES=old"]'
	for pid in LISTEN_PID= A=2; do
		try activated LISTEN_FDS=2 LISTEN_FDNAMES=http:metrics $pid -- run --bundle "$B" \
			"$C"
		equal "$status$stderr" 0
		equal "$output" "2 1 1 http:metrics 1
this is a
this is b
two"
	done
}

@test "LISTEN_FDS through create and start" {
	script 'echo "$LISTEN_FDS $LISTEN_PID ${LISTEN_FDNAMES-none}" >/srv/env;
		cat <&3 >/srv/three'
	activated LISTEN_FDS=1 LISTEN_PID= -- create --bundle "$B" "$C" </dev/null >/dev/null 2>&1
	rl start "$C"
	wait_for test -s "$B/rootfs/srv/three"
	equal "$(cat "$B/rootfs/srv/env" "$B/rootfs/srv/three")" "1 1 none
this is a"
	rl delete --force "$C"
}

@test "a socket of the host's network is served by a container that has none" {
	cp "$ROOTLET_BUILDDIR/tests/guest/testguest" "$B/rootfs/bin/"
	bundle_args testguest answer 3 "from inside"
	jq -e '.linux.namespaces | any(.type == "network")' "$B/config.json"
	python3 - "$ROOTLET" "$T/state" "$B" "$C" >"$T/out" <<'END'
import os, socket, subprocess, sys
rootlet, root, bundle, name = sys.argv[1:]
s = socket.socket()
s.bind(("127.0.0.1", 0))
s.listen()
if s.fileno() != 3:
    os.dup2(s.fileno(), 3)
os.set_inheritable(3, True)
child = subprocess.Popen([rootlet, "--root", root, "run", "--bundle", bundle, name],
    close_fds=False,
                         env={**os.environ, "LISTEN_FDS": "1", "ROOTLET_TEST": name})
c = socket.create_connection(s.getsockname())
print(c.makefile().read(), child.wait())
END
	equal "$(cat "$T/out")" "from inside 0"
}

@test "LISTEN_FDS into exec: the pid is that of the process" {
	bundle_args sleep 100
	rl run --detach --bundle "$B" "$C" </dev/null >/dev/null
	try activated LISTEN_FDS=2 LISTEN_FDNAMES=a:b LISTEN_PID= -- exec "$C" sh -c \
		'[ "$LISTEN_PID" = $$ ] && [ $$ != 1 ] && echo "$LISTEN_FDS $LISTEN_FDNAMES" &&
		cat <&3 && cat <&4'
	equal "$output" "2 a:b
this is a
this is b"
	rl delete --force "$C"
}

@test "without a pid namespace LISTEN_PID is the process's own all the same" {
	config '.linux.namespaces |= map(select(.type != "pid"))'
	script '[ "$LISTEN_PID" = $$ ] && [ $$ != 1 ] && echo same'
	try activated LISTEN_FDS=1 LISTEN_PID= -- --log-level error run --bundle "$B" "$C"
	equal "$output" same
}

@test "what is meant for another process, or is no number, is not taken" {
	script 'echo "${LISTEN_FDS-none} ${LISTEN_PID-none}"; [ ! -e /proc/self/fd/4 ] &&
		echo closed'
	for env in "LISTEN_FDS=2 LISTEN_PID=1" "LISTEN_FDS=x LISTEN_PID=" \
		"LISTEN_FDS=2 LISTEN_PID=1x" "LISTEN_FDS=-1 A=1" \
		"LISTEN_FDS=0 A=1"; do
		# shellcheck disable=SC2086 # two words
		try activated $env -- run --bundle "$B" "$C"
		equal "$status$output" "0none none
closed"
	done
}

@test "--preserve-fds comes after the activated ones; of those one that is not open is named" {
	script 'cat <&3; cat <&4; cat <&5; [ ! -e /proc/self/fd/6 ] && echo "$LISTEN_FDS"'
	try activated LISTEN_FDS=1 LISTEN_PID= -- run --preserve-fds 2 --bundle "$B" "$C"
	equal "$output" "this is a
this is b
this is b
1"
	try activated LISTEN_FDS=4 LISTEN_PID= -- run --bundle "$B" "$C"
	refused "LISTEN_FDS=4" "descriptor 6 is not open"
	try activated LISTEN_FDS=1 LISTEN_PID= -- run --preserve-fds 3 --bundle "$B" "$C"
	equal "$status$stderr" 0
	# A gap stays one, where a file of rootlet's own has taken the number too.
	script '[ ! -e /proc/self/fd/3 ]'
	try rl --log "$T/log" run --preserve-fds 1 --bundle "$B" "$C"
	equal "$status$stderr" 0
	rm "$T/log"
}

# receiver PATH: a client, in the background: what it gets, and how the process behind the pidfd
# ended.
receiver() {
	python3 - "$1" >"$T/received" 3>&- <<'END' &
import array, os, select, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
s.bind(sys.argv[1])
s.listen()
c, _ = s.accept()
data, control, _, _ = c.recvmsg(64, socket.CMSG_SPACE(16))
fds = array.array("i", control[0][2])
pid = [l.split()[1] for l in open("/proc/self/fdinfo/%d" % fds[0]) if l.startswith("Pid:")][0]
print(data.decode(), len(fds), pid, flush=True)
select.select([fds[0]], [], [])
print("ended", flush=True)
END
	client=$!
	wait_for test -S "$1"
}

received() {
	grep -q "$1" "$T/received"
}

@test "--pidfd-socket gets a pidfd of init, from create and from run" {
	bundle_args sleep 100
	receiver "$T/sock"
	rl create --pidfd-socket "$T/sock" --bundle "$B" "$C" </dev/null >/dev/null 2>&1
	wait_for received standard
	equal "$(cat "$T/received")" "standard 1 $(pid_of)"
	rl start "$C"
	rl kill "$C" KILL
	wait "$client"
	equal "$(tail -1 "$T/received")" ended
	rl delete "$C"

	rm "$T/sock"
	receiver "$T/sock"
	rl run --detach --pidfd-socket "$T/sock" --bundle "$B" "$C" </dev/null >/dev/null 2>&1
	wait_for received standard
	equal "$(cat "$T/received")" "standard 1 $(pid_of)"
	rl delete --force "$C"
	wait "$client"
}

@test "run.oci.pidfd_receiver gets one too" {
	bundle_args sleep 100
	config '.annotations["run.oci.pidfd_receiver"] = $s' --arg s "$T/sock"
	receiver "$T/sock"
	rl run --detach --bundle "$B" "$C" </dev/null >/dev/null 2>&1
	wait_for received standard
	equal "$(cat "$T/received")" "standard 1 $(pid_of)"
	rl delete --force "$C"
	wait "$client"
}

@test "a pidfd socket that is not there: one line, and no container" {
	try rl create --pidfd-socket "$T/none" --bundle "$B" "$C"
	refused "--pidfd-socket" "$T/none" "No such file or directory"
	config '.annotations["run.oci.pidfd_receiver"] = $s' --arg s "$T/none"
	try rl run --bundle "$B" "$C"
	refused "run.oci.pidfd_receiver" "$T/none" "No such file or directory"
}
