# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# odd_places: what an image may have in a place that a set-up reads, mounts on, makes or runs: each
# kind of odd_files in each of 36 places. Every command ends, and says at most one line.
#
# shellcheck disable=SC2016,SC2154 # of helpers

ODD_PLACES='etc etc/hosts etc/resolv.conf etc/passwd etc/group etc/hostname
	dev dev/console dev/null dev/zero dev/full dev/random dev/tty dev/ptmx dev/fd dev/stdin
	dev/pts dev/shm dev/mqueue proc sys run run/notify run/notify/notify.sock tmp
	srv srv/dir srv/file srv/copy srv/copy/inner mask readonly work work/deep
	bin/program bin/hook'

# Two sockets: terminals go to one, notifications to the other. The last terminals are held.
ODD_LISTENER='import os, socket, sys
console, notify = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.bind(sys.argv[2])
console.bind(sys.argv[1])
console.listen(64)
held = []
while True:
    with console.accept()[0] as client:
        held += socket.recv_fds(client, 100, 4)[1]
    while len(held) > 4:
        os.close(held.pop(0))'

# odd_setup OPTION-OF-SPEC...: a bundle whose tree has all of the places, and no filesystem over
# /dev that would hide those there.
odd_setup() {
	local root
	container_setup "$@"
	root=$B/rootfs
	mkdir -p "$root"/{run/notify,srv/{dir,copy/inner},mask,readonly,work/deep} "$T/dir"
	mkdir -p "$root"/dev/{pts,shm,mqueue}
	: >"$T/file"
	printf '#!/bin/sh\nexec sleep 1000\n' >"$root/bin/program"
	printf '#!/bin/sh\n' >"$root/bin/hook"
	chmod 755 "$root"/bin/{program,hook}
	config '.process.terminal = true | .process.args = ["/bin/program"]
		| .process.cwd = "/work/deep" | .hooks.startContainer = [{path: "/bin/hook"}]
		| .linux.maskedPaths += ["/mask"] | .linux.readonlyPaths += ["/readonly"]
		| .mounts |= map(select(.destination != "/dev"))
		| .mounts += [{destination: "/tmp", type: "tmpfs"},
			{destination: "/srv/dir", source: ($t + "/dir"), options: ["bind"]},
			{destination: "/srv/file", source: ($t + "/file"), options: ["bind"]},
			{destination: "/srv/copy", type: "tmpfs", options: ["tmpcopyup"]}]' \
		--arg t "$T"
	python3 -ISc "$ODD_LISTENER" "$T/console" "$T/notify" 3>&- &
	listener=$!
	wait_for test -S "$T/console"
}

odd_teardown() {
	[ -z "${listener:-}" ] || kill "$listener"
	container_teardown
}

# odd_command ARGUMENT...: one command of rootlet, which ends, with success or with one line. Sets
# `status`, and `slow` where it took more than two seconds. Without a process that is not needed:
# this runs a thousand times.
odd_command() {
	local begin=${EPOCHREALTIME/./} lines
	status=0
	timeout -k 1 20 "$ROOTLET" --root "$T/state" "$@" </dev/null >"$T/out" 2>"$T/err" 3>&- ||
		status=$?
	[ $((${EPOCHREALTIME/./} - begin)) -lt 2000000 ] || slow="$1 took long"
	mapfile -t lines <"$T/err"
	# 255 is exec's, 124 and 137 are timeout's.
	case $status in
	0) [ "${#lines[@]}" -le 1 ] ;;
	1 | 255) [ "${#lines[@]}" -eq 1 ] ;;
	*) false ;;
	esac || fail "$odd: $1: status $status: ${lines[*]}"
}

# All commands of a life. What can't be created or started is gone.
odd_life() {
	local options=()
	case $odd in
	*etc/hosts | *etc/resolv.conf) options=(--net=slirp4netns) ;;
	*run/*) local -x NOTIFY_SOCKET=$T/notify ;;
	esac
	slow=''
	odd_command create --bundle "$B" --console-socket "$T/console" "${options[@]}" "$C"
	[ "$status" -eq 0 ] || return 0
	made=$((made + 1))
	# The start of one that is to notify waits until it does.
	if [ -z "${NOTIFY_SOCKET:-}" ]; then
		odd_command start "$C"
		[ "$status" -eq 0 ] || return 0
		begun=$((begun + 1))
	fi
	odd_command exec --tty --console-socket "$T/console" --detach "$C" true
	odd_command delete --force "$C"
	[ "$status" -eq 0 ] || fail "$odd: delete: $(<"$T/err")"
}

# odd_everywhere KIND: slow is what was so each time of three: a machine may be busy.
odd_everywhere() {
	local place odd slow i made=0 begun=0
	export ROOTLET_TEST=$C
	for place in $ODD_PLACES; do
		odd="$1 as $place"
		if [ -e "$B/rootfs/$place" ] || [ -L "$B/rootfs/$place" ]; then
			mv "$B/rootfs/$place" "$T/aside"
		fi
		odd_file "$1" "$B/rootfs/$place"
		for ((i = 0; i < 3; i++)); do
			odd_life
			[ ! -e "$T/state/$C" ] || rl delete --force "$C"
			[ -n "$slow" ] || break
		done
		[ -z "$slow" ] || fail "$odd: $slow"
		rmdir "$T/state" || fail "$odd: is left: $(ls "$T/state")"
		rm -rf "${B:?}/rootfs/$place"
		if [ -e "$T/aside" ] || [ -L "$T/aside" ]; then
			mv "$T/aside" "$B/rootfs/$place"
		fi
	done
	echo "$1: of 36 containers $made were made, and $begun have begun"
	# What does not hinder is not refused.
	[ "$begun" -ge 8 ] || fail "only $begun have begun"
}
