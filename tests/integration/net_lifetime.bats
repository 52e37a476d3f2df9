# SPDX-License-Identifier: Apache-2.0
# What is left of a network when one of its processes is killed at any moment, and when it has been
# made very often.
#
# ROOTLET_NET_KILLS (default: 40) rounds, ROOTLET_NET_CYCLES (default: as many of 1,000 as 80
# seconds allow) starts, fewer in a room; ROOTLET_NET_SEED repeats a run.
#
# rooms: host session vm
# alone: it looks at every slirp4netns of the user's
#
# shellcheck disable=SC2016,SC2153,SC2154

load helpers
load net_helpers

@test "rootlet, helper, slirp4netns, init killed at a random moment: no orphan, the port is free" {
	local seed=${ROOTLET_NET_SEED:-$RANDOM} rounds=${ROOTLET_NET_KILLS:-40}
	[ -z "${ROOTLET_ROOM:-}" ] || rounds=24
	script 'exec netguest tcp:80'
	echo "# ROOTLET_NET_SEED=$seed" >&3
	# Each process of a round has the test's folder among its arguments, or (the container's)
	# its mark in the environment, but for slirp4netns, which is known by the network namespace
	# that it holds open.
	try python3 - "$ROOTLET" "$T/state" "$B" "$C" "$P" "$seed" "$rounds" <<'END'
import errno, glob, os, random, signal, socket, subprocess, sys, time

rootlet, root, bundle, mark, port, seed, rounds = sys.argv[1:]
port, rounds = int(port), int(rounds)
random.seed(int(seed))
env = dict(os.environ, ROOTLET_TEST=mark)
own_net = os.stat("/proc/self/ns/net").st_ino
MARK = ("ROOTLET_TEST=" + mark).encode()
ARGUMENTS = ("--root\0%s\0" % root).encode()

def read(path):
    try:
        with open(path, "rb") as f:
            return f.read()
    except OSError:
        return b""

def alive(pid):
    stat = read("/proc/%s/stat" % pid)
    return bool(stat) and stat.rpartition(b")")[2].split()[0] not in b"ZX"

def parent(pid):
    return b"".join(read("/proc/%s/stat" % pid).rpartition(b")")[2].split()[1:2]).decode()

def processes():
    """Of this round: what has the mark, and their slirp4netns, or one that has lost its helper."""
    all_ = [p for p in os.listdir("/proc") if p.isdigit() and alive(p)]
    ours = [p for p in all_ if (ARGUMENTS in read("/proc/%s/cmdline" % p) or
                                MARK in read("/proc/%s/environ" % p).split(b"\0"))
            and p != str(os.getpid())]
    slirps = [p for p in all_ if p not in others and name(p) == "slirp4netns" and
              (parent(p) in ours or name(parent(p)) != "rootlet-net")]
    return ours, slirps

def name(pid):
    return read("/proc/%s/comm" % pid).strip().decode()

def is_free():
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        s.bind(("127.0.0.1", port))
        return True
    except OSError as e:
        assert e.errno == errno.EADDRINUSE
        return False
    finally:
        s.close()

def namespaces(pids=("[0-9]*",)):
    """Network namespaces that these processes are in or hold open, as far as this user can see."""
    found = set()
    for path in [p for pid in pids
        for p in glob.glob("/proc/%s/ns/net" % pid) + glob.glob("/proc/%s/fd/*" % pid)]:
        try:
            link = os.readlink(path)
        except OSError:
            continue
        if link.startswith("net:["):
            found.add(int(link[5:-1]))
    return found - {own_net}

def wait_until(what, limit, text):
    end = time.monotonic() + limit
    while not what():
        if time.monotonic() > end:
            ours, slirps = processes()
            raise SystemExit("%s: %s" % (text, ["%s %s" % (p, name(p)) for p in ours + slirps]))
        time.sleep(0.005)

def run(id, *options):
    return subprocess.Popen([rootlet, "--root", root, "run", *options, "--bundle", bundle,
                             "--publish", "127.0.0.1:%d:80" % port, id],
                            env=env, stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

others = [p for p in os.listdir("/proc") if p.isdigit() and name(p) == "slirp4netns"]
killed, slow, seen = {}, [], 0
for i in range(rounds):
    id = "%s-%d" % (mark, i)
    victim = ("rootlet", "rootlet-net", "slirp4netns", "init")[i % 4]
    # While it is being made, or when it is there.
    ready, delay = i // 4 % 2 == 0, random.uniform(0, 0.06)
    command = run(id, *(["--detach"] if random.random() < 0.5 else []))
    if ready:
        wait_until(lambda: os.path.exists("%s/%s/state.json" % (root, id)), 20, "never ready")
    time.sleep(delay)
    ours, slirps = processes()
    networks = namespaces(ours)
    seen += bool(networks)
    if victim == "rootlet":
        targets = [str(command.pid)]
    elif victim == "slirp4netns":
        targets = slirps
    elif victim == "rootlet-net":
        targets = [p for p in ours if name(p) == "rootlet-net"]
    else:
        # In a pid namespace of its own, as number 1.
        targets = [p for p in ours if read("/proc/%s/status" % p).find(b"\t1\n",
            read("/proc/%s/status" % p).find(b"NSpid")) > 0]
    for p in targets:
        try:
            os.kill(int(p), signal.SIGKILL)
            killed[victim] = killed.get(victim, 0) + 1
        except OSError:
            pass
    # A detached one ends by itself; in the foreground it waits for its container.
    time.sleep(random.uniform(0, 0.03))
    subprocess.run([rootlet, "--root", root, "delete", "--force", id], env=env,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deleted = time.monotonic()
    if command.poll() is None and not alive(str(command.pid)):
        command.wait()
    # Where rootlet was still at work, what it was about to make may have come after the delete:
    # then it is deleted now.
    if command.poll() is None:
        try:
            command.wait(timeout=0.5)
        except subprocess.TimeoutExpired:
            pass
        subprocess.run([rootlet, "--root", root, "delete", "--force", id], env=env,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        command.wait(timeout=20)
        deleted = time.monotonic()
    while not is_free():
        if time.monotonic() > deleted + 10:
            raise SystemExit("round %d, %s killed: the port is taken" % (i, victim))
    slow.append((time.monotonic() - deleted) * 1000)
    when = "it was ready" if ready else "its start"
    text = "round %d, %s killed %.1f ms after %s" % (i, victim, delay * 1000, when)
    wait_until(lambda: processes() == ([], []), 10, text + ": left")
    wait_until(lambda: not networks & namespaces(), 10, text + ": its network namespace is pinned")
    if os.path.exists("%s/%s" % (root, id)):
        raise SystemExit("%s: the state folder is left, with %s" % (text,
            os.listdir("%s/%s" % (root, id))))
slow.sort()
print("killed:", ", ".join("%s %d" % k for k in sorted(killed.items())),
    "- with a network already: %d" % seen,
      "- port free after delete: median %.1f, slowest %.1f ms" % (slow[len(slow) // 2], slow[-1]))
# Every kind was met alive more than once, or this shows nothing.
assert len(killed) == 4 and min(killed.values()) > rounds / 16 and seen > rounds / 4
# What a busy machine adds is not ours.
assert slow[len(slow) * 9 // 10] < 50, slow
END
	echo "# $output" >&3
	[ "$status" -eq 0 ] || fail "$stderr$output"
}

@test "start and stop, over and over: as many processes, descriptors, namespaces, files as before" {
	local cycles=${ROOTLET_NET_CYCLES:-1000} limit=80
	[ -z "${ROOTLET_ROOM:-}" ] || cycles=40
	[ -z "${ROOTLET_NET_CYCLES:-}" ] || limit=86400
	script true
	try python3 - "$ROOTLET" "$T/state" "$B" "$C" "$P" "$cycles" "$limit" <<'END'
import os, subprocess, sys, time
rootlet, root, bundle, mark, port, cycles, limit = sys.argv[1:]
env = dict(os.environ, ROOTLET_TEST=mark)

def count():
    """What a user can see of their own: processes, descriptors, namespaces, mounts, sockets."""
    pids = [p for p in os.listdir("/proc") if p.isdigit()]
    ours, spaces, slirps = [], set(), 0
    for p in pids:
        try:
            with open("/proc/%s/environ" % p, "rb") as f:
                marked = ("ROOTLET_TEST=" + mark).encode() in f.read().split(b"\0")
            with open("/proc/%s/cmdline" % p, "rb") as f:
                marked = marked or ("--root\0%s\0" % root).encode() in f.read()
            with open("/proc/%s/comm" % p) as f:
                mine = os.stat("/proc/%s" % p).st_uid == os.getuid()
                slirps += mine and f.read().strip() == "slirp4netns"
            if marked and int(p) != os.getpid():
                ours.append(p)
        except OSError:
            continue
    with open("/proc/net/tcp") as f:
        # Local address, remote address, state: 0A listens.
        bound = sum(line.split()[1].endswith(":%04X" % int(port)) and line.split()[3] == "0A"
            for line in f)
    files = [os.path.join(d, n) for d, dirs, names in os.walk(root) for n in dirs + names]
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    with open("/proc/self/mountinfo") as f:
        mounts = len(f.readlines())
    return {"processes": ours, "slirp4netns": slirps,
            "descriptors": len(os.listdir("/proc/self/fd")), "listeners": bound,
            "files": files, "mounts": mounts,
            "runtime": sorted(os.listdir(runtime)) if runtime else [],
            "tmp": sorted(n for n in os.listdir(os.path.dirname(root)) if not n.startswith("try."))}

def one(i):
    options = ["--detach"] if i % 2 else []
    id = "%s-%d" % (mark, i)
    subprocess.run([rootlet, "--root", root, "run", *options, "--bundle", bundle, "--publish",
        "127.0.0.1:%s:80" % port, id],
                   env=env, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    if options:
        subprocess.run([rootlet, "--root", root, "delete", "--force", id], env=env, check=True)

one(1)
# Its monitor may still be on its way out.
end = time.monotonic() + 10
while count()["processes"] and time.monotonic() < end:
    time.sleep(0.05)
before, start = count(), time.monotonic()
done = 0
while done < int(cycles) and time.monotonic() < start + int(limit):
    one(done)
    done += 1
took = time.monotonic() - start
end = time.monotonic() + 10
while count() != before and time.monotonic() < end:
    time.sleep(0.05)
print("%d cycles in %.1f s, %.0f ms each" % (done, took, took * 1000 / done))
after = count()
assert after == before, (before, after)
assert done >= min(int(cycles), 200)
END
	echo "# $output" >&3
	[ "$status" -eq 0 ] || fail "$stderr$output"
}
