#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
mutate: would the tests notice? Changes the pure layers at random, one token or statement at a time, in a
copy of the sources, and runs the programs of `make check` that link the changed file.

A change that no program notices in the plain build is tried once more in a build with the sanitizers, which
see a read beyond an array's end. What then passes is printed, with the line before and after: either a
test is missing, or the change changes nothing. The latter stand in tests/mutate/equivalent, with a reason each.

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
    "libnet/**/*filter.c",
]
# Seconds. The tests of one program take less than two on a quiet machine.
RUN_TIMEOUT = 60
# What a runaway loop may take. The sanitizers' shadow memory forbids such a limit.
MEMORY_LIMIT = 2 << 30
# What the copy of the tree leaves out: what configure and make write, and what `make check` doesn't read.
NOT_COPIED = {".git", ".deps", ".dirstamp", ".libs", "autom4te.cache", "config.status", "config.log", "config.h",
              "stamp-h1", "commit.h", "Makefile", "integration", "bench", "room", "session", "vm"}
NEEDED = ["src", "libnet", "tests", "docs", "examples", "build-aux", "configure", "configure.ac", "Makefile.am",
          "Makefile.in", "aclocal.m4", "config.h.in", "autogen.sh", "HACKING.md", "README.md", "NEWS", "LICENSE"]


def say(text):
    print(text, flush=True)


# ---------------------------------------------------------------- the changes

TOKEN = re.compile(
    r"""(?P<comment>/\*.*?\*/|//[^\n]*)
      | (?P<cpp>(?<![^\n])[ \t]*\#(?:\\\n|[^\n])*)
      | (?P<string>"(?:\\.|[^"\\])*")
      | (?P<char>'(?:\\.|[^'\\])*')
      | (?P<number>\b(?:0[xX][0-9a-fA-F]+|[0-9]+)[uUlL]*\b)
      | (?P<word>[A-Za-z_]\w*)
      | (?P<op><<=|>>=|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|[-+*/%&|^~!<>=?:;,.(){}\[\]])
      | (?P<space>\s+)""",
    re.X | re.S)

SWAPS = {"==": "!=", "!=": "==", "<": "<=", "<=": "<", ">": ">=", ">=": ">", "&&": "||", "||": "&&"}
ENDS_A_STATEMENT = {";", "{", "}"}
NOT_A_STATEMENT = {"return", "if", "for", "while", "switch", "do", "else", "goto", "case", "default", "break",
                   "continue", "static_assert", "sizeof", "TRY", "typedef", "extern", "static", "assert"}


class Token:
    __slots__ = ("kind", "text", "start", "end")

    def __init__(self, kind, text, start, end):
        self.kind, self.text, self.start, self.end = kind, text, start, end


def tokens_of(text):
    found, at = [], 0
    while at < len(text):
        m = TOKEN.match(text, at)
        if not m:
            at += 1
            continue
        if m.lastgroup not in ("comment", "cpp", "space"):
            found.append(Token(m.lastgroup, m.group(), m.start(), m.end()))
        at = m.end()
    return found


def partner(tokens, at):
    """The index of what closes the bracket at `at`."""
    depth = 0
    for i in range(at, len(tokens)):
        if tokens[i].text in "([{" and tokens[i].kind == "op":
            depth += 1
        elif tokens[i].text in ")]}" and tokens[i].kind == "op":
            depth -= 1
            if depth == 0:
                return i
    return len(tokens) - 1


def end_of_statement(tokens, at):
    """The index of the `;` that ends the statement beginning at `at`; None for what is part of a greater one."""
    i = at
    while i < len(tokens) and tokens[i].text != ";":
        if tokens[i].kind == "op" and tokens[i].text in (")", "]", "}"):
            return None
        opens = tokens[i].kind == "op" and tokens[i].text in ("(", "[", "{")
        i = partner(tokens, i) + 1 if opens else i + 1
    return i if i < len(tokens) else None


def begins_statement(tokens, at):
    """Does an assignment or a call begin here, as a whole statement?"""
    t = tokens[at]
    if not (t.kind == "word" or t.text == "*") or t.text in NOT_A_STATEMENT:
        return False
    if tokens[at - 1].text not in ENDS_A_STATEMENT:
        return False
    i = at
    while i < len(tokens) and tokens[i].text == "*":
        i += 1
    i += 1
    if i < len(tokens) and tokens[i].text == "(" and i == at + 1:
        last = partner(tokens, i)
        return last + 1 < len(tokens) and tokens[last + 1].text == ";"
    while i < len(tokens):
        text = tokens[i].text
        if text in (".", "->"):
            i += 2
        elif text == "[":
            i = partner(tokens, i) + 1
        else:
            return text in ("++", "--") or (text[-1] == "=" and text not in ("==", "!=", "<=", ">="))
    return False


def function_depths(tokens):
    """For each token: is it inside of a function's body? (A `{` after `)` at the outermost level begins one.)"""
    inside, depth, body = [], 0, False
    for i, t in enumerate(tokens):
        if t.text == "{" and t.kind == "op":
            if depth == 0:
                body = i > 0 and tokens[i - 1].text == ")"
            depth += 1
        inside.append(body and depth > 0)
        if t.text == "}" and t.kind == "op":
            depth -= 1
            if depth == 0:
                body = False
    return inside


class Change:
    def __init__(self, path, start, end, new, text, lines):
        self.path, self.start, self.end, self.new = path, start, end, new
        self.line = text.count("\n", 0, start) + 1
        self.lines = lines  # of the whole statement, as (first, last)
        first = text.rfind("\n", 0, start) + 1
        last = text.find("\n", end)
        self.before = " ".join(text[first:last].split())
        self.after = " ".join((text[first:start] + new + text[end:last]).split())

    def applied(self, text):
        return text[:self.start] + self.new + text[self.end:]


def bumped(number, up):
    digits = number.rstrip("uUlL")
    value = int(digits, 0) if not re.fullmatch(r"0[0-7]+", digits) else int(digits, 8)
    value = value + 1 if up or value == 0 else value - 1
    if digits.lower().startswith("0x"):
        digits_new = hex(value)
    elif re.fullmatch(r"0[0-7]+", digits):
        digits_new = "0%o" % value
    else:
        digits_new = str(value)
    return digits_new + number[len(digits):]


def changes_of(path, text):
    tokens = tokens_of(text)
    inside = function_depths(tokens)
    found = []

    def line_at(offset):
        return text.count("\n", 0, offset) + 1

    def add(start, end, new):
        first, last = i, i
        while first > 0 and tokens[first - 1].text not in ENDS_A_STATEMENT:
            first -= 1
        while last + 1 < len(tokens) and tokens[last].text not in ENDS_A_STATEMENT:
            last += 1
        lines = (line_at(tokens[first].start), max(line_at(end), line_at(tokens[last].start)))
        found.append(Change(path, start, end, new, text, lines))

    for i, t in enumerate(tokens):
        before = tokens[i - 1].text if i else ""
        after = tokens[i + 1].text if i + 1 < len(tokens) else ""
        if t.kind == "op" and inside[i]:
            if t.text in SWAPS:
                add(t.start, t.end, SWAPS[t.text])
            elif t.text == "!":
                add(t.start, t.end, "")
            elif t.text in "+-" and i and (tokens[i - 1].kind in ("word", "number") or before in ")]") \
                    and before != "return":
                add(t.start, t.end, "-" if t.text == "+" else "+")
            elif t.text == "|=":
                add(t.start, t.end, "=")
        elif t.kind == "word" and t.text in ("true", "false"):
            add(t.start, t.end, "false" if t.text == "true" else "true")
        elif t.kind == "number":
            if before == "return" and after == ";" and t.text == "0":
                add(t.start, t.end, "-1")
            elif not (before == "{" and after == "}"):
                add(t.start, t.end, bumped(t.text, t.start % 2 == 0))
        if not inside[i] or t.kind not in ("word", "op"):
            continue
        if t.text == "TRY" and after == "(":
            last = partner(tokens, i + 1)
            add(t.start, tokens[last].end, "(void)" + text[tokens[i + 1].start:tokens[last].end])
        elif t.text == "return" and (after == "err_set" or (after == "-" and tokens[i + 2].text.startswith("E"))):
            add(tokens[i + 1].start, tokens[end_of_statement(tokens, i)].start, "0")
        elif t.text == "break" and after == ";":
            add(t.start, t.end, "")
        elif t.text == "continue" and after == ";":
            add(t.start, t.end, "break")
        elif begins_statement(tokens, i) and end_of_statement(tokens, i):
            add(t.start, tokens[end_of_statement(tokens, i)].start, "")
    return found


def equivalent(path):
    """The changes that are known to change nothing: {(line before, line after): reason}."""
    known, before, after = {}, None, None
    with open(path, encoding="utf-8") as file:
        for line in file:
            words = " ".join(line[1:].split())
            if line.startswith("- "):
                before = words
            elif line.startswith("+"):
                after = words
            elif line.startswith("  ") and before is not None:
                known[(before, after)] = words
    return known


# ---------------------------------------------------------------- the copy

def copy_tree(source, target):
    """Makes `target` what `source` is, and writes only the files that differ: make sees what is new."""
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

    SWITCHES = {"plain": [], "sanitizers": ["--enable-asan", "--enable-ubsan"], "coverage": ["--enable-coverage"]}

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
        child = subprocess.Popen(argv, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                 preexec_fn=prepare, env=env)
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

    def make(self, targets, quiet=True):
        argv = ["make", "-s", "-j%d" % self.jobs] + targets
        if self.run(argv, 1800, quiet) != 0:
            raise NotCompiled

    def prepare(self):
        """Everything is built and passes; then who links what is known."""
        os.makedirs(self.folder, exist_ok=True)
        if not os.path.exists(os.path.join(self.folder, "Makefile")):
            configure = os.path.relpath(os.path.join(self.tree, "configure"), self.folder)
            if self.run([configure, "CFLAGS=-O0 -g0"] + self.SWITCHES[self.kind], 600) != 0:
                sys.exit("mutate: configure failed; see config.log in " + self.folder)
        self.programs = []
        for kind, name in (("tests/unit/test_*.c", "tests/unit/"), ("tests/fuzz/fuzz_*.c", "tests/fuzz/replay_")):
            for path in sorted(glob.glob(os.path.join(self.tree, kind))):
                base = os.path.basename(path)[:-2]
                self.programs.append(name + (base if "unit" in kind else base[len("fuzz_"):]))
        docs = ["docs/config_support", "docs/manual", "rootlet"]
        try:
            self.make(["commit.h"] + self.programs + ([] if self.sanitized else docs))
        except NotCompiled:
            sys.exit("mutate: the sources don't compile: make says why in " + self.folder)
        self.parts = {"tests/docs.sh": docs} if not self.sanitized else {}
        for program in self.programs:
            self.parts[program] = [program]

    def symbols(self, path):
        out = subprocess.run(["nm", "--defined-only", path], cwd=self.folder, stdout=subprocess.PIPE, check=True,
                             text=True).stdout
        return {line.split()[-1] for line in out.splitlines() if line.split()[-2:-1] in (["T"], ["D"], ["R"], ["B"])}

    def linking(self, paths):
        """{path: the checks that link it}, by the names that it defines."""
        of_check = {check: set().union(*(self.symbols(part) for part in parts)) for check, parts in self.parts.items()}
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
                sys.exit("mutate: %s fails before anything is changed, in %s" % (check, self.folder))
            there = [name for name in counts if os.path.exists(name)]
            if not there:
                continue
            out = subprocess.run(["gcov", "--json-format", "--stdout"] + there, cwd=self.folder, check=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
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
        env = dict(os.environ, ROOTLET_SRCDIR=self.tree, ROOTLET_BUILDDIR=self.folder, TMPDIR=self.folder)
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
        """After the source was put back: its object is put back too, instead of being made again."""
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


def main():
    parser = argparse.ArgumentParser(description="Would the tests notice? Changes the pure layers one token at a time.")
    parser.add_argument("--source", default=os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    parser.add_argument("--work", default="mutate", help="folder for the copy and its builds (kept)")
    parser.add_argument("--changes", type=int, default=50)
    parser.add_argument("--seed", type=int, default=None, help="default: one of its own, which is printed")
    parser.add_argument("--only", default="", help="a regular expression for the files")
    parser.add_argument("--jobs", type=int, default=1, help="for make")
    parser.add_argument("--no-sanitizers", action="store_true")
    parser.add_argument("--list", action="store_true", help="print the changes, and make none")
    parser.add_argument("--uncovered", action="store_true", help="print the lines that no check runs, and change nothing")
    parser.add_argument("--verbose", action="store_true", help="print each change, and who noticed it")
    args = parser.parse_args()

    seed = args.seed if args.seed is not None else random.SystemRandom().randrange(100000)
    work = os.path.abspath(args.work)
    tree = os.path.join(work, "tree")
    known = equivalent(os.path.join(args.source, "tests/mutate/equivalent"))
    all_changes = []
    for pattern in SOURCES:
        for path in sorted(glob.glob(os.path.join(args.source, pattern), recursive=True)):
            name = os.path.relpath(path, args.source)
            if re.search(args.only, name):
                with open(path, encoding="utf-8") as file:
                    all_changes += changes_of(name, file.read())
    chosen = random.Random(seed).sample(all_changes, min(args.changes, len(all_changes)))
    say("mutate: %d of %d possible changes, SEED=%d" % (len(chosen), len(all_changes), seed))
    if args.list:
        for c in chosen:
            say("%s:%d\n- %s\n+ %s" % (c.path, c.line, c.before, c.after))
        return 0

    copy_tree(args.source, tree)
    builds = [Build(tree, work, kind, args.jobs) for kind in ["plain"] + ["sanitizers"] * (not args.no_sanitizers)]
    covering = Build(tree, work, "coverage", args.jobs)
    for build in builds + [covering]:
        build.prepare()
    for build in builds:
        for check in build.failing():
            sys.exit("mutate: %s fails before anything is changed, in %s" % (check, build.folder))
    paths = sorted({c.path for c in all_changes})
    coverage = covering.coverage(paths)
    linking = covering.linking(paths)
    if args.uncovered:
        print_uncovered(args.source, coverage)
        return 0
    began = time.monotonic()
    counts = {"noticed": 0, "not noticed": 0, "explained": 0, "not compiled": 0}
    for number, c in enumerate(chosen, 1):
        reason = known.get((c.before, c.after))
        check = "" if reason else one(c, tree, builds, checks_of(c, coverage, linking))
        if reason:
            verdict = "explained"
        elif check is None:
            verdict = "not compiled"
        else:
            verdict = "noticed" if check else "not noticed"
        counts[verdict] += 1
        if verdict == "not noticed" or args.verbose:
            say("%d. %s:%d: %s%s\n- %s\n+ %s" % (number, c.path, c.line, verdict,
                                                 " by " + check if check else "", c.before, c.after))
            if reason:
                say("  " + reason)
    counted = len(chosen) - counts["not compiled"]
    missed = counts["not noticed"] + counts["explained"]
    say("mutate: %.1f s a change" % ((time.monotonic() - began) / max(1, len(chosen))))
    if counts["explained"]:
        say("%d of those not noticed change nothing (tests/mutate/equivalent)" % counts["explained"])
    say("%d changes, %d noticed (%d %%), %d not noticed, %d not compiled" % (
        len(chosen), counts["noticed"], 100 * counts["noticed"] / max(1, counted), missed, counts["not compiled"]))
    return 0 if counts["noticed"] >= 0.9 * counted and not counts["not noticed"] else 1


if __name__ == "__main__":
    sys.exit(main())
