# SPDX-License-Identifier: Apache-2.0
# A container's network as seen by a host of its own: a user, network and mount namespace around rootlet, in which the test
# chooses the host's addresses, routes and resolver, and what is installed.
#
# rooms: host session vm
#
# shellcheck disable=SC2016,SC2317 # what stands in single quotes is for the shell of that host

load helpers

# That host has no manager of its own, and the one outside doesn't know its processes.
rl() {
	ROOTLET_TEST=$C "$ROOTLET" --root "$T/state" --cgroup-manager=disabled "$@" 3>&-
}

setup() {
	container_setup
	cp "$ROOTLET_BUILDDIR/tests/guest/netguest" "$B/rootfs/bin"
	# shellcheck disable=SC2016 # for the shell inside
	printf '#!/bin/sh\nprintf "GET / HTTP/1.0\\r\\n\\r\\n" | nc "$1" "$2" | tail -n 1\n' >"$B/rootfs/bin/fetch"
	chmod +x "$B/rootfs/bin/fetch"
	# Rootlet is root of the outer namespace here.
	export T B C ROOTLET
	export -f rl script bundle_args config serve client_of wait_for fail
}

# on_host TEXT: bash runs it on that host, which has 192.0.2.1, 192.0.2.2 and 2001:db8::1, and ends with it.
on_host() {
	try unshare --user --map-auto --map-root-user --net --mount --propagation private --pid --fork --mount-proc bash -euc '
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
	rl run --detach --bundle "$B" "$@" "$C" </dev/null >"$T/out" 2>&1 || { cat "$T/out" >&2 && return 1; }
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

@test "the client's own address is what the container sees, by TCP and by UDP" {
	on_host '
		serve "exec netguest peer:80 udp-peer:53" --net=slirp4netns --publish 8080:80 --publish 5353:53/udp
		client_of tcp 192.0.2.1 192.0.2.2 8080
		client_of udp 192.0.2.1 192.0.2.2 5353
		announced() { rl exec "$C" grep -q ^fd00000000000000 /proc/net/if_inet6; }
		wait_for announced
		client_of tcp 2001:db8::1 2001:db8::1 8080
		client_of udp 127.0.0.1 127.0.0.1 5353
		client_of tcp ::1 ::1 8080
		client_of udp 2001:db8::1 2001:db8::1 5353
		rl delete --force "$C"
		script "exec netguest peer4:80"
		rl run --detach --bundle "$B" --publish 8080:80 "$C" </dev/null >"$T/out" 2>&1
		wait_for grep -q ready "$T/out"
		wait_for announced
		client_of tcp 2001:db8::1 2001:db8::1 8080
		rl delete --force "$C"'
	mapfile -t line <<<"$output"
	equal "${line[0]##* }" 192.0.2.1
	equal "${line[1]##* }" 192.0.2.1
	# A port of the same number, and by IPv6 too.
	equal "${line[2]##* }" 2001:db8::1
	# The host itself is the gateway; datagrams by IPv6 arrive by IPv4, and so does everything where nobody listens on IPv6.
	equal "${line[3]##* }" 10.0.2.2
	equal "${line[4]##* }" 10.0.2.2
	equal "${line[5]##* }" 10.0.2.2
	equal "${line[6]##* }" 10.0.2.2
}

@test "500 clients at once, and again: each is seen by its own address and port" {
	on_host '
		serve "exec netguest peer:80" --net=slirp4netns --publish 8080:80
		python3 - <<"END"
import socket
for round in range(2):
    many = []
    for i in range(500):
        s = socket.socket()
        s.settimeout(20)
        s.bind(("192.0.2.%d" % (i % 2 + 1), 10000 + i))
        s.connect(("192.0.2.2", 8080))
        many.append(s)
    for s in many:
        seen = s.makefile().read().split()
        assert seen == [s.getsockname()[0], str(s.getsockname()[1])], (seen, s.getsockname())
        s.close()
print("each")
END
		rl delete --force "$C"'
	has "$output" each
}

@test "client_address=gateway: the same port of the container's own stays usable by UDP" {
	on_host '
		serve "exec netguest peer:80 udp-peer:53" --net=slirp4netns:client_address=gateway --publish 8080:80 --publish 5353:53/udp
		client_of tcp 192.0.2.1 192.0.2.2 8080
		client_of udp 192.0.2.1 192.0.2.2 5353
		rl exec "$C" ip rule
		rl delete --force "$C"'
	has "$output" "192.0.2.1"
	equal "$(sed -n 1p <<<"$output" | awk '{ print $3 }')" 10.0.2.2
	[[ $output != *"lookup 101"* ]]
}

@test "an answer by UDP comes from the address that was asked" {
	on_host '
		serve "exec netguest udp:53" --publish 5353:53/udp
		python3 -c "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(20)
s.sendto(b\"x\", (\"192.0.2.2\", 5353))
print(s.recvfrom(10)[1][0])"
		rl delete --force "$C"'
	equal "$output" 192.0.2.2
}

@test "the network moves aside where the host's routes overlap it" {
	on_host '
		ip link add eth0 type veth peer name eth1
		ip address add 10.0.2.17/24 dev eth0
		ip link set eth0 up
		script "ip address show tap0; ip route; cat /etc/resolv.conf"
		rl run --bundle "$B" --net=slirp4netns "$C"'
	has "$output" "inet 10.0.3.100/24"
	has "$output" "default via 10.0.3.2"
	has "$output" "nameserver 10.0.3.3"
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

@test "names are resolved by a resolver on the host's 127.0.0.53; when the host's file changes, by the new one" {
	on_host "$resolver"'
		resolver 127.0.0.53 192.0.2.53
		resolver 127.0.0.54 192.0.2.54
		printf "nameserver 127.0.0.53\nsearch example.org\n" >"$T/resolv.conf"
		mount --bind "$T/resolv.conf" /etc/resolv.conf
		serve "cat /etc/resolv.conf; exec netguest tcp:80" --net=slirp4netns
		cat "$T/out"
		rl exec "$C" nslookup -type=a printer.example.org
		printf "nameserver 127.0.0.54\n" >"$T/resolv.conf"
		# slirp4netns looks at the file once a second at the most.
		asked_anew() { rl exec "$C" nslookup -type=a printer.example.org | grep "Address: 192.0.2.54"; }
		wait_for asked_anew
		asked_anew
		rl delete --force "$C"'
	[[ $output != *"nameserver 127."* ]]
	has "$output" "nameserver 10.0.2.3"
	has "$output" "search example.org"
	has "$output" "Address: 192.0.2.53"
	has "$output" "Address: 192.0.2.54"
}

@test "a resolv.conf that leads out of /etc and /run: said, since slirp4netns then resolves no names" {
	on_host '
		mkdir "$T/etc"
		cp /etc/passwd /etc/group "$T/etc"
		echo "nameserver 127.0.0.53" >"$T/resolv.conf"
		ln -s "$T/resolv.conf" "$T/etc/resolv.conf"
		mount --bind "$T/etc" /etc
		script true
		rl run --bundle "$B" --net=slirp4netns "$C" 2>"$T/said"
		cat "$T/said"
		rl run --bundle "$B" --net=slirp4netns:enable_dns=false "$C" 2>"$T/said"
		cat "$T/said"'
	equal "$(wc -l <<<"$output")" 1
	has "$output" "warning: --net: names may not be resolved: /etc/resolv.conf leads to $T/resolv.conf"
}

@test "the host's loopback is out of reach, unless it is allowed; then it has a name" {
	on_host '
		mkdir "$T/www"
		echo treasure >"$T/www/index.html"
		python3 -m http.server --bind 127.0.0.1 --directory "$T/www" 8000 >"$T/log" 2>&1 &
		wait_for bash -c "</dev/tcp/127.0.0.1/8000"
		script "nc 10.0.2.2 8000 </dev/null || echo refused"
		rl run --bundle "$B" --net=slirp4netns "$C"
		script "grep host.rootlet.internal /etc/hosts; fetch 10.0.2.2 8000"
		rl run --bundle "$B" --net=slirp4netns:allow_host_loopback=true "$C"'
	mapfile -t line <<<"$output"
	equal "${line[0]}" refused
	equal "${line[1]}" $'10.0.2.2\thost.rootlet.internal'
	equal "${line[2]}" treasure
}

@test "the host's other addresses and its networks: reached, unless allow_lan=false; published ports go on" {
	on_host '
		ip link add eth0 type veth peer name eth1
		ip address add 198.51.100.7/24 dev eth0
		ip link set eth0 up
		"$ROOTLET_BUILDDIR/tests/guest/netguest" port:7000 >"$T/port" &
		wait_for grep -q ready "$T/port"
		reach="nc 192.0.2.2 7000 </dev/null; nc 198.51.100.7 7000 </dev/null; nc 2001:db8::1 7000 </dev/null"
		script "$reach"
		rl run --bundle "$B" --net=slirp4netns "$C" 2>&1 | tr "\n" " "
		echo
		script "$reach; nc 198.51.100.99 7000 </dev/null"
		rl run --bundle "$B" --net=slirp4netns:allow_lan=false "$C" 2>&1 | tr "\n" " " || true
		echo
		serve "exec netguest peer:80 udp-peer:53" --net=slirp4netns:allow_lan=false --publish 8080:80 --publish 5353:53/udp
		client_of tcp 192.0.2.1 192.0.2.2 8080
		client_of udp 192.0.2.1 192.0.2.2 5353
		rl delete --force "$C"'
	mapfile -t line <<<"$output"
	equal "${line[0]}" "7000 7000 7000 "
	[[ ${line[1]} != *7000\ 7000* ]] || fail "${line[1]}"
	equal "$(grep -o 'Permission denied' <<<"${line[1]}" | wc -l)" 4
	equal "${line[2]##* }" 192.0.2.1
	equal "${line[3]##* }" 192.0.2.1
}

@test "outbound_addr: what the world sees the container as" {
	on_host '
		"$ROOTLET_BUILDDIR/tests/guest/netguest" peer:7000 >"$T/peer" &
		wait_for grep -q ready "$T/peer"
		script "nc 192.0.2.2 7000 </dev/null"
		rl run --bundle "$B" --net=slirp4netns:outbound_addr=192.0.2.2 "$C"
		rl run --bundle "$B" --net=slirp4netns:outbound_addr=192.0.2.1 "$C"'
	equal "$(awk '{ print $1 }' <<<"$output")" "192.0.2.2
192.0.2.1"
}

@test "slirp4netns is missing, or the tun device is: each said by its name, with the remedy" {
	on_host '
		: >"$T/empty"
		for program in $(type -ap slirp4netns); do mount --bind "$T/empty" "$program"; done
		rl run --bundle "$B" --net=slirp4netns "$C" 2>"$T/said" && exit 1
		cat "$T/said"'
	has "$output" "slirp4netns is not installed"
	has "$output" "apt-get install slirp4netns"
	on_host '
		mount -t tmpfs tmpfs /dev/net
		rl run --bundle "$B" --net=slirp4netns "$C" 2>"$T/said" && exit 1
		cat "$T/said"'
	has "$output" "there is no /dev/net/tun"
	has "$output" "modprobe tun"
	on_host '
		mount --bind /dev/net/tun /dev/net/tun
		mount -o remount,bind,nodev /dev/net/tun
		rl run --bundle "$B" --net=slirp4netns "$C" 2>"$T/said" && exit 1
		cat "$T/said"'
	has "$output" "you may not open /dev/net/tun"
	has "$output" "chmod 0666 /dev/net/tun"
}
