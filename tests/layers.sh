#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# layers: who may include whom, and what the guest may reach. Speaks TAP; part of `make check`.
#
# Three ways to see the same rule: the #include lines, a link of the guest's archive by itself, and the
# undefined symbols of the pure layers. The last test breaks the rules on purpose in a tree of its own.
set -eu
LC_ALL=C
export LC_ALL

srcdir=${ROOTLET_SRCDIR:-$(cd "$(dirname "$0")/.." && pwd)}
builddir=${ROOTLET_BUILDDIR:-$PWD}
CC=${CC:-cc}
CAP_LIBS=${CAP_LIBS:--lcap}

# The rules. One line a layer: its folder, then what it may include. A word ending in / is a folder, a word
# in <> a foreign header (or, ending in /, a folder of them) that belongs to the layers naming it alone.
# libnet stands beside src.
rules='
base    base/
json    base/ json/ <yajl/>
sys     base/ sys/ <sys/capability.h>
spec    base/ json/ spec/
plan    base/ spec/ plan/ <seccomp.h>
wire    base/ sys/ wire/
guest   base/ sys/ wire/ guest/ plan/plan.h
libnet  base/ json/ sys/ libnet/
user    base/ sys/ plan/plan.h plan/facts.h user/
cgroup  base/ json/ sys/ spec/ plan/ user/ facts/ state/ cgroup/
facts   base/ sys/ spec/ plan/ user/ cgroup/ facts/
state   base/ json/ sys/ user/ cgroup/ state/
container base/ json/ sys/ spec/ plan/facts.h wire/ facts/ state/ container/
host    base/ json/ sys/ spec/ plan/ wire/ libnet/ user/ cgroup/ facts/ state/ container/ host/ guest/guest.h
criu    base/ json/ sys/ spec/ plan/ wire/ user/ cgroup/ facts/ state/ container/ host/ criu/
cmd     base/ json/ spec/ plan/ user/ cgroup/ state/ container/ host/ criu/ cmd/ libnet/net.h commit.h
'
# Files that have a rule of their own, instead of their folder's. The first line that matches counts.
file_rules='
src/plan/plan.h              base/
src/cgroup/systemd*          base/ json/ sys/ plan/ user/ cgroup/ state/ <systemd/>
'

# What the pure layers may not call: whoever looks at the machine is not a function of its arguments.
impure='open openat open64 openat64 fopen fopen64 creat read pread write unlink mkdir mount umount2 stat lstat
fstat statx access faccessat readlink readlinkat opendir getenv secure_getenv getuid geteuid getgid getegid
getpid gettid time clock_gettime gettimeofday sysconf uname socket connect ioctl prctl syscall fork execve
posix_spawn system popen dlopen getpwnam getpwuid getgrnam'

tmp=$(mktemp -d "${TMPDIR:-/tmp}/rootlet-layers.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

# includes TREE: prints one line for each #include of TREE that breaks a rule.
includes() {
	(
		cd "$1"
		find src libnet -name '*.[ch]' 2>/dev/null | sort | xargs -r grep -nE '^[[:space:]]*#[[:space:]]*include' /dev/null
	) | RULES=$rules FILE_RULES=$file_rules awk '
		function glob(pattern, text) {
			if (pattern ~ /\*$/) {
				return index(text, substr(pattern, 1, length(pattern) - 1)) == 1
			}
			return pattern == text
		}
		function covers(word, name) {
			return word ~ /\/$/ ? index(name, word) == 1 : word == name
		}
		# A foreign word without its brackets, "" for a word of our own.
		function foreign(word) {
			return word ~ /^</ ? substr(word, 2, length(word) - 2) : ""
		}
		BEGIN {
			n = split(ENVIRON["RULES"], line, "\n")
			for (i = 1; i <= n; i++) {
				words = split(line[i], word, " ")
				for (j = 2; j <= words; j++) {
					allow[word[1]] = allow[word[1]] " " word[j]
					if (foreign(word[j]) != "") {
						owned[foreign(word[j])] = 1
					}
				}
			}
			files = split(ENVIRON["FILE_RULES"], line, "\n")
			for (i = 1; i <= files; i++) {
				words = split(line[i], word, " ")
				file_glob[i] = words ? word[1] : ""
				for (j = 2; j <= words; j++) {
					file_allow[i] = file_allow[i] " " word[j]
					if (foreign(word[j]) != "") {
						owned[foreign(word[j])] = 1
					}
				}
			}
		}
		{
			split($0, part, ":")
			file = part[1]
			where = part[1] ":" part[2]
			text = substr($0, length(where) + 2)
			sub(/^[ \t]*#[ \t]*include[ \t]*/, "", text)

			layer = file
			sub(/^src\//, "", layer)
			sub(/\/.*/, "", layer)
			allowed = allow[layer]
			for (i = 1; i <= files; i++) {
				if (file_glob[i] != "" && glob(file_glob[i], file)) {
					allowed = file_allow[i]
					break
				}
			}
			if (allowed == "") {
				print where ": " layer " is not a layer"
				next
			}

			kind = substr(text, 1, 1)
			name = substr(text, 2)
			if (kind == "\"") {
				sub(/".*/, "", name)
			} else if (kind == "<") {
				sub(/>.*/, "", name)
			} else {
				print where ": an #include must name its file: " text
				next
			}
			if (name ~ /(^|\/)\.\.?\//) {
				print where ": no relative paths: " name
				next
			}
			if (kind == "<") {
				rule = 0
				for (header in owned) {
					if (covers(header, name)) {
						rule = 1
					}
				}
				if (!rule) {
					next
				}
			}
			words = split(allowed, word, " ")
			for (i = 1; i <= words; i++) {
				own = foreign(word[i])
				if (kind == "<" ? own != "" && covers(own, name) : own == "" && covers(word[i], name)) {
					next
				}
			}
			print where ": " layer " may not include " name
		}'
}

# unlisted TREE: sources that no Module.am names.
unlisted() {
	(
		cd "$1"
		find src libnet -name '*.[ch]' | sort | while read -r file; do
			grep -qE "(^|[[:space:]])$file([[:space:]]|\$)" src/Module.am libnet/Module.am ||
				echo "$file: not listed in src/Module.am or libnet/Module.am"
		done
	)
}

# guest_link ARCHIVE...: links the first one whole, with the others behind it, and a main that calls nothing.
guest_link() {
	printf 'int main(void)\n{\n\treturn 0;\n}\n' >"$tmp/main.c"
	whole=$1
	shift
	# CC and CAP_LIBS are lists of words.
	# shellcheck disable=SC2086
	$CC -o "$tmp/guest" "$tmp/main.c" -Wl,--whole-archive "$whole" -Wl,--no-whole-archive "$@" $CAP_LIBS \
		>"$tmp/link" 2>&1 || sed -n 's/.*\(undefined reference to\)/\1/p' "$tmp/link" | sort -u | grep . ||
		cat "$tmp/link"
}

# impure_calls ARCHIVE...
impure_calls() {
	for archive in "$@"; do
		nm -A -u "$archive" 2>/dev/null | IMPURE=$impure awk '
			BEGIN {
				n = split(ENVIRON["IMPURE"], word, " ")
				for (i = 1; i <= n; i++) {
					no[word[i]] = 1
				}
			}
			{
				name = $NF
				plain = name
				# _FORTIFY_SOURCE: __read_chk, __open_2.
				if (sub(/^__/, "", plain)) {
					sub(/(_chk|_2)$/, "", plain)
				}
				if ((name in no) || (plain in no)) {
					file = $1
					sub(/.*\//, "", file)
					print file " calls " name
				}
			}'
	done
}

number=0
status=0
# verdict NAME FILE: ok when FILE is empty; else its lines say what is wrong.
verdict() {
	number=$((number + 1))
	if [ -s "$2" ]; then
		echo "not ok $number - $1"
		sed 's/^/# /' "$2"
		status=1
	else
		echo "ok $number - $1"
	fi
}

echo "1..5"

includes "$srcdir" >"$tmp/out"
verdict "every #include stays within its layer" "$tmp/out"

unlisted "$srcdir" >"$tmp/out"
verdict "every source is listed in a Module.am" "$tmp/out"

if [ -n "$(ar t "$builddir/libguest.a" 2>/dev/null)" ]; then
	guest_link "$builddir/libguest.a" "$builddir/libwire.a" "$builddir/libsys.a" "$builddir/libbase.a" >"$tmp/out"
	verdict "the guest links without host, plan, spec and json" "$tmp/out"
else
	number=$((number + 1))
	echo "ok $number - the guest links without host, plan, spec and json # SKIP libguest.a is empty"
fi

impure_calls "$builddir/libjson.a" "$builddir/libspec.a" "$builddir/libplan.a" >"$tmp/out"
verdict "json, spec and plan do not look at the machine" "$tmp/out"

# ---------------------------------------------------------------- do these checks find anything?

bad=$tmp/bad
mkdir -p "$bad/src/base" "$bad/src/guest" "$bad/src/plan" "$bad/src/cgroup" "$bad/src/host" "$bad/src/cmd" "$bad/libnet"
printf '#include "state/state.h"\n#include <string.h>\n' >"$bad/src/base/up.c"
printf '#include "plan/plan.h"\n#include "plan/facts.h"\n#include "sys/fd.h"\n' >"$bad/src/guest/plan.c"
printf '#include "base/err.h"\n#include "spec/spec.h"\n' >"$bad/src/plan/plan.h"
printf '#include <yajl/yajl_parse.h>\n#include <seccomp.h>\n' >"$bad/src/plan/foreign.c"
printf '#include <systemd/sd-bus.h>\n#include <linux/seccomp.h>\n' >"$bad/src/host/bus.c"
cp "$bad/src/host/bus.c" "$bad/src/cgroup/systemd.c"
printf '#  include <sys/capability.h>\n#include "../base/err.h"\n#include "guest/guest.h"\n' >"$bad/src/cmd/run.c"
printf '#include "base/err.h"\n#include "net.h"\n' >"$bad/libnet/port.c"
cat >"$tmp/want" <<'END'
libnet/port.c:2: libnet may not include net.h
src/base/up.c:1: base may not include state/state.h
src/cmd/run.c:1: cmd may not include sys/capability.h
src/cmd/run.c:2: no relative paths: ../base/err.h
src/cmd/run.c:3: cmd may not include guest/guest.h
src/guest/plan.c:2: guest may not include plan/facts.h
src/host/bus.c:1: host may not include systemd/sd-bus.h
src/plan/foreign.c:1: plan may not include yajl/yajl_parse.h
src/plan/plan.h:2: plan may not include spec/spec.h
base/up.c: not listed
undefined reference to `host_reach'
calls getuid
END
printf 'src/cmd/run.c src/guest/plan.c src/host/bus.c src/cgroup/systemd.c src/plan/foreign.c src/plan/plan.h\n' \
	>"$bad/src/Module.am"
printf 'libnet/port.c\n' >"$bad/libnet/Module.am"
cat >"$tmp/reach.c" <<'END'
unsigned getuid(void);
void host_reach(unsigned uid);
void guest_reach(void);
void guest_reach(void)
{
	host_reach(getuid());
}
END
{
	includes "$bad"
	unlisted "$bad" | sed -n 's|^src/\(base/up.c: not listed\).*|\1|p'
	# shellcheck disable=SC2086
	$CC -c -o "$tmp/reach.o" "$tmp/reach.c" && ar cr "$tmp/reach.a" "$tmp/reach.o"
	guest_link "$tmp/reach.a"
	impure_calls "$tmp/reach.a" | sed 's/.* calls/calls/'
} >"$tmp/got" 2>&1
diff "$tmp/want" "$tmp/got" >"$tmp/out" || true
verdict "these checks find what is broken on purpose" "$tmp/out"

exit "$status"
