# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# net_helpers: what the network tests have in common. After helpers.
#
# shellcheck disable=SC2034,SC2154

setup() {
	container_setup
	cp "$ROOTLET_BUILDDIR/tests/guest/netguest" "$B/rootfs/bin"
	# What a test publishes: a port that was free a moment ago.
	P=$(free_port)
}

free_port() {
	free_ports 1
}

# free_ports N: the first of N in a row.
free_ports() {
	python3 - "$1" <<'END'
import socket, sys
while True:
    first, found = 0, []
    try:
        for i in range(int(sys.argv[1])):
            found.append(socket.socket())
            found[-1].bind(("", first + i if first else 0))
            first = first or found[-1].getsockname()[1]
        break
    except (OSError, OverflowError):
        pass
print(first)
END
}

# serve TEXT [OPTION...]: a detached container that runs it on a network of ours. `netguest` says
# when it is ready.
serve() {
	local text=$1
	shift
	script "$text"
	rl run --detach --bundle "$B" "$@" "$C" </dev/null >"$T/out" 2>&1
	[[ $text != *netguest* ]] || wait_for grep -q ready "$T/out"
}

# ask ADDRESS PORT TEXT: sends it by TCP, ends, and prints what comes back.
ask() {
	printf %s "$3" | timeout 20 busybox nc "$1" "$2"
}

answers() {
	[ "$(ask "$@")" = "$3" ]
}

refuses() {
	python3 - "$@" <<'END'
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=20)
except ConnectionRefusedError:
    sys.exit(0)
sys.exit(1)
END
}

# follows PID: a rootlet that waits, with the container's network connected to it.
follows() {
	[ "$(readlink "/proc/$1/fd"/* | grep -c socket:)" -ge 1 ] &&
		[ "$(cut -d ' ' -f 3 "/proc/$1/stat")" = S ]
}

# The pid of the container's network helper.
helper_pid() {
	jq .network.pid "$T/state/$C/state.json"
}

# child_of PID NAME
child_of() {
	pgrep -P "$1" -x "$2"
}

# gone PID: or a zombie, which pid 1 of this machine may never wait for.
gone() {
	local state
	state=$(sed 's/.*) //;s/ .*//' "/proc/$1/stat" 2>/dev/null) || return 0
	[[ $state == [ZX] || -z $state ]]
}

# in_place_of_slirp TEXT: a program of that text is the first slirp4netns in PATH.
in_place_of_slirp() {
	mkdir -p "$T/path"
	printf '%s\n' "$1" >"$T/path/slirp4netns"
	chmod +x "$T/path/slirp4netns"
}

run_with_it() {
	PATH=$T/path:$PATH rl run --bundle "$B" "$@" "$C"
}

# all_gone PROCESS...: what is left a moment after `kill -9` and delete.
all_gone() {
	local pid
	for pid in "$@"; do
		wait_for gone "$pid"
	done
	refuses 127.0.0.1 "$P"
}
