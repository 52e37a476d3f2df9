# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# accel_helpers: for the tests of accelerated networks. Around rootlet is a host of the test's own,
# as in net_nested.bats, with a cable to a second one: 192.0.2.1 and 192.0.2.9, 2001:db8::1 and
# 2001:db8::9. After helpers.
#
# What stands in single quotes is for the shell of that host
# shellcheck disable=SC2016,SC2034,SC2154,SC2317

setup() {
	container_setup
	cp "$ROOTLET_BUILDDIR"/tests/guest/{netguest,accelguest} "$B/rootfs/bin"
	export T B C ROOTLET
	export ACCEL=--net=slirp4netns:accel=seccomp
	export -f rl script bundle_args config serve wait_for fail far secret races without
}

# far COMMAND...: on the second host.
far() {
	nsenter --net=/proc/"$WORLD"/ns/net "$@"
}

# secret ADDRESS...: a server at port 9000 of each, which nobody may reach. $T/reached has a line
# for each caller.
secret() {
	: >"$T/reached"
	python3 - "$T/reached" "$@" >"$T/secret" 3>&- <<'END' &
import select, socket, sys
reached = open(sys.argv[1], "a")
listeners = []
for address in sys.argv[2:]:
    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((address, 9000))
    s.listen(4096)
    listeners.append(s)
print("up", flush=True)
while True:
    for s in select.select(listeners, [], [])[0]:
        c, who = s.accept()
        print(who, file=reached, flush=True)
        c.send(b"secret\n")
        c.close()
END
	wait_for grep -q up "$T/secret"
}

# on_host TEXT: bash runs it on the first host, and that ends with it. The second one answers at
# port 7000 and refuses at others.
on_host() {
	try unshare --user --map-auto --map-root-user --net --mount --propagation private --pid \
		--fork --mount-proc bash -euc '
		ip link set lo up
		echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad
		unshare --net sleep 1000 &
		export WORLD=$!
		elsewhere() {
			[ "$(readlink /proc/$WORLD/ns/net)" != "$(readlink /proc/self/ns/net)" ]
		}
		wait_for elsewhere
		ip link add eth0 type veth peer name eth1 netns "$WORLD"
		ip address add 192.0.2.1/24 dev eth0
		ip address add 2001:db8::1/64 dev eth0 nodad
		ip link set eth0 up
		far ip link set lo up
		far ip address add 192.0.2.9/24 dev eth1
		far ip address add 2001:db8::9/64 dev eth1 nodad
		far ip link set eth1 up
		far "$ROOTLET_BUILDDIR/tests/guest/netguest" \
			peer:7000 tcp:7001 udp-peer:7002 >"$T/far" &
		wait_for grep -q ready "$T/far"
		'"$1"
	[ "$status" -eq 0 ] || fail "status $status: $stderr$output"
	mapfile -t line <<<"$output"
}

serve() {
	local text=$1
	shift
	script "$text"
	rl run --detach --bundle "$B" "$@" "$C" </dev/null >"$T/out" 2>"$T/err" ||
		{ cat "$T/out" "$T/err" >&2 && return 1; }
	wait_for grep -q ready "$T/out"
}

# races FEW MANY: what a container runs that tries to reach port 9000 of the host's loopback, FEW
# times by IPv6 and MANY by IPv4. Nobody takes what is sent to its two addresses that end with 50;
# its ports 80 and 81 are published.
races() {
	script "
		accelguest race address 192.0.2.9 7001 9000 $2
		accelguest race descriptor 192.0.2.50 7001 9000 $2
		accelguest race address 2001:db8::9 7001 9000 $1
		accelguest race descriptor 2001:db8::50 7001 9000 $1
		accelguest race listener 0.0.0.0 80 9000 $2
		accelguest race listener :: 81 9000 $1"
}

# For on_host, and what it prints when nothing was reached.
race='
	secret 127.0.0.1 ::1
	ip neigh add 192.0.2.50 lladdr 02:00:00:00:00:50 dev eth0
	ip neigh add 2001:db8::50 lladdr 02:00:00:00:00:50 dev eth0
	races 4000 20000
	rl run --bundle "$B" "$ACCEL" --publish 0.0.0.0:8080:80 --publish 8081:81 "$C" 2>"$T/err"
	cat "$T/reached"
'
nothing_reached=$(yes "reached 0" | head -n 6)

# ask ADDRESS PORT: what a server says to whom connects, or the error's name.
ask='
ask() {
	"$ROOTLET_BUILDDIR/tests/guest/accelguest" call block "$@" || true
}
far_ask() {
	far "$ROOTLET_BUILDDIR/tests/guest/accelguest" call block "$@" || true
}
'
