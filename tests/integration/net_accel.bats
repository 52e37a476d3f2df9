# SPDX-License-Identifier: Apache-2.0
# --net=slirp4netns:accel=seccomp: connections by sockets of the host. Around rootlet is a host of the test's own, as in
# net_nested.bats, with a cable to a second one: 192.0.2.1 and 192.0.2.9, 2001:db8::1 and 2001:db8::9.
#
# shellcheck disable=SC2016,SC2317 # what stands in single quotes is for the shell of that host

load helpers

setup() {
	container_setup
	cp "$ROOTLET_BUILDDIR"/tests/guest/{netguest,accelguest} "$B/rootfs/bin"
	export T B C ROOTLET
	export ACCEL=--net=slirp4netns:accel=seccomp
	export -f rl script bundle_args config serve wait_for fail far secret
}

# far COMMAND...: on the second host.
far() {
	nsenter --net=/proc/"$WORLD"/ns/net "$@"
}

# secret ADDRESS...: a server at port 9000 of each, which nobody may reach. $T/reached has a line for each caller.
secret() {
	: >"$T/reached"
	python3 - "$T/reached" "$@" >"$T/secret" <<'END' &
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

# on_host TEXT: bash runs it on the first host, and that ends with it. The second one answers at port 7000 and refuses at others.
on_host() {
	try unshare --user --map-auto --map-root-user --net --mount --propagation private --pid --fork --mount-proc bash -euc '
		ip link set lo up
		echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad
		unshare --net sleep 1000 &
		export WORLD=$!
		elsewhere() { [ "$(readlink /proc/$WORLD/ns/net)" != "$(readlink /proc/self/ns/net)" ]; }
		wait_for elsewhere
		ip link add eth0 type veth peer name eth1 netns "$WORLD"
		ip address add 192.0.2.1/24 dev eth0
		ip address add 2001:db8::1/64 dev eth0 nodad
		ip link set eth0 up
		far ip link set lo up
		far ip address add 192.0.2.9/24 dev eth1
		far ip address add 2001:db8::9/64 dev eth1 nodad
		far ip link set eth1 up
		far "$ROOTLET_BUILDDIR/tests/guest/netguest" peer:7000 tcp:7001 udp-peer:7002 >"$T/far" &
		wait_for grep -q ready "$T/far"
		'"$1"
	[ "$status" -eq 0 ] || fail "status $status: $stderr$output"
	mapfile -t line <<<"$output"
}

serve() {
	local text=$1
	shift
	script "$text"
	rl run --detach --bundle "$B" "$@" "$C" </dev/null >"$T/out" 2>&1 || { cat "$T/out" >&2 && return 1; }
	wait_for grep -q ready "$T/out"
}

# ---------------------------------------------------------------- out

@test "a connection's socket is the host's, at both ends; blocking or not, IPv4 and IPv6" {
	on_host '
		script "
			accelguest call block 192.0.2.9 7000
			accelguest call nonblock 192.0.2.9 7000
			accelguest call block 2001:db8::9 7000
			accelguest call nonblock ::ffff:192.0.2.9 7000"
		rl run --bundle "$B" "$ACCEL" "$C"'
	[[ ${line[0]} == "192.0.2.1 192.0.2.1 "* ]]
	[[ ${line[1]} == "192.0.2.1 192.0.2.1 "* ]]
	[[ ${line[2]} == "2001:db8::1 2001:db8::1 "* ]]
	[[ ${line[3]} == "::ffff:192.0.2.1 192.0.2.1 "* ]]
}

@test "without the option the socket is the container's" {
	on_host '
		script "accelguest call block 192.0.2.9 7000"
		rl run --bundle "$B" --net=slirp4netns "$C"'
	[[ ${line[0]} == "10.0.2.100 192.0.2.1 "* ]]
}

@test "the annotation does the same" {
	config '.annotations["org.rootlet.net"] = "slirp4netns:accel=seccomp"'
	on_host '
		script "accelguest call block 192.0.2.9 7000"
		rl run --bundle "$B" "$C"'
	[[ ${line[0]} == "192.0.2.1 "* ]]
}

@test "a socket that an epoll set knows, that has a second name or an own port, stays the container's and works" {
	on_host '
		script "for how in epoll dup bound; do accelguest call \$how 192.0.2.9 7000; done"
		rl run --bundle "$B" "$ACCEL" "$C"'
	equal "${#line[@]}" 3
	for each in "${line[@]}"; do
		[[ $each == "10.0.2.100 192.0.2.1 "* ]] || fail "$each"
	done
}

@test "options that were set before go along" {
	on_host '
		script "accelguest options 192.0.2.9 7000"
		rl run --bundle "$B" "$ACCEL" "$C"'
	equal "${#line[@]}" 1
	[[ ${line[0]} == "192.0.2.1 192.0.2.1 "* ]]
}

@test "refused and unreachable are what the host is told" {
	on_host '
		script "
			accelguest call block 192.0.2.9 7999
			accelguest call nonblock 192.0.2.9 7999
			accelguest call block 198.51.100.1 80
			accelguest call nonblock 2001:db8:1::1 80
			accelguest call block 192.0.2.77 80
			true"
		rl run --bundle "$B" "$ACCEL" "$C"'
	equal "${line[0]}" "connect: ECONNREFUSED"
	# On this cable the refusal may come before connect returns.
	[[ ${line[1]} == *": ECONNREFUSED" ]]
	equal "${line[2]}" "connect: ENETUNREACH"
	equal "${line[3]}" "connect: ENETUNREACH"
	equal "${line[4]}" "connect: EHOSTUNREACH"
}

@test "a signal ends a connect that waits, and so does SO_SNDTIMEO; others connect meanwhile" {
	on_host '
		# Its packets are sent, and nobody takes them.
		ip neigh add 192.0.2.50 lladdr 02:00:00:00:00:50 dev eth0
		script "
			accelguest call block 192.0.2.50 80 &
			accelguest interrupt 192.0.2.50 80
			accelguest call block 192.0.2.9 7000
			kill %1"
		rl run --bundle "$B" "$ACCEL" "$C"'
	equal "${line[0]}" "EINTR 192.0.2.1 EALREADY"
	[[ ${line[1]} == "192.0.2.1 192.0.2.1 "* ]]
}

@test "what is inside stays inside: the container's loopback, its own address, UDP, UNIX sockets" {
	on_host '
		script "
			netguest peer:80 udp-peer:81 >/tmp/s &
			while ! grep -q ready /tmp/s; do :; done
			accelguest call block 127.0.0.1 80
			accelguest call nonblock ::1 80
			accelguest call block 10.0.2.100 80
			accelguest udp 192.0.2.9 7002
			accelguest unix /tmp/u
			kill %1"
		rl run --bundle "$B" "$ACCEL" "$C"'
	[[ ${line[0]} == "127.0.0.1 127.0.0.1 "* ]]
	[[ ${line[1]} == "::1 ::1 "* ]]
	[[ ${line[2]} == "10.0.2.100 10.0.2.100 "* ]]
	[[ ${line[3]} == "udp: 192.0.2.1 "* ]]
	equal "${line[4]}" "unix: the peer is myself"
}

@test "addresses and networks that the container has given itself stay its own" {
	on_host '
		script "
			ip address add 192.0.2.9/32 dev lo
			netguest peer:7000 >/tmp/s &
			while ! grep -q ready /tmp/s; do :; done
			accelguest call block 192.0.2.9 7000
			unshare -n sh -c \"accelguest call block 192.0.2.9 7000\"
			kill %1"
		config ".process.capabilities |= map_values(. + [\"CAP_NET_ADMIN\", \"CAP_SYS_ADMIN\"] | unique)"
		rl run --bundle "$B" "$ACCEL" "$C"'
	[[ ${line[0]} == "192.0.2.9 192.0.2.9 "* ]]
	equal "${line[1]}" "connect: ENETUNREACH"
}

# ---------------------------------------------------------------- the host's own

@test "no address of the host's loopback is reached, and the host's others as by slirp4netns" {
	on_host '
		secret 127.0.0.1 127.9.9.9 ::1
		netguest=$ROOTLET_BUILDDIR/tests/guest/netguest
		"$netguest" peer:7500 >"$T/local" &
		wait_for grep -q ready "$T/local"
		script "
			for address in 127.0.0.1 127.9.9.9 0.0.0.0 10.0.2.2 ::1 :: ::ffff:127.0.0.1 ::ffff:0.0.0.0 fd00::2 192.0.2.1; do
				accelguest call block \$address 9000
				accelguest call nonblock \$address 9000
			done
			accelguest call block 192.0.2.1 7500"
		rl run --bundle "$B" "$ACCEL" "$C"
		cat "$T/reached"'
	equal "${#line[@]}" 21
	for each in "${line[@]:0:20}"; do
		[[ $each == *": E"* ]] || fail "$each"
	done
	# slirp4netns reaches the host by its own address; that is its to decide.
	[[ ${line[20]} == "10.0.2.100 "* ]]
}

# Seen to reach it: with the peer's filter and the device left out of libnet/switch_socket.c.
@test "a program that races does not reach the host's loopback" {
	on_host '
		secret 127.0.0.1 ::1
		script "
			accelguest race address 192.0.2.9 7001 9000 20000
			accelguest race descriptor 192.0.2.9 7001 9000 20000
			accelguest race address 2001:db8::9 7001 9000 2000
			accelguest race descriptor 2001:db8::9 7001 9000 2000"
		rl run --bundle "$B" "$ACCEL" "$C"
		cat "$T/reached"'
	equal "$output" "reached 0
reached 0
reached 0
reached 0"
}
