# SPDX-License-Identifier: Apache-2.0
# A container's network as seen by a host of its own: the addresses of clients, answers and the
# container.
#
# rooms: host session
#
# What stands in single quotes is for the shell of that host
# shellcheck disable=SC2016,SC2153,SC2317

load helpers
load kernel_helpers
load net_host_helpers

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
		serve "exec netguest peer:80 udp-peer:53" '\
'--net=slirp4netns:client_address=gateway --publish 8080:80 --publish 5353:53/udp
		client_of tcp 192.0.2.1 192.0.2.2 8080
		client_of udp 192.0.2.1 192.0.2.2 5353
		rl exec "$C" ip rule
		rl delete --force "$C"'
	has "$output" "192.0.2.1"
	equal "$(sed -n 1p <<<"$output" | awk '{ print $3 }')" 10.0.2.2
	[[ $output != *"lookup 101"* ]]
}

# Seen to fail, now and then, without the own address of AF_INET6 on lo (inside.c): a datagram is
# lost meanwhile.
@test "slirp4netns killed: datagrams and connections by IPv6 go on, with the client's address" {
	on_host '
		serve "exec netguest udp-peer:53 peer:80" --publish 5353:53/udp --publish 8080:80
		cat >"$T/ask.py" <<END
import os, signal, socket, sys, time
def server():
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    s.bind(("2001:db8::1", 0))
    s.connect(("2001:db8::1", 5353))
    s.settimeout(20)
    return s
def ask(s):
    s.send(b"x")
    return s.recv(100).decode().split()[0]
def connection():
    s = socket.create_connection(("2001:db8::1", 8080), 20, ("2001:db8::1", 0))
    return s.makefile().read().split()[0]
s = server()
seen = {ask(s)}
os.kill(int(sys.argv[1]), signal.SIGKILL)
for _ in range(20):
    seen |= {ask(s), ask(server()), connection()}
    time.sleep(0.01)
print(seen)
END
		python3 "$T/ask.py" "$(pgrep -P "$(jq .network.pid "$T/state/$C/state.json")" -x '\
'slirp4netns)"
		rl delete --force "$C"'
	equal "$output" "{'2001:db8::1'}"
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

@test "big transfers go through few pipes, and give them back" {
	on_host '
		serve "exec netguest after:80" --net=slirp4netns --publish 8080:80
		cat >"$T/transfers" <<"END"
import socket, sys
many = []
for i in range(20):
    s = socket.socket()
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1400)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    s.settimeout(60)
    s.connect(("192.0.2.1", 8080))
    s.sendall(b"8000000")
    s.shutdown(socket.SHUT_WR)
    got = 0
    while got < 1 << 20:
        got += len(s.recv(65536))
    many.append(s)
print("stalled", flush=True)
sys.stdin.readline()
for s in many:
    while s.recv(1 << 18):
        pass
print("all")
END
		coproc python3 "$T/transfers"
		read -r word <&"${COPROC[0]}"
		forwarder=$(pgrep -x rootlet-ports)
		ends() { find "/proc/$forwarder/fd" -lname "pipe:*" | wc -l; }
		echo "$word $(ends)"
		echo >&"${COPROC[1]}"
		read -r word <&"${COPROC[0]}"
		echo "$word"
		no_pipes() { [ "$(ends)" -eq 0 ]; }
		wait_for no_pipes
		rl delete --force "$C"'
	equal "$output" $'stalled 16\nall'
}

@test "by IPv6: nobody waits for who is not answered, and the table of sockets is read seldom" {
	config '.linux.sysctl += {"net.core.somaxconn": "1"}'
	on_host '
		serve "netguest tcp:81 udp:53 & exec netguest tcp:80" --net=slirp4netns \
			--publish 8080:80 --publish 8081:81 --publish 5353:53/udp
		all_ready() { [ "$(grep -c ready "$T/out")" -eq 2 ]; }
		wait_for all_ready
		kill -STOP "$(pgrep -xf "netguest tcp.80")"
		python3 - "$(pgrep -x rootlet-ports)" <<"END"
import socket, sys, time
def read():
    with open("/proc/%s/io" % sys.argv[1]) as f:
        return int(f.readline().split()[1])
def ask(s):
    s.settimeout(20)
    s.connect(("2001:db8::1", 5353))
    s.send(b"x")
    assert s.recv(10) == b"x"
before = read()
ask(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM))
once = read() - before
assert once > 0
begin = time.monotonic()
for i in range(400):
    ask(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM))
looks = (read() - before) / once
# Each look may find the forwarder itself with 400 sockets there.
allowed = 8 * (time.monotonic() - begin + 2) * 400
print("seldom" if looks <= allowed else "%d looks, %d" % (looks, allowed))
many = [socket.socket(socket.AF_INET6) for i in range(800)]
begin = time.monotonic()
for s in many:
    s.setblocking(False)
    s.connect_ex(("2001:db8::1", 8080))
for i in range(250):
    with socket.create_connection(("2001:db8::1", 8081), timeout=20) as s:
        s.sendall(b"x")
        assert s.recv(1) == b"x"
took = time.monotonic() - begin
print("at once" if took < 1.8 else took)
END
		rl delete --force "$C"'
	equal "$output" $'seldom\nat once'
}
