# SPDX-License-Identifier: Apache-2.0
# Published ports under load: many connections, slow readers, ends and resets of one side, no
# descriptors left.
#
# shellcheck disable=SC2016,SC2030,SC2031,SC2153

load helpers
load net_helpers

# serve_kind KIND: a container whose port 80 is served so, published as P.
serve_kind() {
	script "exec netguest $1:80 udp:53"
	rl run --detach --bundle "$B" --publish "127.0.0.1:$P:80" --publish "127.0.0.1:$P:53/udp" \
		"$C" </dev/null >"$T/out" 2>&1
	wait_for grep -q ready "$T/out"
}

# forwarder: its pid.
forwarder() {
	pgrep -P "$(jq .network.pid "$T/state/$C/state.json")" -x rootlet-ports
}

# client ARGUMENT...: Python that stands on stdin, with what follows.
client() {
	{
		cat <<'END'
import hashlib, os, resource, selectors, socket, struct, sys, threading, time

port = int(sys.argv[1])
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))

def connect():
    return socket.create_connection(("127.0.0.1", port), timeout=60)

def reset(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()

def digest(b):
    return hashlib.sha256(b).hexdigest()

# Sends each its bytes and compares what comes back until the end; all at once.
def echo(pairs):
    with selectors.DefaultSelector() as sel:
        state = {}
        for s, noise in pairs:
            s.setblocking(False)
            state[s] = [noise, 0, hashlib.sha256(), 0]
            sel.register(s, selectors.EVENT_READ | selectors.EVENT_WRITE)
        while state:
            ready = sel.select(60)
            assert ready, "nothing moves; %d are left" % len(state)
            for key, events in ready:
                s, st = key.fileobj, state[key.fileobj]
                if events & selectors.EVENT_WRITE:
                    try:
                        st[1] += s.send(st[0][st[1]:st[1] + 262144])
                    except BlockingIOError:
                        pass
                    if st[1] == len(st[0]):
                        s.shutdown(socket.SHUT_WR)
                        sel.modify(s, selectors.EVENT_READ)
                if events & selectors.EVENT_READ:
                    data = s.recv(262144)
                    if data:
                        st[2].update(data)
                        st[3] += len(data)
                        continue
                    assert st[3] == len(st[0]), (st[3], len(st[0]))
                    assert st[2].hexdigest() == digest(st[0])
                    sel.unregister(s)
                    s.close()
                    del state[s]

END
		cat
	} | python3 - "$@"
}

@test "32 at once, four megabytes each way, byte for byte" {
	serve_kind tcp
	client "$P" <<'END'
echo([(connect(), os.urandom(4 << 20)) for i in range(32)])
END
	rl delete --force "$C"
}

@test "500 at once, all open before the first is used" {
	serve_kind tcp
	client "$P" <<'END'
many = [connect() for i in range(500)]
echo([(s, os.urandom(20000 + i)) for i, s in enumerate(many)])
END
	rl delete --force "$C"
}

@test "2000 one after the other, eight at a time: none is lost, no descriptor is left" {
	serve_kind tcp
	local before
	before=$(find "/proc/$(forwarder)/fd" | wc -l)
	client "$P" <<'END'
def some():
    for i in range(250):
        noise = os.urandom(100)
        with connect() as s:
            s.sendall(noise)
            s.shutdown(socket.SHUT_WR)
            back = b""
            while data := s.recv(1000):
                back += data
            assert back == noise
        done.append(i)
done = []
threads = [threading.Thread(target=some) for i in range(8)]
for t in threads:
    t.start()
for t in threads:
    t.join()
assert len(done) == 2000, len(done)
END
	# One more is the socket that waits for the next connection.
	few() { [ "$(find "/proc/$(forwarder)/fd" | wc -l)" -le $((before + 1)) ]; }
	wait_for few
	few
	rl delete --force "$C"
}

@test "those who don't read hold up nobody else, cost no memory, and get everything in the end" {
	serve_kind tcp
	client "$P" "$(forwarder)" <<'END'
def rss():
    with open("/proc/%s/status" % sys.argv[2]) as f:
        return next(int(l.split()[1]) for l in f if l.startswith("VmRSS"))
before = rss()
block = os.urandom(1 << 20)
slow = []
for i in range(4):
    s = connect()
    s.setblocking(False)
    sent, stuck = 0, 0
    # Until nothing has moved for a while: every buffer on the way is full then.
    while sent < 512 << 20 and stuck < 20:
        try:
            sent += s.send(block[sent % len(block):])
            stuck = 0
        except BlockingIOError:
            stuck += 1
            time.sleep(0.02)
    assert sent < 512 << 20, "somebody has swallowed all of it"
    slow.append((s, sent))
grown = rss() - before
assert grown < 4096, "%d KiB" % grown
echo([(connect(), os.urandom(2 << 20)) for i in range(4)])
for s, sent in slow:
    s.setblocking(True)
    s.settimeout(60)
    s.shutdown(socket.SHUT_WR)
    got = 0
    while data := s.recv(1 << 18):
        at = got % len(block)
        assert (block[at:] + block)[:len(data)] == data, got
        got += len(data)
    assert got == sent, (got, sent)
END
	rl delete --force "$C"
}

# Each has had enough for a pipe, and does not read on.
@test "130 stalled transfers leave the user his pipes, cost no memory, and get everything" {
	serve_kind after
	client "$P" "$(forwarder)" <<'END'
import fcntl
def rss():
    with open("/proc/%s/status" % sys.argv[2]) as f:
        return next(int(l.split()[1]) for l in f if l.startswith("VmRSS"))
before = rss()
stalled = []
size = 8 << 20
for i in range(130):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1400)
    s.settimeout(60)
    s.connect(("127.0.0.1", port))
    s.sendall(b"%d" % size)
    s.shutdown(socket.SHUT_WR)
    got = 0
    while got < 1 << 20:
        got += len(s.recv(65536))
    stalled.append((s, got))
# F_SETPIPE_SZ: beyond the user's quota it says EPERM.
pipe = os.pipe()
assert fcntl.fcntl(pipe[0], 1031, 1 << 20) == 1 << 20
grown = rss() - before
assert grown < 2560, "%d KiB" % grown
for s, got in stalled:
    while data := s.recv(1 << 18):
        at = size - got
        assert data[0] == at % 256 and data[-1] == (at - len(data) + 1) % 256, got
        got += len(data)
    assert got == size, got
END
	rl delete --force "$C"
}

@test "the client ends its side first: what the server sends afterwards arrives, all of it" {
	serve_kind after
	client "$P" <<'END'
for size in (0, 1, 70000, 8 << 20):
    s = connect()
    s.sendall(b"%d" % size)
    s.shutdown(socket.SHUT_WR)
    # Two seconds are nothing to a connection with one side closed.
    if size == 1:
        time.sleep(2)
    back = b""
    while data := s.recv(1 << 18):
        back += data
    pattern = bytes(range(255, -1, -1))
    left, whole = size, b""
    assert len(back) == size, (len(back), size)
    assert all(back[i] == (size - i) % 256 for i in range(0, size, 997))
END
	rl delete --force "$C"
}

@test "the server ends its side first: what the client sends afterwards arrives, all of it" {
	serve_kind last
	client "$P" >"$T/sent" <<'END'
noise = os.urandom(2 << 20)
s = connect()
assert s.recv(100, socket.MSG_WAITALL) == b"hello"
assert s.recv(100) == b""
s.sendall(noise)
s.close()
h = 14695981039346656037
for b in noise:
    h = ((h ^ b) * 1099511628211) % 2**64
print("last: %d bytes %016x" % (len(noise), h))
END
	wait_for grep -q "^last: 2097152 bytes" "$T/out"
	equal "$(grep ^last: "$T/out")" "$(cat "$T/sent")"
	rl delete --force "$C"
}

@test "a client's reset is a reset for the server, and its end is an end" {
	serve_kind end
	client "$P" <<'END'
s = connect()
s.sendall(b"x" * 100000)
s.shutdown(socket.SHUT_WR)
assert s.recv(1) == b""
END
	wait_for grep -q '^end: closed$' "$T/out"
	[ "$(grep -c '^end: reset$' "$T/out")" -eq 0 ]
	client "$P" <<'END'
s = connect()
s.sendall(b"x")
reset(s)
END
	wait_for grep -q '^end: reset$' "$T/out"
	rl delete --force "$C"
}

@test "a client's reset after it had ended its side is one for the server too" {
	serve_kind end
	client "$P" "$T/out" <<'END'
s = connect()
s.sendall(b"x")
s.shutdown(socket.SHUT_WR)
for i in range(500):
    if "end: closed" in open(sys.argv[2]).read():
        break
    time.sleep(0.02)
reset(s)
END
	wait_for grep -q '^end: closed$' "$T/out"
	wait_for grep -q '^end: reset$' "$T/out"
	rl delete --force "$C"
}

@test "a server's reset is a reset for the client" {
	serve_kind reset
	client "$P" <<'END'
for i in range(20):
    s = connect()
    s.sendall(b"x")
    try:
        s.recv(1)
    except ConnectionResetError:
        continue
    sys.exit("no reset")
END
	rl delete --force "$C"
}

@test "no descriptors left: who comes waits, nobody is turned away, UDP goes on; and it ends" {
	serve_kind tcp
	local used
	used=$(find "/proc/$(forwarder)/fd" -mindepth 1 | wc -l)
	prlimit --pid "$(forwarder)" --nofile="$((used + 41)):$((used + 41))"
	client "$P" "$(forwarder)" <<'END'
def ticks():
    with open("/proc/%s/stat" % sys.argv[2]) as f:
        fields = f.read().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])

def answered(s):
    s.settimeout(0.3)
    try:
        return s.recv(1) == b"x"
    except socket.timeout:
        return False

udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.settimeout(5)
udp.sendto(b"before", ("127.0.0.1", port))
assert udp.recv(100) == b"before"
many = [connect() for i in range(100)]
for s in many:
    s.sendall(b"x")
served = [s for s in many if answered(s)]
waiting = [s for s in many if s not in served]
assert 15 <= len(served) <= 20, len(served)
begin = ticks()
time.sleep(1)
assert ticks() - begin < 20, "%d ticks in an idle second" % (ticks() - begin)
udp.sendto(b"meanwhile", ("127.0.0.1", port))
assert udp.recv(100) == b"meanwhile"

# A transfer goes on, though no pipe can be made for it. Its end makes room for the next, and so on.
echo([(served.pop(), os.urandom(4 << 20))])
for s in served:
    s.close()
for s in waiting:
    s.settimeout(20)
    assert s.recv(1) == b"x"
    echo([(s, os.urandom(1000))])
END
	rl delete --force "$C"
}

@test "no descriptors left for another client by UDP: the one that was idle longest makes room" {
	serve_kind tcp
	local used
	used=$(find "/proc/$(forwarder)/fd" -mindepth 1 | wc -l)
	prlimit --pid "$(forwarder)" --nofile="$((used + 10)):$((used + 10))"
	client "$P" <<'END'
clients = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for i in range(40)]
for round in range(2):
    for i, s in enumerate(clients):
        s.settimeout(10)
        noise = os.urandom(500)
        s.sendto(noise, ("127.0.0.1", port))
        assert s.recv(1000) == noise
END
	rl delete --force "$C"
}
