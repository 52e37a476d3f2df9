#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A container without a pid namespace finds the processes of its network by their numbers, and may
# signal them; it gets nothing of what they have.
#
# rooms: host session
#
# ROUNDS: of newcomers.bash
# shellcheck disable=SC2016,SC2030,SC2031,SC2153,SC2154

load helpers
load net_helpers
load newcomers

# attacked NAME OPTION...: a container in the host's pid namespace, with a network and all
# capabilities, attacks the helper and its children, and kills those of that name as soon as they
# come; $1 times they have come back then.
attacked() {
	local name=$1
	shift
	cp "$ROOTLET_BUILDDIR/tests/guest/watchguest" "$B/rootfs/bin"
	touch "$T/marker"
	config 'del(.linux.namespaces[] | select(.type == "pid"))
		| .process.capabilities |= map_values(["CAP_SYS_PTRACE", "CAP_SYS_ADMIN",
			"CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_KILL", "CAP_NET_ADMIN"])'
	script "while [ ! -e /srv/helper ]; do sleep 0.05; done
		helper=\$(cat /srv/helper)
		exec watchguest '$T/marker' not-for-the-container /srv/stop \$helper $name"
	rl run --detach --bundle "$B" "$@" "$C" </dev/null >"$T/gained" 2>"$T/warned"
	helper=$(helper_pid)
	ROOTLET_TEST=$C "$ROOTLET" --root "$T/state" events --interval 1h "$C" >"$T/events" \
		2>&1 3>&- &
	events=$!
	wait_for follows "$events"
	echo "$helper" >"$B/rootfs/srv/helper.new"
	mv "$B/rootfs/srv/helper.new" "$B/rootfs/srv/helper"
}

came_back() {
	[ "$(grep -c "$1 restarted" "$T/events")" -ge "$2" ]
}

ended() {
	[ "$(grep -cx "ended $1" "$T/gained")" -ge "$2" ]
}

nothing_gained() {
	touch "$B/rootfs/srv/stop"
	wait_for grep -q '^seen' "$T/gained"
	rl delete --force "$C"
	wait "$events" || true
	equal "$(sed -n '/^up$/d; /^ended/d; /^seen/!p' "$T/gained" | sort | uniq -c)" ""
	[[ $(tail -n 1 "$T/gained") =~ ^seen\ [1-9][0-9]*\ traced\ 0$ ]] ||
		fail "$(tail -n 1 "$T/gained")"
}

@test "the forwarder, while it starts: not to be traced nor looked into" {
	attacked rootlet-ports --publish "127.0.0.1:$P:80"
	wait_for came_back "port forwarder" 40
	nothing_gained
}

@test "slirp4netns: not to be traced nor looked into, also while it starts" {
	attacked slirp4netns --net=slirp4netns
	# It is ended while it starts, so it may never be ready; another comes all the same.
	wait_for ended slirp4netns 4
	nothing_gained
}

# ---------------------------------------------------------------- a slirp4netns that is taken over

# Beside the container's user namespace, and below the host's. What its root is shows its user.
@test "slirp4netns has one id, a user namespace of its own, and neither home nor bus nor state" {
	serve 'exec sleep 100' --net=slirp4netns
	local slirp one
	slirp=$(child_of "$(helper_pid)" slirp4netns)
	for one in /proc/self "/proc/$(pid_of)"; do
		[ "$(readlink "/proc/$slirp/ns/user")" != "$(readlink "$one/ns/user")" ]
	done
	read -r -a one <"/proc/$slirp/uid_map"
	equal "${one[*]} $(wc -l <"/proc/$slirp/uid_map")" "0 $(id -u) 1 1"
	read -r -a one <"/proc/$slirp/gid_map"
	equal "${one[*]} $(wc -l <"/proc/$slirp/gid_map")" "0 $(id -g) 1 1"
	equal "$(ls "/proc/$slirp/root")" $'etc\nrun'
	[ ! -e "/proc/$slirp/root/run/user" ]
	equal "$(of_run "$(ls "/proc/$slirp/root/run")")" ""
	rl delete --force "$C"
}

# of_run NAMES: those that are not there for the sake of /etc/resolv.conf.
of_run() {
	local needed
	needed=$(readlink -f /etc/resolv.conf)
	needed=${needed#/run/}
	grep -vxF "${needed%%/*}" <<<"$1" || true
}

# taken_over OPTION...: runs a slirp4netns that tries what foreign code in it would, beyond what its
# own sandbox is for, and prints what came of it. A socket of ours listens at the abstract address.
taken_over() {
	in_place_of_slirp "#!$(command -v python3) -IS
import ctypes, os, socket, sys, time
if sys.argv[1] == '--version':
    print('slirp4netns version 1.2.0')
    sys.exit()
libc = ctypes.CDLL(None, use_errno=True)
out = open('$T/tried', 'w')
def result(name, what):
    try:
        print(name, what(), file=out)
    except OSError as e:
        print(name, os.strerror(e.errno), file=out)
def abstract():
    socket.socket(socket.AF_UNIX).connect('\\0$C')
result('run', lambda: os.listdir('/run'))
result('abstract', abstract)
result('signal', lambda: os.kill($$, 0))
result('again', lambda: os.open('/dev/net/tun', os.O_RDWR | os.O_NONBLOCK))
result('make', lambda: os.open('/dev/net/other', os.O_RDWR | os.O_CREAT))
result('joins', lambda: libc.setns(1, 0))
out.close()
os.rename('$T/tried', '$T/found')
os.write(3, b'1')
time.sleep(1000)"
	python3 -ISc 'import socket, sys, time
s = socket.socket(socket.AF_UNIX)
s.bind("\0" + sys.argv[1])
s.listen()
print("listens", flush=True)
time.sleep(1000)' "$C" >"$T/listener" 3>&- &
	listener=$!
	wait_for grep -q listens "$T/listener"
	script 'exec sleep 100'
	PATH=$T/path:$PATH rl run --detach --bundle "$B" "$@" "$C"
	wait_for test -s "$T/found"
	kill "$listener"
	rl delete --force "$C"
}

# has_scopes: of Landlock, version 6.
has_scopes() {
	[ "$(python3 -ISc 'import ctypes; print(ctypes.CDLL(None).syscall(444, 0, 0, 1))')" -ge 6 ]
}

@test "foreign code in slirp4netns: no UNIX socket, no way into a namespace, no device" {
	taken_over --net=slirp4netns
	found() { sed -n "s/^$1 //p" "$T/found"; }
	equal "$(of_run "$(found run | tr -d "[]' " | tr , '\n')")" ""
	equal "$(found abstract)" "Permission denied"
	# Answered, and not done: that is no namespace.
	equal "$(found joins)" 0
	equal "$(found again)" "No such file or directory"
	equal "$(found make)" "Read-only file system"
	has_scopes || skip "no Landlock that confines signals"
	equal "$(found signal)" "Operation not permitted"
}

@test "with an API of slirp4netns: no abstract socket, no signal" {
	has_scopes || skip "no Landlock that confines them"
	taken_over "--net=slirp4netns:port_handler=slirp4netns"
	equal "$(sed -n 's/^abstract //p' "$T/found")" "Operation not permitted"
	equal "$(sed -n 's/^signal //p' "$T/found")" "Operation not permitted"
}
