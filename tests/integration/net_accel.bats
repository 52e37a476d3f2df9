# SPDX-License-Identifier: Apache-2.0
# --net=slirp4netns:accel=seccomp: connections by sockets of the host. Around rootlet is a host of the test's own, as in
# net_nested.bats, with a cable to a second one: 192.0.2.1 and 192.0.2.9, 2001:db8::1 and 2001:db8::9.
#
# rooms: host session
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
	rl run --detach --bundle "$B" "$@" "$C" </dev/null >"$T/out" 2>"$T/err" || { cat "$T/out" "$T/err" >&2 && return 1; }
	wait_for grep -q ready "$T/out"
}

# ---------------------------------------------------------------- out

@test "a connection's socket is the host's, at both ends; blocking or not, IPv4 and IPv6, by any thread" {
	on_host '
		script "
			accelguest call block 192.0.2.9 7000
			accelguest call nonblock 192.0.2.9 7000
			accelguest call block 2001:db8::9 7000
			accelguest call nonblock ::ffff:192.0.2.9 7000
			accelguest thread block 192.0.2.9 7000
			accelguest thread nonblock 192.0.2.9 7000"
		rl run --bundle "$B" "$ACCEL" "$C"'
	[[ ${line[0]} == "192.0.2.1 192.0.2.1 "* ]]
	[[ ${line[1]} == "192.0.2.1 192.0.2.1 "* ]]
	[[ ${line[2]} == "2001:db8::1 2001:db8::1 "* ]]
	[[ ${line[3]} == "::ffff:192.0.2.1 192.0.2.1 "* ]]
	[[ ${line[4]} == "192.0.2.1 192.0.2.1 "* ]]
	[[ ${line[5]} == "192.0.2.1 192.0.2.1 "* ]]
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

# ---------------------------------------------------------------- in

# ask ADDRESS PORT: what a server says to whom connects, or the error's name.
ask='
ask() {
	"$ROOTLET_BUILDDIR/tests/guest/accelguest" call block "$@" || true
}
far_ask() {
	far "$ROOTLET_BUILDDIR/tests/guest/accelguest" call block "$@" || true
}
'

@test "a server on a published port has a socket of the host; by whatever address it is published and it listens" {
	on_host "$ask"'
		try_it() {
			serve "exec accelguest serve $2 $3 80" "$ACCEL" --publish "$1"
			cat "$T/out"
			far_ask 192.0.2.1 8080
			far_ask 2001:db8::1 8080
			rl exec "$C" accelguest call block 127.0.0.1 80 || true
			rl exec "$C" accelguest call nonblock ::1 80 || true
			rl delete --force "$C"
		}
		try_it 0.0.0.0:8080:80 plain 0.0.0.0
		try_it 192.0.2.1:8080:80 plain 0.0.0.0
		try_it 8080:80 plain ::
		try_it 192.0.2.1:8080:80 plain ::
		try_it [2001:db8::1]:8080:80 only6 ::'
	# What a call from the second host prints, then two from inside: the address at this end, and the one that the server sees.
	equal "${output//then: /connect: }" "ready 0.0.0.0 8080
192.0.2.9 192.0.2.9
connect: ECONNREFUSED
127.0.0.1 127.0.0.1
connect: ECONNREFUSED
ready 192.0.2.1 8080
192.0.2.9 192.0.2.9
connect: ECONNREFUSED
192.0.2.1 192.0.2.1
connect: ECONNREFUSED
ready :: 8080
192.0.2.9 ::ffff:192.0.2.9
2001:db8::9 2001:db8::9
127.0.0.1 ::ffff:127.0.0.1
::1 ::1
ready ::ffff:192.0.2.1 8080
192.0.2.9 ::ffff:192.0.2.9
connect: ECONNREFUSED
192.0.2.1 ::ffff:192.0.2.1
connect: ECONNREFUSED
ready 2001:db8::1 8080
connect: ECONNREFUSED
2001:db8::9 2001:db8::9
connect: ECONNREFUSED
2001:db8::1 2001:db8::1"
}

@test "a server that can't be switched is forwarded to: only IPv4 for a port that is published on both, another address, not published" {
	on_host "$ask"'
		try_it() {
			serve "exec accelguest serve plain $2 $3" "$ACCEL" --publish "$1"
			cat "$T/out"
			far_ask 192.0.2.1 8080
			far_ask 2001:db8::1 8080
			rl delete --force "$C"
		}
		try_it 8080:80 0.0.0.0 80
		try_it 0.0.0.0:8080:80 127.0.0.1 80
		try_it 0.0.0.0:8080:80 0.0.0.0 8080'
	equal "$(sed 's/^192.0.2.9 /far: /; s/^2001:db8::9 /far6: /' <<<"$output")" "ready 0.0.0.0 80
far: 192.0.2.9
far6: 10.0.2.2
ready 127.0.0.1 80
far: 
connect: ECONNREFUSED
ready 0.0.0.0 8080
far: 
connect: ECONNREFUSED"
}

@test "a server ends: refused; another comes; one that can't be switched is forwarded to; two at once exclude each other" {
	on_host "$ask"'
		serve "echo ready; exec sleep 1000" "$ACCEL" --publish 0.0.0.0:8080:80
		server() {
			: >"$T/server"
			rl exec --detach "$C" accelguest serve "$@" >"$T/server" 2>&1 </dev/null
			wait_for grep -q ready "$T/server"
		}
		server once 0.0.0.0 80
		far_ask 192.0.2.1 8080
		far_ask 192.0.2.1 8080
		server once :: 80
		rl exec "$C" accelguest serve once 0.0.0.0 80 || true
		far_ask 192.0.2.1 8080
		# With a second name it stays inside.
		server dup 0.0.0.0 80
		far_ask 192.0.2.1 8080
		far_ask 192.0.2.1 8080
		rl delete --force "$C"'
	equal "${output//192.0.2.9 /far: }" "far: 192.0.2.9
connect: ECONNREFUSED
bind: EADDRINUSE
far: ::ffff:192.0.2.9
far: 192.0.2.9
far: 192.0.2.9"
}

@test "port remove ends a server that was switched, and what is connected goes on; add and remove while it runs" {
	on_host "$ask"'
		serve "exec accelguest serve plain 0.0.0.0 80" "$ACCEL" --publish 0.0.0.0:8080:80
		far_ask 192.0.2.1 8080
		rl port remove "$C" 0.0.0.0:8080:80
		far_ask 192.0.2.1 8080
		ss -Hltn "sport = :8080"
		rl port add "$C" 0.0.0.0:8081:81
		rl exec --detach "$C" accelguest serve plain 0.0.0.0 81 >"$T/server" 2>&1 </dev/null
		wait_for grep -q ready "$T/server"
		cat "$T/server"
		far_ask 192.0.2.1 8081
		rl delete --force "$C"
		ss -Hltn "sport = :8081"'
	equal "${output//192.0.2.9 /far: }" "far: 192.0.2.9
connect: ECONNREFUSED
ready 0.0.0.0 8081
far: 192.0.2.9"
}

@test "a port that was bound by somebody else, and client_address=gateway, are forwarded" {
	on_host "$ask"'
		serve "exec accelguest serve plain 0.0.0.0 80" "$ACCEL,client_address=gateway" --publish 0.0.0.0:8080:80
		far_ask 192.0.2.1 8080
		rl delete --force "$C"
		script "exec accelguest serve plain 0.0.0.0 80"
		python3 - "$ROOTLET" --root "$T/state" run --detach --bundle "$B" "$ACCEL" --publish 0.0.0.0:8080:80 "$C" </dev/null >"$T/out" 2>&1 3< <(:) <<"END"
import os, socket, sys
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("0.0.0.0", 8080))
s.listen(10)
os.dup2(s.fileno(), 3)
os.environ["LISTEN_FDS"] = "1"
os.environ["LISTEN_PID"] = str(os.getpid())
os.environ["ROOTLET_TEST"] = os.environ["C"]
os.execv(sys.argv[1], sys.argv[1:])
END
		wait_for grep -q ready "$T/out"
		far_ask 192.0.2.1 8080
		rl delete --force "$C"'
	equal "${output//192.0.2.9 /far: }" "far: 10.0.2.2
far: 192.0.2.9"
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

@test "allow_lan=false: the networks that the host is attached to are out of reach, what lies behind a gateway is not" {
	on_host '
		far ip address add 198.51.100.9/32 dev lo
		ip route add 198.51.100.0/24 via 192.0.2.9
		script "
			accelguest call block 192.0.2.9 7000
			accelguest call block 198.51.100.9 7000"
		rl run --bundle "$B" "$ACCEL,allow_lan=false" "$C"'
	[[ ${line[0]} == "connect: E"* ]] || fail "${line[0]}"
	[[ ${line[1]} == "192.0.2.1 "* ]]
}

# Seen to reach it, by IPv4 and IPv6: as a client with both the device and the filter left out of switch_socket_for
# (libnet/switch_socket.c; each alone holds), as a listener without the filter of switch_server.
@test "a program that races does not reach the host's loopback" {
	on_host '
		secret 127.0.0.1 ::1
		few=4000 many=20000
		# Nobody takes what is sent to these.
		ip neigh add 192.0.2.50 lladdr 02:00:00:00:00:50 dev eth0
		ip neigh add 2001:db8::50 lladdr 02:00:00:00:00:50 dev eth0
		script "
			accelguest race address 192.0.2.9 7001 9000 $many
			accelguest race descriptor 192.0.2.50 7001 9000 $many
			accelguest race address 2001:db8::9 7001 9000 $few
			accelguest race descriptor 2001:db8::50 7001 9000 $few
			accelguest race listener 0.0.0.0 80 9000 $many
			accelguest race listener :: 81 9000 $few"
		rl run --bundle "$B" "$ACCEL" --publish 0.0.0.0:8080:80 --publish 8081:81 "$C"
		cat "$T/reached"'
	equal "$output" "reached 0
reached 0
reached 0
reached 0
reached 0
reached 0"
}

# ---------------------------------------------------------------- whose sockets

@test "beside a profile of the bundle's, with and without noNewPrivileges, by another user, from a startContainer hook" {
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir", "mkdirat"],
		action: "SCMP_ACT_ERRNO", errnoRet: 95}, {names: ["seccomp"], action: "SCMP_ACT_ERRNO"}]}
		| .hooks.startContainer = [{path: "/bin/sh", args: ["sh", "-c", "accelguest call block 192.0.2.9 7000 >/tmp/hook"]}]'
	on_host '
		script "mkdir /tmp/x 2>&1; cat /tmp/hook; accelguest call nonblock 2001:db8::9 7000"
		for i in true false; do
			config ".process.noNewPrivileges = \$i" --argjson i "$i"
			rl run --bundle "$B" "$ACCEL" "$C"
		done
		config ".process.user = {uid: 1000, gid: 1000}"
		rm "$B/rootfs/tmp/hook"
		rl run --bundle "$B" "$ACCEL" "$C"'
	equal "${#line[@]}" 9
	for ((i = 0; i < 9; i += 3)); do
		has "${line[i]}" "not supported"
		[[ ${line[i + 1]} == "192.0.2.1 "* ]] || fail "${line[i + 1]}"
		[[ ${line[i + 2]} == "2001:db8::1 "* ]] || fail "${line[i + 2]}"
	done
}

@test "exec, before and after the start, and a container that shares the network, are accelerated too" {
	cp -a "$B" "$T/other"
	on_host '
		script "exec sleep 1000"
		rl create --bundle "$B" "$ACCEL" "$C" </dev/null >"$T/out" 2>&1
		rl exec "$C" accelguest call block 192.0.2.9 7000
		rl start "$C"
		rl exec "$C" accelguest call nonblock 192.0.2.9 7000
		rl exec --user 1000:1000 "$C" accelguest call block 2001:db8::9 7000
		B=$T/other
		script "accelguest call block 192.0.2.9 7000; sleep 1000"
		rl run --detach --bundle "$T/other" --net="container:$C" "$C-2" </dev/null >"$T/out" 2>"$T/err"
		wait_for grep -q 192.0.2 "$T/out"
		cat "$T/out"
		rl exec "$C-2" accelguest call block 192.0.2.9 7000
		# The one that the helper was made for goes; the network stays.
		rl delete --force "$C"
		rl exec "$C-2" accelguest call block 192.0.2.9 7000
		rl delete --force "$C-2"'
	equal "${#line[@]}" 6
	for i in 0 1 3 4 5; do
		[[ ${line[i]} == "192.0.2.1 "* ]] || fail "$i: ${line[i]}"
	done
	[[ ${line[2]} == "2001:db8::1 "* ]]
}

@test "kill -9 of the switch or of the helper: nothing connects any more, by any way, and what is connected goes on" {
	on_host '
		secret 127.0.0.1
		script "
			nc 192.0.2.9 7001 </tmp/in >/tmp/answer &
			exec 9>/tmp/in; exec sleep 1000"
		mkfifo "$B/rootfs/tmp/in"
		for who in rootlet-switch rootlet-net; do
			rl run --detach --bundle "$B" "$ACCEL" "$C" </dev/null >"$T/out" 2>&1
			connected() { far ss -Htn state established "sport = :7001" | grep -q .; }
			wait_for connected
			rl exec --detach "$C" sh -c "
				while [ ! -e /tmp/go ]; do sleep 0.1; done
				accelguest call block 192.0.2.9 7000 >/tmp/said
				accelguest call nonblock 127.0.0.1 9000 >>/tmp/said
				accelguest udp 127.0.0.1 7002 >>/tmp/said
				echo still there >/tmp/in
				touch /tmp/done"
			kill -KILL "$(pgrep -x "$who")"
			gone() { ! pgrep -x rootlet-switch; }
			wait_for gone
			touch "$B/rootfs/tmp/go"
			done_() { [ -e "$B/rootfs/tmp/done" ] && grep -q still "$B/rootfs/tmp/answer"; }
			wait_for done_
			cat "$B/rootfs/tmp/said" "$B/rootfs/tmp/answer"
			rl delete --force "$C"
			rm -f "$B"/rootfs/tmp/{go,done,answer,said}
		done
		cat "$T/reached"'
	equal "$output" "connect: ENOSYS
connect: ENOSYS
udp: ENOSYS
still there
connect: ENOSYS
connect: ENOSYS
udp: ENOSYS
still there"
}

@test "the switch keeps three of root's capabilities, nothing of the caller's descriptors, and costs little memory" {
	on_host '
		serve "echo ready; exec sleep 1000" "$ACCEL" --publish 0.0.0.0:80:80
		pid=$(pgrep -x rootlet-switch)
		grep -E "^(CapPrm|CapEff|NoNewPrivs):" "/proc/$pid/status"
		ls -l "/proc/$pid/fd" | grep -cvE "/dev/null|socket:|net:|user:|eventpoll|seccomp|total" || true
		rl exec "$C" true
		rl exec "$C" true
		listeners() { ls -l "/proc/$pid/fd" | grep -c seccomp; }
		one() { [ "$(listeners)" = 1 ]; }
		wait_for one
		rl exec --detach "$C" accelguest serve plain 0.0.0.0 80 >"$T/server" 2>&1 </dev/null
		wait_for grep -q ready "$T/server"
		cat "$T/server"
		[ "$(awk "/^RssAnon/ { print \$2 }" "/proc/$pid/status")" -lt 1000 ]
		rl delete --force "$C"'
	equal "$(tr -s '\t ' ' ' <<<"$output")" "CapPrm: 0000000000001404
CapEff: 0000000000001404
NoNewPrivs: 1
0
ready 0.0.0.0 80"
}

@test "a program of another kind of calls, and io_uring, get no way around: unknown" {
	on_host '
		script "accelguest ways 192.0.2.9 7000"
		rl run --bundle "$B" "$ACCEL" "$C"'
	equal "$output" "io_uring_setup: ENOSYS
x32 connect: ENOSYS
sendto with MSG_FASTOPEN: EOPNOTSUPP
TCP_FASTOPEN_CONNECT: EOPNOTSUPP"
}

# ---------------------------------------------------------------- refused

@test "refused: a listener of the bundle's own, no user namespace, a network that is not rootlet's, a kernel that can't" {
	cp "$B/config.json" "$T/config"
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: "/tmp/agent",
		syscalls: [{names: ["mkdir"], action: "SCMP_ACT_NOTIFY"}]}'
	try rl run --bundle "$B" "$ACCEL" "$C"
	refused "--net" "/linux/seccomp/listenerPath" "leave one of them out"
	cp "$T/config" "$B/config.json"
	config '.linux.namespaces |= map(if .type == "network" then .path = "/proc/self/ns/net" else . end)'
	try rl run --bundle "$B" "$ACCEL" "$C"
	refused "--net" "joins a network namespace by its path"
	cp "$T/config" "$B/config.json"
	try rl run --bundle "$B" --net=slirp4netns:accel=yes "$C"
	refused "accel" "seccomp or none"
	on_host '
		cp "$T/config" "$B/config.json"
		config ".linux.namespaces |= map(select(.type != \"user\")) | del(.linux.uidMappings, .linux.gidMappings)"
		rl run --bundle "$B" "$ACCEL" "$C" 2>&1 && exit 1
		cp "$T/config" "$B/config.json"
		# A container around this one that forbids pidfd_getfd(2), then a kernel without SO_NETNS_COOKIE, then one that keeps
		# SO_ATTACH_FILTER for root.
		for what in pidfd_getfd cookie filter; do
			python3 - "$what" "$ROOTLET" --root "$T/state" run --bundle "$B" "$ACCEL" "$C" 2>&1 <<"END" && exit 1
import ctypes, os, struct, sys
f = lambda code, jt, jf, k: struct.pack("HBBI", code, jt, jf, k)
nr, level = f(0x20, 0, 0, 0), f(0x20, 0, 0, 32)
allow, deny = f(0x06, 0, 0, 0x7fff0000), lambda e: f(0x06, 0, 0, 0x50000 | e)
if sys.argv[1] == "pidfd_getfd":
    code = nr + f(0x15, 0, 1, 438) + deny(1) + allow
elif sys.argv[1] == "cookie":
    code = nr + f(0x15, 0, 3, 55) + level + f(0x15, 0, 1, 71) + deny(92) + allow
else:
    code = nr + f(0x15, 0, 3, 54) + level + f(0x15, 0, 1, 26) + deny(1) + allow
buffer = ctypes.create_string_buffer(code)
program = struct.pack("HxxxxxxQ", len(code) // 8, ctypes.addressof(buffer))
libc = ctypes.CDLL(None)
libc.prctl(38, 1, 0, 0, 0)
assert libc.prctl(22, 2, program, 0, 0) == 0
os.execv(sys.argv[2], sys.argv[2:])
END
		done
		true'
	equal "${#line[@]}" 4
	has "${line[0]}" "accel=seccomp needs a user namespace"
	has "${line[1]}" "pidfd_getfd(2)"
	has "${line[2]}" "Linux 5.14 is needed"
	has "${line[3]}" "SO_ATTACH_FILTER"
}
