# SPDX-License-Identifier: Apache-2.0
# A container on the network by slirp4netns: published ports, names, what is left. net_nested.bats has what needs a
# host of its own.
#
# shellcheck disable=SC2016,SC2030,SC2031,SC2153

load helpers

setup() {
	container_setup
	cp "$ROOTLET_BUILDDIR/tests/guest/netguest" "$B/rootfs/bin"
	# What a test publishes: a port that was free a moment ago.
	P=$(free_port)
}

free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# serve TEXT [OPTION...]: a detached container that runs it on a network of ours. `netguest` says when it is ready.
serve() {
	local text=$1
	shift
	script "$text"
	rl run --detach --bundle "$B" "$@" "$C" </dev/null >"$T/out" 2>&1
	[[ $text != *netguest* ]] || wait_for grep -q ready "$T/out"
}

# ask ADDRESS PORT TEXT: sends it by TCP, ends, and prints what comes back.
ask() {
	printf %s "$3" | timeout 5 busybox nc "$1" "$2"
}

answers() {
	[ "$(ask "$@")" = "$3" ]
}

refuses() {
	python3 - "$@" <<'END'
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=5)
except ConnectionRefusedError:
    sys.exit(0)
sys.exit(1)
END
}

# The pid of the container's network helper.
helper_pid() {
	jq .network.pid "$T/state/$C/state.json"
}

# child_of PID NAME
child_of() {
	pgrep -P "$1" -x "$2"
}

gone() {
	[ ! -d "/proc/$1" ]
}

# ---------------------------------------------------------------- connected

@test "an interface with an address, a route and IPv6, ready before the program runs" {
	script 'ip addr show tap0; ip route; cat /proc/net/if_inet6'
	try rl run --bundle "$B" --net=slirp4netns "$C"
	equal "$status" 0
	has "$output" "inet 10.0.2.100/24"
	has "$output" "mtu 65520"
	has "$output" "default via 10.0.2.2 dev tap0"
	# An address that is not tentative (40) any more: duplicate detection would take a second.
	grep -qE '^fd00000000000000[0-9a-f]+ [0-9a-f]+ 40 00 [0-9a-f]+ +tap0' <<<"$output" ||
		grep -qE '^fd00[0-9a-f]+ .* tap0' <<<"$output" || fail "no IPv6 address: $output"
	! grep -qE '^fd00[0-9a-f]+ [0-9a-f]+ [0-9a-f]+ [0-9a-f]+ [4-7c-f][0-9a-f] +tap0' <<<"$output" ||
		fail "tentative: $output"
}

@test "options: mtu, another network, no IPv6" {
	script 'ip addr show tap0; ip route'
	try rl run --bundle "$B" --net=slirp4netns:mtu=1500,cidr=192.168.77.0/24,enable_ipv6=false "$C"
	equal "$status" 0
	has "$output" "mtu 1500"
	has "$output" "inet 192.168.77.100/24"
	has "$output" "default via 192.168.77.2"
	[[ $output != *inet6\ fd00* ]]
}

@test "the annotations of a bundle do the same, and spec writes them" {
	rm "$B/config.json"
	rl spec --bundle "$B" --net=slirp4netns:mtu=9000 --publish "127.0.0.1:$P:80" --publish "127.0.0.1:$P:80/udp"
	equal "$(jq -r '.annotations["org.rootlet.net"]' "$B/config.json")" slirp4netns:mtu=9000
	equal "$(jq -r '.annotations["org.rootlet.publish"]' "$B/config.json")" "127.0.0.1:$P:80,127.0.0.1:$P:80/udp"
	# shellcheck disable=SC2016 # jq's variable
	config '.process.terminal = false | .root.readonly = false | .process.env += ["ROOTLET_TEST=" + $c]' --arg c "$C"
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
	equal "$(cat "$T/out")" lo
	equal "$(jq 'has("network")' "$T/state/$C/state.json")" false
	rl delete --force "$C"
}

@test "ping by an ordinary user of the container, and a port below 1024" {
	config '.process.user = {"uid": 1000, "gid": 1000} | .process.capabilities = {}'
	script 'netguest ping 10.0.2.2 && (netguest port:80 & sleep 0.5; nc 127.0.0.1 80 </dev/null; kill $!)'
	try rl run --bundle "$B" --net=slirp4netns "$C"
	equal "$status" 0
	has "$output" "10.0.2.2 answers"
	has "$output" 80
}

@test "resolv.conf and hosts: the namespace's resolver, the host's search list, the own name; the image's entries stay" {
	echo '192.0.2.7 printer' >"$B/rootfs/etc/hosts"
	script 'cat /etc/resolv.conf /etc/hosts; cat /etc/hosts >/copy'
	try rl run --bundle "$B" --net=slirp4netns "$C"
	equal "$status" 0
	has "$output" "nameserver 10.0.2.3"
	[[ $output != *nameserver\ 127.* ]]
	has "$output" "192.0.2.7 printer"
	has "$output" $'127.0.0.1\tlocalhost'
	has "$output" $'10.0.2.100\trootlet'
	[[ $output != *host.rootlet.internal* ]]
	# The image's own file is as it was.
	equal "$(cat "$B/rootfs/etc/hosts")" '192.0.2.7 printer'
}

@test "a bundle's own resolv.conf stays" {
	echo 'nameserver 192.0.2.1' >"$T/mine"
	# shellcheck disable=SC2016 # jq's variable
	config '.mounts += [{"destination": "/etc/resolv.conf", "type": "bind", "source": $f, "options": ["bind"]}]' \
		--arg f "$T/mine"
	script 'cat /etc/resolv.conf'
	try rl run --bundle "$B" --net=slirp4netns "$C"
	equal "$output" 'nameserver 192.0.2.1'
}

# ---------------------------------------------------------------- published

@test "TCP: a megabyte of noise there and back, byte for byte, and eight megabytes" {
	serve 'exec netguest tcp:80' --net=slirp4netns --publish "127.0.0.1:$P:80"
	equal "$(ask 127.0.0.1 "$P" hello)" hello
	python3 - "$P" <<'END'
import hashlib, os, socket, sys, threading
for size in (1 << 20, 8 << 20):
    noise = os.urandom(size)
    s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=20)
    def send():
        s.sendall(noise)
        s.shutdown(socket.SHUT_WR)
    t = threading.Thread(target=send)
    t.start()
    back = b""
    while data := s.recv(1 << 16):
        back += data
    t.join()
    assert hashlib.sha256(back).digest() == hashlib.sha256(noise).digest(), len(back)
END
	rl delete --force "$C"
}

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

@test "UDP: datagrams of every size there and back, several clients apart" {
	serve 'exec netguest udp:53' --net=slirp4netns --publish "127.0.0.1:$P:53/udp"
	python3 - "$P" <<'END'
import os, socket, sys
to = ("127.0.0.1", int(sys.argv[1]))
clients = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for i in range(3)]
for size in (1, 1400, 9000):
    for i, s in enumerate(clients):
        s.settimeout(5)
        noise = bytes([i]) + os.urandom(size)
        s.sendto(noise, to)
        back, source = s.recvfrom(65536)
        assert back == noise and source == to
END
	rl delete --force "$C"
}

@test "a range of ports, each to its own; IPv6 and IPv4" {
	local first=$((P < 60000 ? P : 50000))
	serve 'exec netguest port:9000 port:9001 port:9002' \
		--net=slirp4netns --publish "$first-$((first + 2)):9000-9002"
	equal "$(ask 127.0.0.1 "$first" '')" 9000
	equal "$(ask 127.0.0.1 $((first + 1)) '')" 9001
	equal "$(ask ::1 $((first + 2)) '')" 9002
	rl delete --force "$C"
}

@test "only the address that was asked for answers" {
	serve 'exec netguest tcp:80' --publish "127.0.0.2:$P:80"
	equal "$(ask 127.0.0.2 "$P" hello)" hello
	refuses 127.0.0.1 "$P"
	refuses ::1 "$P"
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
	serve 'exec netguest tcp:80' --net=slirp4netns:port_handler=slirp4netns --publish "127.0.0.1:$P:80"
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

@test "port list, add and remove: each at once, the others undisturbed" {
	local other
	other=$(free_port)
	serve 'exec netguest tcp:80' --net=slirp4netns --publish "127.0.0.1:$P:80"
	equal "$(ask 127.0.0.1 "$P" hello)" hello
	python3 - "$ROOTLET" "$T/state" "$C" "$P" "$other" <<'END'
import os, socket, subprocess, sys, threading
rootlet, root, id, port, other = sys.argv[1:]
noise = os.urandom(1 << 22)
s = socket.create_connection(("127.0.0.1", int(port)), timeout=20)
back = []
def receive():
    while data := s.recv(1 << 16):
        back.append(data)
t = threading.Thread(target=receive)
t.start()
# A transfer that is under way while ports come and go.
for i in range(8):
    s.sendall(noise[i << 19:(i + 1) << 19])
    subprocess.run([rootlet, "--root", root, "port", "remove" if i % 2 else "add", id, "127.0.0.1:%s:80" % other], check=True)
s.shutdown(socket.SHUT_WR)
t.join()
assert b"".join(back) == noise
END
	equal "$(rl port list "$C")" "127.0.0.1:$P:80/tcp"
	refuses 127.0.0.1 "$other"
	# Removed while a connection lives: that one goes on, no new one comes.
	rl port remove "$C" "127.0.0.1:$P:80"
	refuses 127.0.0.1 "$P"
	equal "$(rl port list "$C")" ""
	rl delete --force "$C"
}

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

@test "a busy port in a range: nothing is bound, the port and its owner are named" {
	local base=$((P < 60000 ? P : 50000))
	python3 -c '
import socket, sys, time
s = socket.socket()
s.bind(("127.0.0.1", int(sys.argv[1])))
s.listen()
print("up", flush=True)
time.sleep(60)' $((base + 2)) >"$T/owner" &
	local owner=$!
	wait_for grep -q up "$T/owner"
	script true
	try rl run --bundle "$B" --net=slirp4netns --publish "127.0.0.1:$base-$((base + 3)):80-83" "$C"
	kill "$owner"
	refused "port $((base + 2)) on the host" "(pid $owner)"
	refuses 127.0.0.1 "$base"
}

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

@test "a privileged port: the host's limit is named" {
	[ "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" -gt 80 ] || skip "every port is free to bind here"
	try rl run --bundle "$B" --publish 127.0.0.1:80:80 "$C"
	refused "port 80 on the host" "below $(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" "ip_unprivileged_port_start"
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
subprocess.run([rootlet, "--root", root, "run", "--detach", "--bundle", bundle, "--publish", "127.0.0.1:%s:80" % port, id],
               pass_fds=(3,), env=env, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
END
	wait_for answers 127.0.0.1 "$P" passed
	rl delete --force "$C"
}

# ---------------------------------------------------------------- hardened

@test "slirp4netns runs in a sandbox, with no environment, no pipe of a client's and room for many descriptors" {
	serve 'exec sleep 100' --net=slirp4netns
	local helper slirp
	helper=$(helper_pid)
	slirp=$(child_of "$helper" slirp4netns)
	equal "$(tr -d '\0' <"/proc/$slirp/environ" | wc -c)" 0
	grep -q '^Seccomp:[[:space:]]*2$' "/proc/$slirp/status"
	equal "$(awk '/^Max open files/ { print $4 == $5 }' "/proc/$slirp/limits")" 1
	[ "$(readlink "/proc/$slirp/ns/mnt")" != "$(readlink /proc/self/ns/mnt)" ]
	equal "$(readlink "/proc/$slirp/fd/0")" /dev/null
	# The helper holds no descriptor of its caller's.
	not grep -q "$T" < <(readlink "/proc/$helper"/fd/* "/proc/$helper/cwd")
	rl delete --force "$C"
}

@test "the forwarder keeps CAP_NET_ADMIN over the container's network, and nothing else" {
	serve 'exec sleep 100' --publish "127.0.0.1:$P:80"
	local forwarder
	forwarder=$(child_of "$(helper_pid)" rootlet-ports)
	equal "$(awk '/^CapEff/ { print $2 }' "/proc/$forwarder/status")" 0000000000001000
	equal "$(awk '/^CapBnd/ { print $2 }' "/proc/$forwarder/status")" 0000000000001000
	grep -q '^NoNewPrivs:[[:space:]]*1$' "/proc/$forwarder/status"
	equal "$(readlink "/proc/$forwarder/ns/net")" "$(readlink "/proc/$(pid_of)/ns/net")"
	rl delete --force "$C"
}

# ---------------------------------------------------------------- ends

# killed PROCESS...: what is left a moment after `kill -9` and delete.
all_gone() {
	local pid
	for pid in "$@"; do
		wait_for gone "$pid"
	done
	refuses 127.0.0.1 "$P"
}

@test "kill -9 of init: everything ends, the port is free" {
	serve 'exec netguest tcp:80' --publish "127.0.0.1:$P:80"
	equal "$(ask 127.0.0.1 "$P" hello)" hello
	local helper slirp forwarder
	helper=$(helper_pid) slirp=$(child_of "$helper" slirp4netns) forwarder=$(child_of "$helper" rootlet-ports)
	kill -9 "$(pid_of)"
	all_gone "$helper" "$slirp" "$forwarder"
	rl delete "$C"
}

@test "kill -9 of the helper: slirp4netns and the forwarder end with it, the container lives, delete works" {
	serve 'exec netguest tcp:80' --publish "127.0.0.1:$P:80"
	equal "$(ask 127.0.0.1 "$P" hello)" hello
	local helper slirp forwarder
	helper=$(helper_pid) slirp=$(child_of "$helper" slirp4netns) forwarder=$(child_of "$helper" rootlet-ports)
	kill -9 "$helper"
	all_gone "$helper" "$slirp" "$forwarder"
	status_is running
	try rl port list "$C"
	refused "has ended"
	rl delete --force "$C"
}

@test "kill -9 of slirp4netns: it comes back, with its ports" {
	serve 'exec netguest tcp:80' --publish "127.0.0.1:$P:80"
	equal "$(ask 127.0.0.1 "$P" hello)" hello
	local helper slirp
	helper=$(helper_pid) slirp=$(child_of "$helper" slirp4netns)
	kill -9 "$slirp"
	wait_for gone "$slirp"
	wait_for child_of "$helper" slirp4netns
	wait_for answers 127.0.0.1 "$P" again
	rl delete --force "$C"
}

@test "kill -9 of the forwarder: it comes back, with its ports" {
	serve 'exec netguest tcp:80' --publish "127.0.0.1:$P:80"
	equal "$(ask 127.0.0.1 "$P" hello)" hello
	local helper forwarder
	helper=$(helper_pid) forwarder=$(child_of "$helper" rootlet-ports)
	kill -9 "$forwarder"
	wait_for gone "$forwarder"
	wait_for answers 127.0.0.1 "$P" again
	rl delete --force "$C"
}

@test "kill -9 of a foreground rootlet: the container and its network go on until delete" {
	script 'exec netguest tcp:80'
	rl run --bundle "$B" --publish "127.0.0.1:$P:80" "$C" </dev/null >"$T/out" 2>&1 &
	local rootlet
	wait_for answers 127.0.0.1 "$P" hello
	rootlet=$(pgrep -o -f "run --bundle $B ")
	kill -9 "$rootlet"
	wait_for answers 127.0.0.1 "$P" again
	local helper
	helper=$(helper_pid)
	rl delete --force "$C"
	all_gone "$helper"
}

@test "the port is free when delete returns, and when a foreground run does" {
	for _ in 1 2 3; do
		serve 'exec netguest tcp:80' --publish "127.0.0.1:$P:80"
		rl delete --force "$C"
		script true
		try rl run --bundle "$B" --publish "127.0.0.1:$P:80" "$C"
		equal "$status" 0
	done
}

@test "a hook finds the network ready; a failing one leaves nothing of it" {
	printf '#!/bin/sh\nread -r state\npid=$(echo "$state" | sed "s/.*\\"pid\\":\\([0-9]*\\).*/\\1/")\ncat /proc/$pid/net/dev >%s\nexit 7\n' "$T/dev" >"$T/hook"
	chmod +x "$T/hook"
	# shellcheck disable=SC2016 # jq's variable
	config '.hooks.createRuntime = [{"path": $h}]' --arg h "$T/hook"
	try rl run --bundle "$B" --publish "127.0.0.1:$P:80" "$C"
	refused createRuntime
	grep -q tap0 "$T/dev"
	refuses 127.0.0.1 "$P"
}

# ---------------------------------------------------------------- shared

@test "container:ID: one network for two, and it lives until the last has ended" {
	serve 'exec netguest tcp:80' --publish "127.0.0.1:$P:80"
	equal "$(ask 127.0.0.1 "$P" hello)" hello
	local helper
	helper=$(helper_pid)
	script 'exec sleep 100'
	rl run --detach --bundle "$B" --net="container:$C" "$C-2" </dev/null >"$T/out2" 2>&1
	equal "$(readlink "/proc/$(pid_of)/ns/net")" "$(readlink "/proc/$(pid_of "$C-2")/ns/net")"
	rl delete --force "$C"
	not gone "$helper"
	rl delete --force "$C-2"
	all_gone "$helper"
}

@test "container:ID: the second one first" {
	serve 'exec netguest tcp:80' --publish "127.0.0.1:$P:80"
	script 'exec sleep 100'
	rl run --detach --bundle "$B" --net="container:$C" "$C-2" </dev/null >"$T/out2" 2>&1
	rl delete --force "$C-2"
	equal "$(ask 127.0.0.1 "$P" hello)" hello
	rl delete --force "$C"
}
