#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
mutate: would the tests notice? Changes the pure layers at random, one token or statement at a time,
in a copy of the sources, and runs the programs of `make check` that run the changed lines.

A change that no program notices in the plain build is tried once more in a build with the
sanitizers, which see a read beyond an array's end. What then passes is printed, with the line
before and after: either a test is missing, or the change changes nothing. The latter stand in
tests/mutate/equivalent, with a reason each.

The same seed makes the same changes as long as the sources are the same.
"""
import argparse
import glob
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True  # of changes.py, beside the sources
from changes import changes_of

# What is changed. libnet's pure half is named by file, wherever in libnet it lies.
SOURCES = [
    "src/json/*.c",
    "src/plan/**/*.c",
    "src/spec/*.c",
    "src/wire/*.c",
    "libnet/**/api.c",
    "libnet/**/config.c",
    "libnet/**/names.c",
    "libnet/**/port.c",
    "libnet/**/*judge.c",
    "libnet/accel_filter.c",
    "libnet/switch/filter.c",
]
# Seconds. The tests of one program take less than two on a quiet machine.
RUN_TIMEOUT = 60
# What a runaway loop may take. The sanitizers' shadow memory forbids such a limit.
MEMORY_LIMIT = 2 << 30
# What the copy of the tree holds, without what configure and make write, and what `make check`
# doesn't read.
NEEDED = [
    "src", "libnet", "tests", "docs", "examples", "build-aux", "configure", "configure.ac",
    "Makefile.am", "Makefile.in", "aclocal.m4", "config.h.in", "autogen.sh", "HACKING.md",
    "README.md", "NEWS", "LICENSE",
]
NOT_COPIED = {
    ".git", ".deps", ".dirstamp", ".libs", "autom4te.cache", "config.status", "config.log",
    "stamp-h1", "commit.h", "Makefile", "integration", "bench", "room", "session", "vm",
}


def say(text):
    print(text, flush=True)


# ---------------------------------------------------------------- which changes

def possible_changes(source, only):
    found = []
    for pattern in SOURCES:
        for path in sorted(glob.glob(os.path.join(source, pattern), recursive=True)):
            name = os.path.relpath(path, source)
            if re.search(only, name):
                with open(path, encoding="utf-8") as file:
                    found += changes_of(name, file.read())
    return found


def equivalent(path):
    """What is known to change nothing: [file, a line above or None, line before, after, reason]."""
    known, name, above, before, after = [], None, None, None, None
    with open(path, encoding="utf-8") as file:
        for line in file:
            words = " ".join(line[1:].split())
            if line.startswith("^ "):
                above = words
            elif line.startswith("- "):
                before = words
            elif line.startswith("+"):
                after = words
            elif line.startswith("  "):
                known.append((name, above, before, after, words))
            elif line.strip() and not line.startswith("#"):
                name, above = line.strip(), None
    return known


def reason_of(change, known):
    for name, above, before, after, reason in known:
        if (name, before, after) == (os.path.basename(change.path), change.before, change.after) \
                and (above is None or above in change.above):
            return reason
    return None


# ---------------------------------------------------------------- the copy

def copy_tree(source, target):
    """Makes `target` what `source` is, and writes only what differs: make sees what is new."""
    wanted = set()
    for top in NEEDED:
        for folder, folders, files in os.walk(os.path.join(source, top)):
            folders[:] = [f for f in folders if f not in NOT_COPIED]
            for name in files:
                if name not in NOT_COPIED and not name.endswith((".o", ".a", ".trs", ".log")):
                    wanted.add(os.path.relpath(os.path.join(folder, name), source))
        if os.path.isfile(os.path.join(source, top)):
            wanted.add(top)
    for folder, _, files in os.walk(target):
        for name in files:
            path = os.path.relpath(os.path.join(folder, name), target)
            if path not in wanted and path.split("/")[0] in NEEDED:
                os.unlink(os.path.join(target, path))
    # The sources of a generated file first, so that it is not older than they are.
    for path in sorted(wanted, key=lambda p: os.stat(os.path.join(source, p)).st_mtime_ns):
        there, here = os.path.join(source, path), os.path.join(target, path)
        with open(there, "rb") as file:
            data = file.read()
        try:
            with open(here, "rb") as file:
                if file.read() == data:
                    continue
        except FileNotFoundError:
            os.makedirs(os.path.dirname(here), exist_ok=True)
        shutil.copy(there, here)


# ---------------------------------------------------------------- a build, and what it runs

class NotCompiled(Exception):
    pass


class Build:
    """One of three: "plain", "sanitizers", "coverage"."""

    SWITCHES = {
        "plain": [],
        "sanitizers": ["--enable-asan", "--enable-ubsan"],
        "coverage": ["--enable-coverage"],
    }

    def __init__(self, tree, work, kind, jobs):
        self.tree, self.folder, self.kind, self.jobs = tree, os.path.join(work, kind), kind, jobs
        self.sanitized = kind == "sanitizers"
        self.caught = {}
        self.saved = []

    def run(self, argv, timeout, quiet=True, env=None):
        """The exit status; a time-out counts as a failure."""
        def prepare():
            os.setsid()
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            if env is not None and not self.sanitized:
                resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))

        out = subprocess.DEVNULL if quiet else None
        child = subprocess.Popen(argv, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=out,
                                 stderr=out, preexec_fn=prepare, env=env)
        try:
            return child.wait(timeout)
        except subprocess.TimeoutExpired:
            return 124
        finally:
            try:
                os.killpg(child.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            child.wait()

    def output(self, argv):
        return subprocess.run(argv, cwd=self.folder, check=True, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True).stdout

    def make(self, targets, quiet=True):
        argv = ["make", "-s", "-j%d" % self.jobs] + targets
        if self.run(argv, 1800, quiet) != 0:
            raise NotCompiled

    def prepare(self):
        """Everything is built."""
        os.makedirs(self.folder, exist_ok=True)
        for folder, _, files in os.walk(self.folder):
            for name in files:
                if name.endswith(".o.before"):  # a run was killed
                    self.saved.append(os.path.join(folder, name[:-len(".before")]))
        self.restore()
        if not os.path.exists(os.path.join(self.folder, "Makefile")):
            configure = os.path.relpath(os.path.join(self.tree, "configure"), self.folder)
            if self.run([configure, "CFLAGS=-O0 -g0"] + self.SWITCHES[self.kind], 600) != 0:
                sys.exit("mutate: configure failed; see config.log in " + self.folder)
        self.programs = []
        for path in sorted(glob.glob(os.path.join(self.tree, "tests/unit/test_*.c"))):
            self.programs.append("tests/unit/" + os.path.basename(path)[:-2])
        for path in sorted(glob.glob(os.path.join(self.tree, "tests/fuzz/fuzz_*.c"))):
            self.programs.append("tests/fuzz/replay_" + os.path.basename(path)[len("fuzz_"):-2])
        docs = ["docs/config_support", "docs/manual", "rootlet"]
        try:
            self.make(["commit.h"] + self.programs + ([] if self.sanitized else docs))
        except NotCompiled:
            sys.exit("mutate: the sources don't compile: make says why in " + self.folder)
        self.parts = {"tests/docs.sh": docs} if not self.sanitized else {}
        for program in self.programs:
            self.parts[program] = [program]

    def symbols(self, path):
        out = self.output(["nm", "--defined-only", path])
        lines = [line.split() for line in out.splitlines()]
        return {line[-1] for line in lines if len(line) > 1 and line[-2] in "TDRB"}

    def linking(self, paths):
        """{path: the checks that link it}, by the names that it defines."""
        of_check = {}
        for check, parts in self.parts.items():
            of_check[check] = set().union(*(self.symbols(part) for part in parts))
        found = {}
        for path in paths:
            own = self.symbols(self.object_of(path))
            found[path] = {check for check, names in of_check.items() if own & names}
        return found

    def failing(self):
        return [check for check in self.parts if self.check(check)]

    def coverage(self, paths):
        """Which checks run a line: {path: {line: checks}}. A line without code is not in it."""
        found = {path: {} for path in paths}
        counts = [re.sub("o$", "gcda", self.object_of(path)) for path in paths]
        for check in self.parts:
            for name in counts:
                if os.path.exists(name):
                    os.unlink(name)
            if self.check(check):
                sys.exit("mutate: %s fails already, in %s" % (check, self.folder))
            there = [name for name in counts if os.path.exists(name)]
            if not there:
                continue
            out = self.output(["gcov", "--json-format", "--stdout"] + there)
            for line in out.splitlines():
                for file in json.loads(line)["files"]:
                    path = os.path.relpath(os.path.join(self.folder, file["file"]), self.tree)
                    for counted in file["lines"] if path in found else []:
                        checks = found[path].setdefault(counted["line_number"], set())
                        if counted["count"] > 0:
                            checks.add(check)
        return found

    def object_of(self, path):
        base = os.path.basename(path)[:-2]
        folder = os.path.join(self.folder, os.path.dirname(path))
        for name in os.listdir(folder):
            if name == base + ".o" or (name.endswith("-" + base + ".o")):
                return os.path.join(folder, name)
        raise NotCompiled

    def check(self, name):
        """Does it fail?"""
        env = dict(os.environ, ROOTLET_SRCDIR=self.tree, ROOTLET_BUILDDIR=self.folder)
        env.pop("ROOTLET_GOLDEN_UPDATE", None)
        if name.endswith(".sh"):
            return self.run(["sh", os.path.join(self.tree, name)], RUN_TIMEOUT, env=env) != 0
        return self.run([os.path.join(self.folder, name)], RUN_TIMEOUT, env=env) != 0

    def noticed(self, path, checks):
        """The first of these checks that fails, or None. NotCompiled where there is no program."""
        saved = self.object_of(path)
        shutil.copy2(saved, saved + ".before")
        self.saved.append(saved)
        checks = [check for check in checks if check in self.parts]
        checks.sort(key=lambda c: (-self.caught.get((path, c), 0), -self.caught.get(c, 0)))
        if not checks:
            self.make([os.path.relpath(saved, self.folder)])
        # The likeliest is linked alone, the others only if it was no good.
        for group in ([checks[:1], checks[1:]]):
            self.make([part for check in group for part in self.parts[check]] or ["commit.h"])
            for check in group:
                if self.check(check):
                    for key in (check, (path, check)):
                        self.caught[key] = self.caught.get(key, 0) + 1
                    return check
        return None

    def restore(self):
        """After the source: its object is put back too, instead of being made again."""
        for path in self.saved:
            if os.path.exists(path + ".before"):
                shutil.copyfile(path + ".before", path)
                os.unlink(path + ".before")
        self.saved = []


# ---------------------------------------------------------------- the run

def checks_of(change, coverage, linking):
    """What runs the statement that is changed; for a table, what links its file."""
    lines = coverage[change.path]
    first, last = change.lines
    there = [lines[n] for n in range(first, last + 1) if n in lines]
    return set().union(*there) if there else linking[change.path]


def one(change, tree, builds, checks):
    """What came of a change: the check that noticed, "" for none, None where it doesn't compile."""
    path = os.path.join(tree, change.path)
    times = os.stat(path)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(change.applied(text))
        for build in builds:
            check = build.noticed(change.path, checks)
            if check:
                return check + (" (sanitizers)" if build.sanitized else "")
        return ""
    except NotCompiled:
        return None
    finally:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        for build in builds:
            build.restore()


def print_uncovered(source, coverage):
    for path in sorted(coverage):
        with open(os.path.join(source, path), encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if coverage[path].get(number) == set():
                    say("%s:%d: %s" % (path, number, line.strip()))


def arguments():
    parser = argparse.ArgumentParser(
        description="Would the tests notice? Changes the pure layers one token at a time.")
    parser.add_argument("--source", default=os.path.join(os.path.dirname(__file__), "../.."))
    parser.add_argument("--work", default="mutate", help="for the copy and its builds (kept)")
    parser.add_argument("--changes", type=int, default=50)
    parser.add_argument("--seed", type=int, default=None, help="default: any, which is printed")
    parser.add_argument("--only", default="", help="a regular expression for the files")
    parser.add_argument("--jobs", type=int, default=1, help="for make")
    parser.add_argument("--no-sanitizers", action="store_true")
    parser.add_argument("--list", action="store_true", help="print the changes, and make none")
    parser.add_argument("--uncovered", action="store_true",
                        help="print the lines that no check runs, and change nothing")
    parser.add_argument("--verbose", action="store_true",
                        help="print each change, and who noticed it")
    args = parser.parse_args()
    args.source = os.path.abspath(args.source)
    if args.seed is None:
        args.seed = random.SystemRandom().randrange(100000)
    return args


def try_each(chosen, args, tree, builds, coverage, linking):
    """Makes the changes, prints what is not noticed, and returns how many were what."""
    known = equivalent(os.path.join(args.source, "tests/mutate/equivalent"))
    counts = {"noticed": 0, "not noticed": 0, "explained": 0, "not compiled": 0}
    for number, c in enumerate(chosen, 1):
        reason = reason_of(c, known)
        check = "" if reason else one(c, tree, builds, checks_of(c, coverage, linking))
        if reason:
            verdict = "explained"
        elif check is None:
            verdict = "not compiled"
        else:
            verdict = "noticed" if check else "not noticed"
        counts[verdict] += 1
        if verdict == "not noticed" or args.verbose:
            by = " by " + check if check else ""
            say("%d. %s:%d: %s%s\n- %s\n+ %s" % (number, c.path, c.line, verdict, by, c.before,
                                               c.after))
            if reason:
                say("  " + reason)
    return counts


def main():
    args = arguments()
    all_changes = possible_changes(args.source, args.only)
    chosen = random.Random(args.seed).sample(all_changes, min(args.changes, len(all_changes)))
    say("mutate: %d of %d possible changes, SEED=%d" % (len(chosen), len(all_changes), args.seed))
    if args.list:
        for c in chosen:
            say("%s:%d\n- %s\n+ %s" % (c.path, c.line, c.before, c.after))
        return 0

    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit("mutate: ended by a signal"))
    work = os.path.abspath(args.work)
    tree = os.path.join(work, "tree")
    copy_tree(args.source, tree)
    kinds = ["plain"] if args.no_sanitizers else ["plain", "sanitizers"]
    builds = [Build(tree, work, kind, args.jobs) for kind in kinds]
    covering = Build(tree, work, "coverage", args.jobs)
    for build in builds + [covering]:
        build.prepare()
    for build in builds:
        for check in build.failing():
            sys.exit("mutate: %s fails already, in %s" % (check, build.folder))
    paths = sorted({c.path for c in all_changes})
    coverage = covering.coverage(paths)
    if args.uncovered:
        print_uncovered(args.source, coverage)
        return 0

    began = time.monotonic()
    counts = try_each(chosen, args, tree, builds, coverage, covering.linking(paths))
    counted = len(chosen) - counts["not compiled"]
    missed = counts["not noticed"] + counts["explained"]
    say("mutate: %.1f s a change" % ((time.monotonic() - began) / max(1, len(chosen))))
    if counts["explained"]:
        say("%d of those not noticed change nothing (tests/mutate/equivalent)"
            % counts["explained"])
    say("%d changes, %d noticed (%d %%), %d not noticed, %d not compiled" % (
        len(chosen), counts["noticed"], 100 * counts["noticed"] / max(1, counted), missed,
        counts["not compiled"]))
    return 0 if counts["noticed"] >= 0.9 * counted and not counts["not noticed"] else 1


if __name__ == "__main__":
    sys.exit(main())
