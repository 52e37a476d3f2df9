#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
kills: every command, and kill -9 of one of its processes at any moment. What a kill leaves behind
must be gone after `delete --force` of the container.

Usage: kills.py ROOTLET ROOT BUNDLE MARK PORT SEED ROUNDS [OPTION...]

BUNDLE: a container that sleeps, with a hook of each kind on the host's side. MARK: what stands in
ROOTLET_TEST of all that is started here. OPTION: global ones, such as --cgroup-manager=systemd.
Prints what was killed, and how often in which command.
"""
import collections
import os
import random
import signal
import subprocess
import sys
import time

rootlet, root, bundle, mark, port, seed, rounds = sys.argv[1:8]
options = sys.argv[8:]
random.seed(int(seed))
env = dict(os.environ, ROOTLET_TEST=mark)
MARK = ("ROOTLET_TEST=" + mark).encode()
ARGUMENTS = ("--root\0%s\0" % root).encode()
mounts_file = os.path.join(os.path.dirname(root), "mounts.json")
with open(mounts_file, "w") as f:
    f.write('[{"destination": "/srv/t", "type": "tmpfs"}]')


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def name(pid):
    return read("/proc/%s/comm" % pid).strip().decode()


def fields(pid):
    """State and parent."""
    return read("/proc/%s/stat" % pid).rpartition(b")")[2].split()[:2] or [b"X", b"0"]


def processes():
    """All of this test's: by their arguments, their environment, or their parent."""
    found = set()
    everyone = [p for p in os.listdir("/proc") if p.isdigit() and p != str(os.getpid())]
    everyone = {p: fields(p) for p in everyone}
    everyone = {p: f for p, f in everyone.items() if f[0] not in (b"Z", b"X")}
    for pid in everyone:
        if (ARGUMENTS in read("/proc/%s/cmdline" % pid) or
                MARK in read("/proc/%s/environ" % pid).split(b"\0")):
            found.add(pid)
    # What is not dumpable shows no environment: slirp4netns, id helpers, guests.
    before = -1
    while before != len(found):
        before = len(found)
        found |= {p for p, f in everyone.items() if f[1].decode() in found}
    return found - {str(os.getpid())}


def command(*words):
    return subprocess.Popen([rootlet, "--root", root, *options, *words], env=env,
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)


def done(*words):
    return command(*words).wait(timeout=30)


def units():
    if "--cgroup-manager=systemd" not in options:
        return b""
    return subprocess.run(["systemctl", "--user", "list-units", "--all", "--no-legend", "--plain",
                           "rootlet-*"], stdout=subprocess.PIPE, check=False).stdout


def cgroups():
    return {os.path.join(base, d) for base, dirs, _ in os.walk("/sys/fs/cgroup")
            for d in dirs if mark in d}


def left(container):
    """Whatever there is still of that container, as text; "" for nothing."""
    found = ["process %s %s" % (p, name(p)) for p in processes()]
    if os.path.lexists(os.path.join(root, container)):
        found.append("state: %s" % os.listdir(os.path.join(root, container)))
    if read("/proc/self/mountinfo") != mounts:
        found.append("mounts")
    if units() != scopes:
        found.append("units: %s" % units().decode())
    found += cgroups() - groups
    return ", ".join(found)


def run(*words):
    return lambda c: command("run", *words, "--bundle", bundle, c)


def of_running(*words):
    """A command on a container that runs."""
    def begin(c):
        done("run", "--detach", "--bundle", bundle, c)
        return command(*[c if w == "ID" else w for w in words])
    return begin


def of_created(*words):
    def begin(c):
        done("create", "--bundle", bundle, c)
        return command(*[c if w == "ID" else w for w in words])
    return begin


def of_network(*words):
    def begin(c):
        done("run", "--detach", "--net=slirp4netns", "--bundle", bundle, c)
        return command(*[c if w == "ID" else w for w in words])
    return begin


COMMANDS = {
    "run": run(),
    "run --detach": run("--detach"),
    "run --net": run("--net=slirp4netns", "--publish", "127.0.0.1:%s:80" % port),
    "create": lambda c: command("create", "--bundle", bundle, c),
    "start": of_created("start", "ID"),
    "delete of a created": of_created("delete", "--force", "ID"),
    "exec": of_running("exec", "ID", "sleep", "0.02"),
    "exec --detach": of_running("exec", "--detach", "ID", "sleep", "1000"),
    "kill": of_running("kill", "ID", "KILL"),
    "delete": of_running("delete", "--force", "ID"),
    "update": of_running("update", "--pids-limit", "99", "ID"),
    "pause": of_running("pause", "ID"),
    "mounts add": of_running("mounts", "add", "ID", mounts_file),
    "wait": of_running("wait", "ID"),
    "events": of_running("events", "--interval", "1s", "ID"),
    "port add": of_network("port", "add", "ID", "127.0.0.1:%s:80" % port),
    "delete of a network": of_network("delete", "--force", "ID"),
}

mounts = read("/proc/self/mountinfo")
scopes, groups = units(), cgroups()
killed, victims = collections.Counter(), collections.Counter()
for i in range(int(rounds)):
    container = "%s-%d" % (mark, i)
    what = random.choice(sorted(COMMANDS))
    delay = random.choice((0.005, 0.03, 0.08)) * random.random()
    begun = COMMANDS[what](container)
    time.sleep(delay)
    victim = random.choice(sorted(processes()) or [None])
    text = "round %d: %s, after %.1f ms %s" % (i, what, delay * 1000, victim and name(victim))
    try:
        if victim:
            victims[name(victim)] += 1
            os.kill(int(victim), signal.SIGKILL)
            killed[what] += 1
    except OSError:
        pass
    if random.random() < 0.5:
        time.sleep(random.random() * 0.03)
    # A command that is still at work may make more after a delete, and is to be deleted again.
    end = time.monotonic() + 20
    while True:
        done("delete", "--force", container)
        try:
            begun.wait(timeout=0.3)
        except subprocess.TimeoutExpired:
            begun.send_signal(signal.SIGTERM)
        if begun.poll() is not None and not left(container):
            break
        if time.monotonic() > end:
            raise SystemExit("%s: left: %s" % (text, left(container) or "the command itself"))
        time.sleep(0.01)
print("killed in:", ", ".join("%s %d" % k for k in sorted(killed.items())))
print("victims:", ", ".join("%s %d" % k for k in sorted(victims.items())))
