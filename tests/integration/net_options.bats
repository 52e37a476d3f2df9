# SPDX-License-Identifier: Apache-2.0
# A container's network: options and annotations, details of published ports, bad input.
#
# rooms: host session
#
# shellcheck disable=SC2016,SC2030,SC2031,SC2153

load helpers
load net_helpers

# ---------------------------------------------------------------- connected

@test "options: mtu, another network, no IPv6" {
	script 'ip addr show tap0; ip route'
	try rl run --bundle "$B" \
		--net=slirp4netns:mtu=1500,cidr=192.168.77.0/24,enable_ipv6=false "$C"
	equal "$status" 0
	has "$output" "mtu 1500"
	has "$output" "inet 192.168.77.100/24"
	has "$output" "default via 192.168.77.2"
	[[ $output != *inet6\ fd00* ]]
	# Below 1280 bytes the kernel has no IPv6 on a device.
	try rl run --bundle "$B" --net=slirp4netns:mtu=1000 "$C"
	equal "$status" 0
	has "$output" "mtu 1000"
	[[ $output != *inet6\ fd00* ]]
	config '.linux.sysctl = {"net.ipv6.conf.all.disable_ipv6": "1",
		"net.ipv6.conf.default.disable_ipv6": "1"}'
	try rl run --bundle "$B" --net=slirp4netns "$C"
	equal "$status" 0
	has "$output" "inet 10.0.2.100/24"
	[[ $output != *inet6\ fd00* ]]
}

@test "the annotations of a bundle do the same, and spec writes them" {
	rm "$B/config.json"
	rl spec --bundle "$B" --net=slirp4netns:mtu=9000 --publish "127.0.0.1:$P:80" \
		--publish "127.0.0.1:$P:80/udp"
	equal "$(jq -r '.annotations["org.rootlet.net"]' "$B/config.json")" slirp4netns:mtu=9000
	equal "$(jq -r '.annotations["org.rootlet.publish"]' "$B/config.json")" \
		"127.0.0.1:$P:80,127.0.0.1:$P:80/udp"
	# shellcheck disable=SC2016 # jq's variable
	config '.process.terminal = false | .root.readonly = false |
		.process.env += ["ROOTLET_TEST=" + $c]' --arg c "$C"
	serve 'ip addr show tap0 >/mtu; exec netguest tcp:80'
	equal "$(ask 127.0.0.1 "$P" hello)" hello
	has "$(cat "$B/rootfs/mtu")" "mtu 9000"
	equal "$(rl port list "$C")" "127.0.0.1:$P:80/tcp
127.0.0.1:$P:80/udp"
	rl delete --force "$C"
}

@test "the command line goes before the annotation; none is a loopback alone, host is the host's" {
	config '.annotations["org.rootlet.net"] = "slirp4netns"'
	script 'ls /sys/class/net'
	try rl run --bundle "$B" --net=none "$C"
	equal "$output" lo
	script 'readlink /proc/self/ns/net'
	try rl run --bundle "$B" --net=host "$C"
	equal "$output" "$(readlink /proc/self/ns/net)"
}

@test "a bundle that asks for nothing has a loopback alone, and no helper" {
	script 'ls /sys/class/net; sleep 100'
	rl run --detach --bundle "$B" "$C" </dev/null >"$T/out" 2>&1
	wait_for grep -q . "$T/out"
	equal "$(cat "$T/out")" lo
	equal "$(jq 'has("network")' "$T/state/$C/state.json")" false
	rl delete --force "$C"
}

@test "a bundle's own resolv.conf stays" {
	echo 'nameserver 192.0.2.1' >"$T/mine"
	# shellcheck disable=SC2016 # jq's variable
	config '.mounts += [{"destination": "/etc/resolv.conf", "type": "bind", "source": $f,
		"options": ["bind"]}]' \
		--arg f "$T/mine"
	script 'cat /etc/resolv.conf'
	try rl run --bundle "$B" --net=slirp4netns "$C"
	equal "$output" 'nameserver 192.0.2.1'
}

# ---------------------------------------------------------------- published

@test "TCP: many at once, half-closed ends, and a client that goes away" {
	serve 'exec netguest tcp:80' --net=slirp4netns --publish "127.0.0.1:$P:80"
	equal "$(ask 127.0.0.1 "$P" hello)" hello
	python3 - "$P" <<'END'
import socket, struct, sys
port = int(sys.argv[1])
many = [socket.create_connection(("127.0.0.1", port), timeout=20) for i in range(100)]
for i, s in enumerate(many):
    s.sendall(b"%d" % i)
# Gone with a reset: the others don't mind.
for s in many[::10]:
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()
for i, s in enumerate(many):
    if i % 10:
        s.shutdown(socket.SHUT_WR)
        assert s.recv(100) == b"%d" % i
        assert s.recv(100) == b""
END
	rl delete --force "$C"
}

@test "a client on the host's loopback is the gateway inside, never 127.0.0.1" {
	serve 'exec netguest peer:80' --net=slirp4netns --publish "127.0.0.1:$P:80"
	has "$(ask 127.0.0.1 "$P" '')" "10.0.2.2 "
	rl delete --force "$C"
}

@test "nobody listens inside: refused, not hanging" {
	serve 'exec sleep 100' --net=slirp4netns --publish "127.0.0.1:$P:80"
	try python3 -c '
import socket, sys
try:
    s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=5)
    sys.exit(0 if s.recv(1) == b"" else 1)
except ConnectionResetError:
    sys.exit(0)' "$P"
	[ "$status" -eq 0 ] || fail "$stderr"
	rl delete --force "$C"
}

@test "port_handler=slirp4netns does it too" {
	serve 'exec netguest tcp:80' --net=slirp4netns:port_handler=slirp4netns \
		--publish "127.0.0.1:$P:80"
	equal "$(ask 127.0.0.1 "$P" hello)" hello
	equal "$(rl port list "$C")" "127.0.0.1:$P:80/tcp"
	local other
	other=$(free_port)
	rl port add "$C" "127.0.0.1:$other:80"
	wait_for answers 127.0.0.1 "$other" again
	rl port remove "$C" "127.0.0.1:$other:80"
	refuses 127.0.0.1 "$other"
	rl delete --force "$C"
}

# ---------------------------------------------------------------- at run time

@test "port: bad input in one line" {
	serve 'exec sleep 100' --net=slirp4netns --publish "127.0.0.1:$P:80"
	try rl port add "$C" "127.0.0.1:$P:81"
	refused "port $P on the host" "rootlet-"
	try rl port remove "$C" "127.0.0.1:1:1"
	refused "not published"
	try rl port add "$C" "80:"
	refused "it is written"
	try rl port frobnicate "$C"
	refused "port list CONTAINER"
	try rl port list "$C-2"
	refused "does not exist"
	rl delete --force "$C"
	serve 'exec sleep 100'
	try rl port list "$C"
	refused "has no network of rootlet's" "--net=slirp4netns"
	rl delete --force "$C"
}

# ---------------------------------------------------------------- refused

@test "bad options, ports and combinations: one line each, nothing left" {
	try rl run --bundle "$B" --net=slirp4netns:mtu=1 "$C"
	refused "--net" mtu
	try rl run --bundle "$B" --net=bridge "$C"
	refused "\`bridge\` is not known" "container:ID"
	try rl run --bundle "$B" --publish 80:80:80 "$C"
	refused "--publish" "it is written"
	try rl run --bundle "$B" --net=none --publish 8080:80 "$C"
	refused "--publish" "use slirp4netns"
	try rl run --bundle "$B" --publish "127.0.0.1:$P:80" --publish "$P:81" "$C"
	refused "want the same port"
	try rl run --bundle "$B" --net=container:nobody "$C"
	refused "--net=container:nobody" "does not exist"
	try rl run --bundle "$B" --net=ns:relative "$C"
	refused "must be absolute"
	config '.annotations["org.rootlet.publish"] = "no"'
	try rl run --bundle "$B" "$C"
	refused "/annotations/org.rootlet.publish"
}

@test "a socket that was passed in stands for a published port" {
	script 'exec netguest tcp:80'
	python3 - "$ROOTLET" "$T/state" "$B" "$C" "$P" <<'END'
import os, socket, subprocess, sys
rootlet, root, bundle, id, port = sys.argv[1:]
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", int(port)))
s.listen()
os.dup2(s.fileno(), 3)
env = dict(os.environ, LISTEN_FDS="1", ROOTLET_TEST=id)
env.pop("LISTEN_PID", None)
# Still bound here: binding it anew would fail.
subprocess.run([rootlet, "--root", root, "run", "--detach", "--bundle", bundle, "--publish",
    "127.0.0.1:%s:80" % port, id],
                pass_fds=(3,), env=env, check=True, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL)
END
	wait_for answers 127.0.0.1 "$P" passed
	rl delete --force "$C"
}

@test "CIDRs, MTUs and addresses that can't be: each by its option" {
	local option
	for option in cidr=10.0.2.1/24 cidr=10.0.2.0/26 cidr=10.0.2.0 cidr=fd00::/64 \
		cidr=10.0.2.0/0 mtu=65522 mtu=x \
		outbound_addr=lo outbound_addr6=192.0.2.1 enable_ipv6=maybe allow_lan= \
		port_handler=pasta frobnicate=1 mtu; do
		try rl run --bundle "$B" --net="slirp4netns:$option" "$C"
		refused "rootlet: --net: network option " "${option%%=*}"
	done
	try rl run --bundle "$B" --net=slirp4netns:cidr=10.0.2.1/24 "$C"
	refused "bits behind the prefix are set"
	try rl run --bundle "$B" --net=slirp4netns:cidr=10.0.2.0/26 "$C"
	refused "a prefix from 1 to 25"
}

@test "a namespace that is gone, or none; a container that has ended" {
	sleep 100 &
	local pid=$!
	kill "$pid"
	wait "$pid" || true
	try rl run --bundle "$B" --net="ns:/proc/$pid/ns/net" "$C"
	refused "/proc/$pid/ns/net" "No such file or directory"
	try rl run --bundle "$B" --net="ns:$T/bundle/config.json" "$C"
	refused "config.json" "no network namespace"
	serve 'exec sleep 100' --net=slirp4netns
	kill -9 "$(pid_of)"
	wait_for status_is stopped
	try rl run --bundle "$B" --net="container:$C" "$C-2"
	refused "--net=container:$C" "it is stopped"
	rl delete "$C"
}
