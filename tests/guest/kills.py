#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
kills: every command, and kill -9 of one of its processes at any moment. What a kill leaves behind
must be gone after `delete --force` of the container, or after the next start of its ID.

Usage: kills.py ROOTLET ROOT BUNDLE MARK PORT SEED ROUNDS [OPTION...]

BUNDLE: a container that sleeps, with a hook of each kind. MARK: what stands in ROOTLET_TEST of all
that is started here, and in the containers' IDs. OPTION: global ones, such as
--cgroup-manager=systemd. ROOTLET_KILLS_ALONE: nobody else works on this machine, so that whatever
is new there was left. ROOTLET_KILLS_ONLY: a regular expression for the commands.

Prints what was killed, and how often in which command.
"""
import collections
import ctypes
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time

rootlet, root, bundle, mark, port, seed, rounds = sys.argv[1:8]
options = sys.argv[8:]
random.seed(int(seed))
env = dict(os.environ, ROOTLET_TEST=mark)
alone = bool(os.environ.get("ROOTLET_KILLS_ALONE"))
top = os.path.dirname(root)
runtime = "/run/user/%d" % os.getuid()
PUBLISHED = "127.0.0.1:%s:80" % port
PR_SET_CHILD_SUBREAPER = 36
# As in <linux/net.h> and /proc/net/tcp.
TCP_LISTEN = b"0A"


def write(path, text):
    with open(path, "w") as file:
        file.write(text)
    return path


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


mounts_file = write(os.path.join(top, "mounts.json"),
                    '[{"destination": "/srv/t", "type": "tmpfs"}]')
# The same container, and its program ends at once.
short_file = os.path.join(top, "short.json")
with open(os.path.join(bundle, "config.json")) as config_file:
    config = json.load(config_file)
config["process"]["args"] = ["true"]
write(short_file, json.dumps(config))


# ---------------------------------------------------------------- processes

begun_here = {}


def command(*words):
    process = subprocess.Popen([rootlet, "--root", root, *options, *words], env=env,
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    begun_here[process.pid] = process
    return process


def done(*words):
    return command(*words).wait(timeout=60)


def reap():
    """What has lost its parent is ours, and a zombie holds namespaces and keys."""
    while True:
        try:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if ended is None:
            return
        if ended.si_pid in begun_here:
            begun_here.pop(ended.si_pid).poll()
        else:
            os.waitpid(ended.si_pid, 0)


def fields(pid):
    """State and parent."""
    return read("/proc/%s/stat" % pid).rpartition(b")")[2].split()[:2] or [b"X", b"0"]


def processes(below=os.getpid()):
    """All that was ever started here: whoever loses its parent becomes a child of this process."""
    reap()
    everyone = {p: fields(p) for p in os.listdir("/proc") if p.isdigit()}
    children = collections.defaultdict(list)
    for pid, (_, parent) in everyone.items():
        children[parent.decode()].append(pid)
    found, new = [], children[str(below)]
    while new:
        found += new
        new = [child for pid in new for child in children[pid]]
    return sorted((p for p in found if everyone[p][0] not in (b"Z", b"X")), key=int)


def name(pid):
    return read("/proc/%s/comm" % pid).strip().decode()


# ---------------------------------------------------------------- what is there

def output_of(*words):
    return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          check=False).stdout.decode()


def units():
    """Scopes, and what has failed; but for the bus, which is killed here."""
    if "--cgroup-manager=systemd" not in options:
        return set()
    user = [] if os.getuid() == 0 else ["--user"]
    lines = output_of("systemctl", *user, "list-units", "--all", "--no-legend", "--plain")
    found = {tuple(line.split()[:3]) for line in lines.splitlines()}
    return {"%s %s" % (u[0], u[2]) for u in found
            if (u[0].endswith(".scope") or u[2] == "failed" or mark in u[0])
            and not u[0].startswith("dbus.")}


def files_below(*folders):
    found = set()
    for folder in folders:
        for base, folders_in, files in os.walk(folder):
            if base == os.path.join(bundle, "rootfs", "proc"):
                folders_in.clear()
            found |= {os.path.join(base, f) for f in folders_in + files}
    return found


def cgroups():
    return {p for p in files_below("/sys/fs/cgroup") if os.path.isdir(p)}


def sockets():
    """Names of UNIX sockets, and who listens at the published port."""
    found = {line.split()[7].decode() for line in read("/proc/net/unix").splitlines()[1:]
             if len(line.split()) > 7}
    for table in "/proc/net/tcp", "/proc/net/tcp6":
        for line in read(table).splitlines()[1:]:
            words = line.split()
            if words[3] == TCP_LISTEN and words[1].endswith(b":%04X" % int(port)):
                found.add("port " + port)
    return found


def keys():
    return {"key " + " ".join(line.split()[7:]) for line in
            read("/proc/keys").decode(errors="replace").splitlines() if mark in line}


def is_ours(path):
    return mark in path or path.startswith(top + "/")


def inventory():
    """Whatever may be left, by name."""
    found = files_below(top) | keys()
    elsewhere = sockets() | cgroups()
    if alone:
        elsewhere |= files_below(runtime, "/tmp", "/var/tmp", "/dev/shm", "/run/netns",
                                 "/run/rootlet")
    found |= {p for p in elsewhere if alone or is_ours(p)}
    found |= {"mount " + line.decode(errors="replace")
              for line in read("/proc/self/mountinfo").splitlines() if alone or mark in
              line.decode(errors="replace") or top.encode() in line}
    return found | {"unit " + u for u in units()}


def left():
    """What there is that was not there at the beginning."""
    found = ["process %s %s" % (p, name(p)) for p in processes()]
    # A service that the manager has started anew.
    return found + sorted(p for p in inventory() - before if not p.endswith("/dbus.service"))


# ---------------------------------------------------------------- commands

def run(*words):
    return lambda c: command("run", *words, "--bundle", bundle, c)


def after(*first):
    """A command on a container that was made by that one; ID stands for it."""
    def of(*words):
        def begin(c):
            done(*first, "--bundle", bundle, c)
            return command(*[c if w == "ID" else w for w in words])
        return begin
    return of


def after_both(first, *words):
    """On one that something else was done to before."""
    def begin(c):
        done("run", "--detach", "--bundle", bundle, c)
        done(*[c if w == "ID" else w for w in first])
        return command(*[c if w == "ID" else w for w in words])
    return begin


def sharing(c):
    done("run", "--detach", "--net=slirp4netns", "--bundle", bundle, c + "-net")
    return command("run", "--detach", "--net=container:%s-net" % c, "--bundle", bundle, c)


of_running, of_created = after("run", "--detach"), after("create")
of_network = after("run", "--detach", "--net=slirp4netns")
add, remove = ("mounts", "add", "ID", mounts_file), ("mounts", "remove", "ID", mounts_file)
COMMANDS = {
    "run": run(),
    "run --detach": run("--detach"),
    "run --net": run("--net=slirp4netns", "--publish", PUBLISHED),
    "run --detach --net": run("--detach", "--net=slirp4netns", "--publish", PUBLISHED),
    "run --net accel": run("--net=slirp4netns:accel=seccomp", "--publish", PUBLISHED),
    "run --net=container": sharing,
    "create": lambda c: command("create", "--bundle", bundle, c),
    "create --net": lambda c: command("create", "--net=slirp4netns", "--publish", PUBLISHED,
                                      "--bundle", bundle, c),
    "start": of_created("start", "ID"),
    "start of a network": after("create", "--net=slirp4netns")("start", "ID"),
    "exec": of_running("exec", "ID", "sleep", "0.02"),
    "exec --detach": of_running("exec", "--detach", "ID", "sleep", "1000"),
    "kill": of_running("kill", "ID", "KILL"),
    "kill --all": of_running("kill", "--all", "ID", "TERM"),
    "delete": after_both(("kill", "ID", "KILL"), "delete", "ID"),
    "delete --force": of_running("delete", "--force", "ID"),
    "delete of a created": of_created("delete", "--force", "ID"),
    "delete of a network": of_network("delete", "--force", "ID"),
    "update": of_running("update", "--pids-limit", "99", "ID"),
    "pause": of_running("pause", "ID"),
    "resume": after_both(("pause", "ID"), "resume", "ID"),
    "delete of a paused": after_both(("pause", "ID"), "delete", "--force", "ID"),
    "port add": of_network("port", "add", "ID", PUBLISHED),
    "port list": of_network("port", "list", "ID"),
    "mounts add": of_running(*add),
    "mounts remove": after_both(add, *remove),
    "ps": of_running("ps", "ID"),
    "state": of_running("state", "ID"),
    "list": of_running("list"),
    "events": of_running("events", "--interval", "1s", "ID"),
    "wait": of_running("wait", "ID"),
}
if os.getuid() == 0 and shutil.which("criu"):
    images = os.path.join(top, "images")
    os.makedirs(images, exist_ok=True)
    COMMANDS["checkpoint"] = of_running("checkpoint", "--image-path", images, "ID")
    COMMANDS["checkpoint --leave-running"] = of_running(
        "checkpoint", "--leave-running", "--image-path", images, "ID")


# ---------------------------------------------------------------- a round

def bus():
    """The user's message bus, by its pid."""
    pid = output_of("systemctl", "--user", "show", "--property=MainPID", "--value",
                    "dbus.service").strip()
    return pid if pid not in ("", "0") else None


def kill_one(what, begun):
    """Kills any process; or the bus, where this machine's is for nobody else."""
    everyone = processes()
    own = [p for p in everyone if p == str(begun.pid)] + processes(begun.pid)
    victim = random.choice(own if own and random.random() < 0.6 else everyone or [None])
    if (alone and "--cgroup-manager=systemd" in options and os.getuid() != 0
            and random.random() < 0.01):
        victim = bus() or victim
    if not victim:
        return "nothing"
    text = name(victim)
    try:
        os.kill(int(victim), signal.SIGKILL)
    except OSError:
        return text
    victims[text] += 1
    killed[what] += 1
    if text == "dbus-daemon":
        output_of("systemctl", "--user", "reset-failed", "dbus.service", "dbus.socket")
        output_of("systemctl", "--user", "start", "dbus.socket", "dbus.service")
    return text


def nothing_left(seconds):
    end = time.monotonic() + seconds
    while left():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def start_again(c, begun, patience):
    """
    The next start of that ID, once the killed command is over: clears what that left, or finds the
    container. True: it ran, and all is cleared.
    """
    try:
        begun.wait(timeout=0.3)
    except subprocess.TimeoutExpired:
        return False
    if done("run", "--bundle", bundle, "--config", short_file, c) != 0:
        return False
    if not nothing_left(patience):
        raise SystemExit("%s: after the next start: left: %s" % (text_of_round, left()))
    return True


def delete(c, begun, patience):
    """A command that is still at work may make more after a delete, and is to be deleted again."""
    end = time.monotonic() + patience
    while True:
        for each in c, c + "-net":
            started = time.monotonic()
            done("delete", "--force", each)
            if time.monotonic() - started > 20:
                raise SystemExit("%s: delete took long" % text_of_round)
        try:
            begun.wait(timeout=0.3)
        except subprocess.TimeoutExpired:
            begun.send_signal(signal.SIGTERM)
        rest = left() if begun.poll() is not None else "the command itself"
        if not rest:
            return
        if time.monotonic() > end:
            raise SystemExit("%s: left: %s\n%s" % (text_of_round, rest, output_of(
                "ps", "-eo", "pid,ppid,stat,wchan:20,args")))
        time.sleep(0.01)


ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
names = [c for c in sorted(COMMANDS) if re.search(os.environ.get("ROOTLET_KILLS_ONLY", ""), c)]
# Once made: the places of mounts in the root filesystem, folders of cgroups, slirp4netns' version.
first = mark + "-0"
for words in (("run", "--detach", "--net=slirp4netns", "--bundle", bundle, first),
              ("mounts", "add", first, mounts_file), ("delete", "--force", first)):
    if done(*words) != 0:
        raise SystemExit("%s failed" % words[0])
before = set()
for _ in range(500):
    if not processes():
        break
    time.sleep(0.01)
else:
    raise SystemExit("left by the first run: %s" % processes())
before = inventory()
killed, victims, again = collections.Counter(), collections.Counter(), 0
for i in range(int(rounds)):
    container = "%s-%d" % (mark, i)
    chosen = random.choice(names)
    delay = random.choice((0.005, 0.03, 0.08, 0.2)) * random.random()
    begun = COMMANDS[chosen](container)
    time.sleep(delay)
    victim = kill_one(chosen, begun)
    text_of_round = "round %d: %s, after %.1f ms %s" % (i, chosen, delay * 1000, victim)
    # A manager of systemd 252 whose bus dies may answer nobody for 90 seconds.
    seconds = 150 if victim == "dbus-daemon" else 20
    if random.random() < 0.5:
        time.sleep(random.random() * 0.03)
    if ("container" not in chosen and random.random() < 0.4
            and start_again(container, begun, seconds)):
        again += 1
    else:
        delete(container, begun, seconds)
print("killed in:", ", ".join("%s %d" % k for k in sorted(killed.items())))
print("victims: %s; cleared by the next start: %d" % (
    ", ".join("%s %d" % k for k in sorted(victims.items())), again))
