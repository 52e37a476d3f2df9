# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# net_host_helpers: a host of its own for the network tests: a user, network and mount namespace
# around rootlet, in which the test chooses the host's addresses, routes and resolver, and what is
# installed. After helpers.
#
# What stands in single quotes is for the shell of that host
# shellcheck disable=SC2016,SC2034,SC2154,SC2317

# That host has no manager of its own, and the one outside doesn't know its processes.
rl() {
	ROOTLET_TEST=$C "$ROOTLET" --root "$T/state" --cgroup-manager=disabled "$@" 3>&-
}

setup() {
	container_setup
	cp "$ROOTLET_BUILDDIR/tests/guest/netguest" "$B/rootfs/bin"
	# shellcheck disable=SC2016 # for the shell inside
	printf '#!/bin/sh\nprintf "GET / HTTP/1.0\\r\\n\\r\\n" | nc "$1" "$2" | tail -n 1\n' \
		>"$B/rootfs/bin/fetch"
	chmod +x "$B/rootfs/bin/fetch"
	# Rootlet is root of the outer namespace here.
	export T B C ROOTLET
	export -f rl script bundle_args config serve client_of wait_for fail
}

# on_host TEXT: bash runs it on that host, which has 192.0.2.1, 192.0.2.2 and 2001:db8::1, and ends
# with it.
on_host() {
	try unshare --user --map-auto --map-root-user --net --mount --propagation private --pid \
		--fork --mount-proc bash -euc '
		ip link set lo up
		ip address add 192.0.2.1/32 dev lo
		ip address add 192.0.2.2/32 dev lo
		ip address add 2001:db8::1/128 dev lo nodad
		'"$1"
	[ "$status" -eq 0 ] || fail "status $status: $stderr$output"
}

serve() {
	local text=$1
	shift
	script "$text"
	rl run --detach --bundle "$B" "$@" "$C" </dev/null >"$T/out" 2>&1 || { cat "$T/out" >&2 &&
		return 1; }
	wait_for grep -q ready "$T/out"
}

# client_of tcp|udp FROM TO PORT: prints its own address and port, and the server's answer.
client_of() {
	python3 - "$@" <<'END'
import socket, sys
kind, source, target, port = sys.argv[1:]
family = socket.AF_INET6 if ":" in source else socket.AF_INET
s = socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
s.settimeout(20)
s.bind((source, 0))
s.connect((target, int(port)))
# By TCP the server speaks first, and what it had not read when it closes would be a reset.
if kind == "udp":
    s.send(b"x")
print(source, s.getsockname()[1], s.recv(1000).decode().split()[0])
END
}

# resolver ADDRESS ANSWER: a process that answers every question for an A record with ANSWER.
resolver='
resolver() {
	python3 - "$@" >"$T/resolver.$1" <<"END" &
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 53))
print("up", flush=True)
answer = socket.inet_aton(sys.argv[2])
while True:
    q, client = s.recvfrom(4096)
    end = q.index(0, 12) + 5
    a_record = q[end - 4:end - 2] == bytes([0, 1])
    head = q[:2] + bytes([0x81, 0x80, 0, 1, 0, a_record, 0, 0, 0, 0])
    record = bytes([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4]) + answer if a_record else b""
    s.sendto(head + q[12:end] + record, client)
END
	wait_for grep -q up "$T/resolver.$1"
}
'
