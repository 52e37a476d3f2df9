#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# layers: who may include whom, and what the guest may reach. Speaks TAP; part of `make check`.
#
# Three ways to see the same rule: the #include lines, a link of the guest's archive by itself, and
# the undefined symbols of the pure layers. The last test breaks the rules on purpose in a tree of
# its own.
#
# Files have a rule too: they don't call each other in a circle. What stands in a circle can only be
# read, tested and moved as a whole.
#
# The dollar signs in single quotes are awk's.
# shellcheck disable=SC2016
set -eu
LC_ALL=C
export LC_ALL

srcdir=${ROOTLET_SRCDIR:-$(cd "$(dirname "$0")/.." && pwd)}
builddir=${ROOTLET_BUILDDIR:-$PWD}
CC=${CC:-cc}
CAP_LIBS=${CAP_LIBS:--lcap}

# The rules. One line a layer: its folder, then what it may include. A word ending in / is a
# folder, a word in <> a foreign header (or, ending in /, a folder of them) that belongs to the
# layers naming it alone. FOLDER/*.h are the headers in it, but not below it. libnet stands beside
# src. A layer may have several lines.
rules='
base    base/
json    base/ json/ <yajl/>
sys     base/ sys/ <sys/capability.h>
spec    base/ json/ spec/
plan    base/ json/encode.h spec/ plan/ libnet/accel_filter.h
plan    libnet/config.h libnet/port.h libnet/sysctls.h <seccomp.h>
wire    base/ sys/ wire/
guest   base/ sys/ wire/ guest/ plan/plan.h
libnet  base/ sys/ libnet/*.h libnet/helper/helper.h libnet/slirp/version.h
user    base/ sys/ plan/plan.h plan/facts.h plan/ids.h user/
systemd base/ sys/ plan/plan.h user/ systemd/ <systemd/>
cgroup  base/ json/ sys/ plan/plan.h user/ systemd/ cgroup/
facts   base/ sys/ spec/spec.h plan/plan.h plan/facts.h plan/ids.h user/ systemd/ facts/
state   base/ json/ sys/ user/ cgroup/ state/
container base/ json/ sys/ spec/ plan/facts.h wire/ facts/ cgroup/ state/ container/
host    base/ json/ sys/ spec/ plan/ wire/
host    libnet/ user/ cgroup/ facts/ state/ container/ host/ guest/guest.h
criu    base/ json/ sys/ spec/spec.h spec/load.h plan/plan.h
criu    plan/annotations.h cgroup/ state/ container/ host/ criu/
cmd     base/ json/ spec/ plan/ user/ cgroup/ state/ container/ host/
cmd     criu/ cmd/ libnet/net.h commit.h
'
# Files that have a rule of their own, instead of their folder's. The first line that matches
# counts.
helper_shared='libnet/*.h libnet/slirp/ libnet/forward/forward.h libnet/switch/switch.h'
net_shared='libnet/confine.h libnet/inside.h libnet/messages.h libnet/config.h libnet/port.h'
file_rules="
src/plan/plan.h              base/ plan/annotation_rows.h plan/map.h
src/plan/map.h               base/
libnet/accel_filter.*        base/ libnet/accel_filter.h
libnet/config.*              base/ libnet/config.h
libnet/port.*                base/ libnet/port.h
libnet/sysctls.*             base/ libnet/sysctls.h
libnet/confine.*             libnet/confine.h
libnet/inside.*              base/ libnet/inside.h
libnet/messages.*            base/ sys/ libnet/messages.h
libnet/route.*               base/ sys/ libnet/port.h libnet/route.h
libnet/forward/*             base/ sys/ libnet/forward/ $net_shared
libnet/switch/*              base/ sys/ libnet/switch/ $net_shared libnet/route.h
libnet/slirp/*               base/ json/ sys/ libnet/slirp/ $net_shared libnet/request.h
libnet/helper/filter.*       base/ sys/ libnet/helper/filter.h libnet/confine.h <seccomp.h>
libnet/helper/*              base/ sys/ libnet/helper/ $helper_shared
"

# What the pure layers may not call: whoever looks at the machine is not a function of its
# arguments.
impure='open openat open64 openat64 fopen fopen64 creat read pread write unlink mkdir
mount umount2 stat lstat
fstat statx access faccessat readlink readlinkat opendir getenv secure_getenv getuid geteuid getgid
getegid
getpid gettid time clock_gettime gettimeofday sysconf uname socket connect ioctl prctl syscall
fork execve
posix_spawn system popen dlopen getpwnam getpwuid getgrnam'

# What the archives of libnet's processes may not call themselves, as the seccomp filters of
# libnet/helper/filter.c have it. The forwarder and the switch read what a hostile container
# sends; the helper starts programs by libnet/slirp alone.
programs='execve execv execvp execvpe execl execlp execle fexecve execveat posix_spawn posix_spawnp
system popen
sys_spawn sys_spawn_checked'
processes='fork vfork _Fork clone clone3 pthread_create thrd_create sys_clone
sys_clone_into sys_make_in'
files='unlink unlinkat remove rmdir rename renameat renameat2 link linkat symlink symlinkat mkdir
mkdirat mknod mknodat
creat creat64 fopen fopen64 truncate ftruncate chmod fchmod fchmodat chown fchown lchown
fchownat mount
umount2 pivot_root dlopen'
others='kill tgkill ptrace process_vm_writev sys_pidfd_kill pidfd_send_signal'
in_namespaces='syscall sys_socket_in sys_nl_open_in chroot'

# A container's tree is the guest's to open: what stands there may keep who opens it waiting, or be
# a device. The host side calls none of these, but for criu, which makes mount points by descriptors
# that open nothing. The guest reads a file of the tree by sys_tree_read, and in no other way.
in_tree='sys_open_in_root sys_open_by_walk sys_make_parent_in_root sys_tree_read'
readers='fopen fopen64 fdopen read pread pread64 sys_read_fd sys_read_file'

tmp=$(mktemp -d "${TMPDIR:-/tmp}/rootlet-layers.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

# includes TREE: prints one line for each #include of TREE that breaks a rule.
includes() {
	(
		cd "$1"
		find src libnet -name '*.[ch]' 2>/dev/null | sort |
			xargs -r grep -nE '^[[:space:]]*#[[:space:]]*include' /dev/null
	) | RULES=$rules FILE_RULES=$file_rules awk '
		function glob(pattern, text) {
			if (pattern ~ /\*$/) {
				return index(text, substr(pattern, 1, length(pattern) - 1)) == 1
			}
			return pattern == text
		}
		function covers(word, name, folder) {
			if (word ~ /\/\*\.h$/) {
				folder = substr(word, 1, length(word) - 3)
				return index(name, folder) == 1 &&
					substr(name, length(folder) + 1) !~ /\//
			}
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
				if (kind == "<" && own != "" && covers(own, name)) {
					next
				}
				if (kind != "<" && own == "" && covers(word[i], name)) {
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
			grep -qE "(^|[[:space:]])$file([[:space:]]|\$)" \
				src/Module.am libnet/Module.am ||
				echo "$file: not listed in src/Module.am or libnet/Module.am"
		done
	)
}

# guest_link ARCHIVE...: links the first one whole, with the others behind it, and a main that calls
# nothing.
guest_link() {
	printf 'int main(void)\n{\n\treturn 0;\n}\n' >"$tmp/main.c"
	whole=$1
	shift
	# CC and CAP_LIBS are lists of words.
	# shellcheck disable=SC2086
	$CC -o "$tmp/guest" "$tmp/main.c" -Wl,--whole-archive "$whole" \
		-Wl,--no-whole-archive "$@" $CAP_LIBS \
		>"$tmp/link" 2>&1 || sed -n 's/.*\(undefined reference to\)/\1/p' "$tmp/link" |
		sort -u | grep . ||
		cat "$tmp/link"
}

# calls_of NAMES ARCHIVE...: prints one line for each of the names that an object of the archives
# calls.
calls_of() {
	names=$1
	shift
	for archive in "$@"; do
		test -e "$archive" || echo "$archive is not there"
		nm -A -u "$archive" 2>/dev/null | NAMES=$names awk '
			BEGIN {
				n = split(ENVIRON["NAMES"], word, /[ \n]+/)
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

# by_path TREE: statements of the host side that open, look at or name something below a root
# filesystem by its path. O_PATH of the root itself is the way in.
by_path() {
	(
		cd "$1"
		find src libnet -name '*.c' ! -path 'src/guest/*' ! -path 'src/spec/*' | sort |
			xargs awk -v RS='[;{}]' '
				/rootfs/ && /(open|openat|stat|lstat|fstatat|statx)\(/ ||
				/rootfs/ && /(access|faccessat|readlink|readlinkat|opendir)\(/ ||
				/rootfs/ && /(sys_read_file|printf)\(/ {
					if ($0 !~ /open\([a-z>.-]*rootfs, O_PATH/) {
						print FILENAME ": a path by rootfs"
					}
				}'
	)
}

# circles ARCHIVE...: files that call each other, directly or by way of others. Who calls whom is
# read from the objects: A calls B when A needs a symbol that B defines. First the files that can't
# lie on a circle are taken away: those that call none of the rest, and those that none of the rest
# calls. What is left is sorted into circles by who reaches whom.
circles() {
	nm -A "$@" 2>/dev/null | awk '
		# "libguest.a:mounts.o:", as nm -A begins its lines: guest/mounts.c
		function file_of(place) {
			sub(/:[^:]*$/, "", place)
			sub(/^.*\//, "", place)
			sub(/^lib/, "", place)
			sub(/\.a:/, "/", place)
			sub(/\/lib[a-z_]*_a-/, "/", place)
			sub(/\.o$/, ".c", place)
			return place
		}
		# For a report that is the same with every awk.
		function sort_files(    i, j, moved) {
			for (i = 2; i <= files; i++) {
				moved = name_of[i]
				for (j = i - 1; j > 0 && name_of[j] > moved; j--) {
					name_of[j + 1] = name_of[j]
				}
				name_of[j + 1] = moved
			}
		}
		function reach(from, at,    call, end) {
			for (call in left) {
				split(call, end, SUBSEP)
				if (end[1] == at && !((from, end[2]) in reached)) {
					reached[from, end[2]] = 1
					reach(from, end[2])
				}
			}
		}
		NF >= 2 {
			from = file_of($1)
			if (!(from in known)) {
				known[from] = 1
				name_of[++files] = from
			}
			if ($(NF - 1) == "U" || $(NF - 1) == "w") {
				need[++needs] = $NF
				needer[needs] = from
			} else if ($(NF - 1) ~ /^[A-Z]$/) {
				definer[$NF] = definer[$NF] " " from
			}
		}
		END {
			for (i = 1; i <= needs; i++) {
				n = split(definer[need[i]], file, " ")
				for (j = 1; j <= n; j++) {
					if (file[j] != needer[i]) {
						pair = needer[i] SUBSEP file[j]
						ties[pair] = ties[pair] " " need[i]
						left[pair] = 1
					}
				}
			}
			do {
				split("", calls)
				split("", called)
				for (call in left) {
					split(call, end, SUBSEP)
					calls[end[1]] = called[end[2]] = 1
				}
				gone = 0
				for (call in left) {
					split(call, end, SUBSEP)
					if (!(end[1] in called) || !(end[2] in calls)) {
						delete left[call]
						gone = 1
					}
				}
			} while (gone)
			sort_files()
			for (i = 1; i <= files; i++) {
				if (name_of[i] in called) {
					reach(name_of[i], name_of[i])
				}
			}
			for (i = 1; i <= files; i++) {
				first = name_of[i]
				if (told[first] || !((first, first) in reached)) {
					continue
				}
				circle = ""
				for (j = i; j <= files; j++) {
					other = name_of[j]
					if (((first, other) in reached) &&
					    ((other, first) in reached)) {
						told[other] = first
						circle = circle " " other
					}
				}
				print "circle of" circle
				n = split(circle, file, " ")
				for (j = 1; j <= n; j++) {
					for (k = 1; k <= n; k++) {
						pair = file[j] SUBSEP file[k]
						if (!(pair in left)) {
							continue
						}
						print "  " file[j] " calls " file[k] ":" ties[pair]
					}
				}
			}
		}'
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

echo "1..8"

includes "$srcdir" >"$tmp/out"
verdict "every #include stays within its layer" "$tmp/out"

unlisted "$srcdir" >"$tmp/out"
verdict "every source is listed in a Module.am" "$tmp/out"

if [ -n "$(ar t "$builddir/libguest.a" 2>/dev/null)" ]; then
	guest_link "$builddir/libguest.a" "$builddir/libwire.a" \
		"$builddir/libsys.a" "$builddir/libbase.a" >"$tmp/out"
	verdict "the guest links without host, plan, spec and json" "$tmp/out"
else
	number=$((number + 1))
	echo "ok $number - the guest links without host, plan, spec and json \
# SKIP libguest.a is empty"
fi

calls_of "$impure" "$builddir/libjson.a" "$builddir/libspec.a" "$builddir/libplan.a" \
	"$builddir/libnetconfig.a" >"$tmp/out"
verdict "json, spec, plan and a network's configuration do not look at the machine" "$tmp/out"

{
	calls_of "$programs $processes $files $others $in_namespaces" \
		"$builddir/libnetforward.a" "$builddir/libnetconfig.a"
	calls_of "$programs $processes $files $others" "$builddir/libnetswitch.a" \
		"$builddir/libnetshared.a"
	calls_of "$programs" "$builddir/libnethelper.a" "$builddir/libnet.a"
} >"$tmp/out"
verdict "libnet's processes call what each of them is for, \
and the forwarder makes no file and no process" "$tmp/out"

{
	for layer in host container state cgroup facts user systemd cmd net nethelper \
		netforward netswitch netshared; do
		calls_of "$in_tree sys_make_in_root" "$builddir/lib$layer.a"
	done
	calls_of "$in_tree" "$builddir/libcriu.a"
	# It makes folders in a tmpfs of its own.
	calls_of "$in_tree" "$builddir/libnetslirp.a"
	by_path "$srcdir"
	# names.c reads the state folder's own files.
	calls_of "$readers" "$builddir/libguest.a" |
		grep -v 'names\.o: calls sys_read_file$' || true
} >"$tmp/out"
verdict "only the guest opens what is in a container's tree, and reads it by sys_tree_read" \
	"$tmp/out"

circles "$builddir"/lib*.a >"$tmp/out"
verdict "no files call each other in a circle" "$tmp/out"

# ---------------------------------------------------------------- do these checks find anything?

bad=$tmp/bad
mkdir -p "$bad/src/base" "$bad/src/guest" "$bad/src/plan" \
	"$bad/src/systemd" "$bad/src/host" "$bad/src/cmd" "$bad/libnet/forward"
printf '#include "state/state.h"\n#include <string.h>\n' >"$bad/src/base/up.c"
printf '#include "plan/plan.h"\n#include "plan/facts.h"\n#include "sys/fd.h"\n' \
	>"$bad/src/guest/plan.c"
printf '#include "base/err.h"\n#include "spec/spec.h"\n' >"$bad/src/plan/plan.h"
printf '#include <yajl/yajl_parse.h>\n#include <seccomp.h>\n' >"$bad/src/plan/foreign.c"
printf '#include <systemd/sd-bus.h>\n#include <linux/seccomp.h>\n' >"$bad/src/host/bus.c"
cp "$bad/src/host/bus.c" "$bad/src/systemd/bus.c"
printf '#  include <sys/capability.h>\n#include "../base/err.h"\n#include "guest/guest.h"\n' \
	>"$bad/src/cmd/run.c"
printf '#include "base/err.h"\n#include "net.h"\n' >"$bad/libnet/port.c"
printf '#include "libnet/messages.h"\n#include "libnet/helper/state.h"\n#include <seccomp.h>\n' \
	>"$bad/libnet/forward/tcp.c"
printf '#include "libnet/listen.h"\n#include "libnet/forward/tcp.h"\n' >"$bad/libnet/names.c"
cat >"$tmp/want" <<'END'
libnet/forward/tcp.c:2: libnet may not include libnet/helper/state.h
libnet/forward/tcp.c:3: libnet may not include seccomp.h
libnet/names.c:2: libnet may not include libnet/forward/tcp.h
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
calls execve
calls sys_clone
calls unlinkat
nothing.a is not there
calls fopen
calls sys_open_in_root
src/host/bus.c: a path by rootfs
circle of one/a.c one/b.c two/c.c
  one/a.c calls one/b.c: b b_table
  one/b.c calls two/c.c: c
  two/c.c calls one/a.c: a
circle of two/d.c two/e.c
  two/d.c calls two/e.c: e
  two/e.c calls two/d.c: d
END
printf '%s\n' 'src/cmd/run.c src/guest/plan.c src/host/bus.c' \
	'src/systemd/bus.c src/plan/foreign.c src/plan/plan.h' \
	>"$bad/src/Module.am"
printf 'libnet/forward/tcp.c libnet/names.c libnet/port.c\n' >"$bad/libnet/Module.am"
cat >"$tmp/reach.c" <<'END'
unsigned getuid(void);
void host_reach(unsigned uid);
void guest_reach(void);
void guest_reach(void)
{
	host_reach(getuid());
}
END
cat >"$tmp/forward.c" <<'END'
int execve(const char *path, char *const argv[], char *const envp[]);
int sys_clone(unsigned long flags, int *ret_pidfd);
int unlinkat(int folder, const char *path, int flags);
int forward_reach(int fd);
int forward_reach(int fd)
{
	return execve("", 0, 0) + sys_clone(0, &fd) + unlinkat(fd, "", 0);
}
END
# object ARCHIVE NAME TEXT: compiled, and put into an archive of that layer.
object() {
	printf '%s\n' "$3" >"$tmp/object.c"
	# shellcheck disable=SC2086
	$CC -w -c -o "$tmp/$2.o" "$tmp/object.c"
	ar cr "$tmp/lib$1.a" "$tmp/$2.o"
}
# A circle of three files in two layers, by functions and by a table, and one of two. top calls into
# both and is called by none; its own b is nobody else's.
object one a 'extern const int b_table; int b(void); int a(void);
int a(void) { return b() + b_table; }'
object one b 'extern const int b_table; const int b_table = 1; int c(void); int b(void);
int b(void) { return c(); }'
object two c 'int a(void); int c(void); int c(void) { return a(); }'
object two d 'int a(void); int e(void); int d(void); int d(void) { return a() + e(); }'
object two e 'int d(void); int e(void); int e(void) { return d(); }'
object two top 'int a(void); int d(void); int top(void);
static int __attribute__((noinline)) b(void) { return a(); } int top(void) { return b() + d(); }'
{
	includes "$bad"
	unlisted "$bad" | sed -n 's|^src/\(base/up.c: not listed\).*|\1|p'
	# shellcheck disable=SC2086
	$CC -w -c -o "$tmp/reach.o" "$tmp/reach.c" && ar cr "$tmp/reach.a" "$tmp/reach.o"
	guest_link "$tmp/reach.a"
	calls_of "$impure" "$tmp/reach.a" | sed 's/.* calls/calls/'
	# shellcheck disable=SC2086
	$CC -w -c -o "$tmp/forward.o" "$tmp/forward.c" && ar cr "$tmp/forward.a" "$tmp/forward.o"
	calls_of "$programs $processes $files" "$tmp/forward.a" "$tmp/nothing.a" |
		sed 's/.* calls/calls/; s/.*nothing/nothing/'
	object tree tree 'int sys_open_in_root(void); void *fopen(void); int tree(void);
int tree(void) { return sys_open_in_root() + !fopen(); }'
	calls_of "$in_tree $readers" "$tmp/libtree.a" | sed 's/.* calls/calls/' | sort
	printf 'f = open(rootfs, O_PATH);\nf = stat(join(rootfs,\n"etc/hosts"), &st);\n' \
		>>"$bad/src/host/bus.c"
	by_path "$bad"
	circles "$tmp/libone.a" "$tmp/libtwo.a"
} >"$tmp/got" 2>&1
diff "$tmp/want" "$tmp/got" >"$tmp/out" || true
verdict "these checks find what is broken on purpose" "$tmp/out"

exit "$status"
