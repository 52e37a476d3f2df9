#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# fresh: do the newcomer's commands work on a Debian 12 that has nothing but git?
#
# Makes such a tree by mmdebstrap and enters it as a machine of its own: namespaces, and pivot_root,
# since the kernel refuses user namespaces to whoever lives in a chroot. In one copy of the tree
# root is the newcomer, in another an ordinary user with sudo; each clones the repository and runs
# examples/quickstart.sh.
#
# Speaks TAP. Packages come from the sources of this machine's apt, where those are Debian 12's, and
# the network serves nothing else. All of it happens in a mount and a pid namespace that end with
# this script, however it ends.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
top=$(dirname "$here")
self=$here/$(basename "$0")
# shellcheck disable=SC2034 # machine.sh's name for messages
machine_name=fresh.sh
# shellcheck source=tests/lib/machine.sh
. "$here/lib/machine.sh"
# shellcheck source=tests/lib/debian.sh
. "$here/lib/debian.sh"

usage() {
	cat <<'END'
tests/fresh.sh [OPTION...], as root

  --worktree    test the sources as they are in the folder, not as HEAD has them
  --with-tests  run tests/run.sh --quick in both trees as well (many minutes)
  --cache FILE  take the clean tree from this tar file; make the file if it isn't there
  --keep DIR    copy the logs to DIR
  --help

TMPDIR (default here: /var/tmp) needs 3 GB free.
END
}

worktree=no
with_tests=no
cache=
keep=
inside=
options=("$@")
while [ $# -gt 0 ]; do
	case $1 in
	--worktree) worktree=yes ;;
	--with-tests) with_tests=yes ;;
	--cache) cache=$(realpath -m "${2:?--cache needs a file}") && shift ;;
	--cache=*) cache=$(realpath -m "${1#*=}") ;;
	--keep) keep=$(realpath -m "${2:?--keep needs a folder}") && shift ;;
	--keep=*) keep=$(realpath -m "${1#*=}") ;;
	--inside) inside=${2:?} && shift ;; # from ourselves: the scratch folder
	--help | -h) usage && exit 0 ;;
	*) usage >&2 && die "unknown option $1" ;;
	esac
	shift
done

# ---------------------------------------------------------------- outside: the scratch folder, the
# namespaces, the end

skip_all() {
	printf '1..1\nok 1 - a fresh Debian 12 # SKIP %s\n' "$1"
	exit 0
}

scratch=
child=
# shellcheck disable=SC2317 # called by the trap
finish() {
	local status=$?
	trap - EXIT
	if [ -n "$child" ]; then
		# With it goes its pid 1, with that every process, and with those every mount.
		kill -KILL "$child" 2>/dev/null || true
		wait "$child" 2>/dev/null || true
	fi
	if [ -n "$scratch" ]; then
		if [ -n "$keep" ]; then
			mkdir -p "$keep"
			cp "$scratch"/logs/* "$keep" 2>/dev/null || true
		fi
		rm -rf --one-file-system "$scratch"
	fi
	exit "$status"
}

if [ -z "$inside" ]; then
	is_root || skip_all "needs root"
	for tool in mmdebstrap unshare git; do
		command -v "$tool" >/dev/null || skip_all "$tool is not installed"
	done
	unshare --mount --pid --fork --uts --ipc true 2>/dev/null ||
		skip_all "root can make no namespaces here"
	trap finish EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	scratch=$(mktemp -d "${TMPDIR:-/var/tmp}/rootlet-fresh.XXXXXX")
	chmod 0755 "$scratch"
	mkdir "$scratch/logs"
	unshare --mount --propagation private --pid --fork --kill-child --mount-proc --uts --ipc \
		"$self" ${options[@]+"${options[@]}"} --inside "$scratch" </dev/null &
	child=$!
	status=0
	wait "$child" || status=$?
	child=
	exit "$status"
fi

# ---------------------------------------------------------------- inside: TAP

scratch=$inside
logs=$scratch/logs
tests_done=0
tests_failed=0
planned=14
[ "$with_tests" = no ] || planned=$((planned + 2))
echo "1..$planned"

# result STATUS NAME [LOG]
result() {
	tests_done=$((tests_done + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $tests_done - $2"
		return 0
	fi
	tests_failed=$((tests_failed + 1))
	echo "not ok $tests_done - $2"
	if [ -n "${3:-}" ]; then
		tail -n 40 "$3" | sed 's/^/#   /'
	fi
}

bail_out() {
	result 1 "$1" "$2"
	echo "Bail out! no clean tree"
	exit 1
}

# ---------------------------------------------------------------- inside: the clean tree

# repository FILE: one commit, as a bundle: from a folder of root's, others may not clone.
repository() {
	local source=$scratch/source
	local -a git=(git -c safe.directory='*')
	mkdir "$source"
	if [ "$worktree" = yes ] || [ ! -e "$top/.git" ]; then
		user_uid=0 user=root user_home=/root machine_copy "$top" "$source"
	else
		"${git[@]}" -C "$top" archive HEAD | tar -C "$source" -xf -
	fi
	"${git[@]}" -C "$source" init --quiet --initial-branch=main
	"${git[@]}" -C "$source" add --all --force
	"${git[@]}" -C "$source" -c user.name=fresh -c user.email=fresh@localhost commit --quiet \
		--message="$(basename "$top")"
	"${git[@]}" -C "$source" bundle create --quiet "$1" HEAD main
}

# in_tree TREE COMMAND...: as root of a machine whose root filesystem is TREE. What it starts ends
# with it.
in_tree() {
	# $1 and "$@" are for the inner shell.
	# shellcheck disable=SC2016
	unshare --mount --propagation private --pid --fork --kill-child --uts --ipc bash -euc '
		tree=$1 archives=$2
		shift 2
		# Nothing of where the tree is kept: sudo and newuidmap are setuid.
		mount --bind "$tree" "$tree"
		mount -o remount,bind,suid,dev,exec "$tree"
		cd "$tree"
		mount -t proc -o nosuid,nodev,noexec proc proc
		mount --rbind /sys sys
		mount --bind /dev dev
		mount -t devpts -o newinstance,nosuid,noexec,gid=5,mode=0620,ptmxmode=0666 \
			devpts dev/pts
		mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs dev/shm
		mount -t tmpfs -o nosuid,nodev,mode=0755 tmpfs run
		mkdir -m 1777 run/lock
		# The second tree need not fetch again what the first one has.
		mount --bind "$archives" var/cache/apt/archives
		echo fresh >/proc/sys/kernel/hostname
		mkdir -p .before
		pivot_root . .before
		cd /
		umount -l /.before
		rmdir /.before
		exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
			HOME=/root TERM=dumb LANG=C.UTF-8 "$@"
	' bash "$1" "$scratch/archives" "${@:2}" </dev/null
}

# as_newcomer LOG COMMAND: a command line, in the clone of the newcomer of this tree. Keeps the
# output.
as_newcomer() {
	in_tree "$tree" su --login "$newcomer" --command "cd rootlet && $2" \
		>"$logs/$newcomer-$1.log" 2>&1
}

# installed: the packages of this tree.
installed() {
	in_tree "$tree" dpkg-query -W
}

# ---------------------------------------------------------------- inside: what must hold

# shown LOG NAME: is what quickstart shows from inside the container true? NAME is the ordinary
# user. Names what isn't in LOG.shown.
shown() {
	local log=$1 name=$2 entry
	local -a range
	# Their own id is 0, and every id of their range follows.
	range=("0 $(in_tree "$tree" id -u "$name") 1")
	entry=$(grep "^$name:" "$tree/etc/subuid")
	range+=("1 $(cut -d: -f2 <<<"$entry") $(cut -d: -f3 <<<"$entry")")
	awk -v first="${range[0]}" -v second="${range[1]}" '
		/^  inside \$ / { command = $3; argument = $4; line = 0; next }
		/^[^ ]/ { command = "" }
		NF == 0 { next }
		command != "" { line++ }
		command == "id" && /uid=0\(root\) gid=0\(root\)/ { seen["root"] = 1 }
		command == "cat" && argument == "/proc/self/uid_map" { $1 = $1; map = map $0 ";" }
		command == "hostname" && $1 == "rootlet-demo" { seen["host name"] = 1 }
		command == "ps" && line > 1 {
			seen["processes"] = 1
			if ($1 == 1 || $2 == 1) seen["pid 1"] = 1
			count++
		}
		command == "ls" && $3 == 65534 && $4 == 65534 { seen["file"] = 1 }
		command == "cat" && argument == "/etc/resolv.conf" && $1 == "nameserver" {
			seen["a resolver"] = 1
		}
		command == "fetch" && /a page of the host/ { seen["a page of the host inside"] = 1 }
		$0 == "    a page of the container" { seen["a page of the container outside"] = 1 }
		/^    127\.0\.0\.1:[0-9]+:80\/tcp$/ { seen["a published port"] = 1 }
		command == "nslookup" && /Address: 192\.0\.2\.53/ {
			seen["a name by 127.0.0.53"] = 1
		}
		END {
			if (map != first ";" second ";") {
				print "the map is " map " and not " first ";" second
				bad = 1
			}
			if (count > 4) { print "inside there are processes from outside"; bad = 1 }
			n = split("root,host name,processes,pid 1,file,a resolver," \
				"a page of the host inside," \
				"a page of the container outside,a published port," \
				"a name by 127.0.0.53", \
				all, ",")
			for (i = 1; i <= n; i++)
				if (!seen[all[i]]) { print "not shown: " all[i]; bad = 1 }
			exit bad
		}' "$log" >"$log.shown" 2>&1
}

# newcomer_tests TREE NAME USER: 6 tests. USER is whom quickstart runs the container as.
newcomer_tests() {
	local status log user=$3 before after
	tree=$1
	newcomer=$2

	log=$logs/$newcomer-clone.log
	status=0
	in_tree "$tree" su --login "$newcomer" \
		--command 'git clone --quiet /srv/rootlet.bundle rootlet' >"$log" 2>&1 ||
		status=$?
	result "$status" "as $newcomer: git clone" "$log"

	log=$logs/$newcomer-no-install.log
	status=0
	before=$(installed)
	as_newcomer no-install 'examples/quickstart.sh --no-install' || status=$?
	after=$(installed)
	if [ "$status" -eq 1 ] && [ "$before" = "$after" ] &&
		grep -q 'apt-get install .*gcc.*uidmap.*busybox-static' "$log"; then
		result 0 \
			"as $newcomer: quickstart --no-install \
names what is missing and installs nothing"
	else
		result 1 \
			"as $newcomer: quickstart --no-install \
names what is missing and installs nothing" "$log"
	fi

	log=$logs/$newcomer-first.log
	status=0
	as_newcomer first 'examples/quickstart.sh' || status=$?
	result "$status" "as $newcomer: quickstart" "$log"
	status=0
	shown "$log" "$user" || status=$?
	result "$status" "as $newcomer: root inside, with the whole range of $user" "$log.shown"

	log=$logs/$newcomer-again.log
	status=0
	as_newcomer again 'examples/quickstart.sh --no-install' || status=$?
	if [ "$status" -eq 0 ] && ! shown "$log" "$user"; then
		log=$log.shown
		status=1
	fi
	result "$status" "as $newcomer: quickstart once more, with nothing to install" "$log"

	log=$logs/$newcomer-clean.log
	status=0
	as_newcomer clean 'examples/quickstart.sh --clean' || status=$?
	if [ -e "$tree$(in_tree "$tree" getent passwd "$user" | cut -d: -f6)/rootlet-quickstart" ];
	then
		echo 'the folder is still there' >>"$log"
		status=1
	fi
	result "$status" "as $newcomer: quickstart --clean" "$log"

	if [ "$with_tests" = yes ]; then
		log=$logs/$newcomer-tests.log
		status=0
		as_newcomer tests 'tests/run.sh --quick' || status=$?
		grep -Eq '^[1-9][0-9]* passed, 0 failed, [0-9]+ skipped$' "$log" || status=1
		tail -n 1 "$log" | sed 's/^/# /'
		result "$status" "as $newcomer: tests/run.sh --quick" "$log"
	fi
}

# ---------------------------------------------------------------- inside: the run

mkdir -p "$scratch/root" "$scratch/user" "$scratch/archives/partial"
tar_file=${cache:-$scratch/debian.tar}
if [ ! -e "$tar_file" ]; then
	debian_make "$scratch/debian.tar" minbase "$scratch" git >"$logs/debian.log" 2>&1 ||
		bail_out "mmdebstrap makes a clean Debian 12" "$logs/debian.log"
	if [ "$tar_file" != "$scratch/debian.tar" ]; then
		mkdir -p "$(dirname "$tar_file")"
		cp "$scratch/debian.tar" "$tar_file.$$" && mv "$tar_file.$$" "$tar_file"
	fi
fi
repository "$scratch/rootlet.bundle" >"$logs/repository.log" 2>&1 ||
	bail_out "a repository to clone" "$logs/repository.log"
for name in root user; do
	tar -C "$scratch/$name" --numeric-owner -xpf "$tar_file"
	cp "$scratch/rootlet.bundle" "$scratch/$name/srv/"
	cp /etc/resolv.conf /etc/hosts "$scratch/$name/etc/"
	echo fresh >"$scratch/$name/etc/hostname"
	echo '127.0.0.1 fresh' >>"$scratch/$name/etc/hosts"
done
rm -f "$scratch/debian.tar"

status=0
# shellcheck disable=SC2016 # for the inner shell
in_tree "$scratch/root" sh -euc '
	test -e /proc/self/root/etc/debian_version
	test "$(cat /proc/sys/kernel/hostname)" = fresh
	unshare --user true' >"$logs/enter.log" 2>&1 || status=$?
result "$status" "a clean Debian 12 is entered" "$logs/enter.log"

newcomer_tests "$scratch/root" root rootlet-demo
rm -rf --one-file-system "$scratch/root"

status=0
in_tree "$scratch/user" sh -euc '
	{ apt-get -q update && apt-get -q install --yes --no-install-recommends sudo; } </dev/null
	rm -rf /var/lib/apt/lists/*
	useradd --create-home --shell /bin/bash newcomer
	echo "newcomer ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/newcomer
	su --login newcomer --command "sudo true"' >"$logs/sudo.log" 2>&1 || status=$?
result "$status" "an ordinary user with sudo" "$logs/sudo.log"
newcomer_tests "$scratch/user" newcomer newcomer

[ "$tests_done" -eq "$planned" ] || echo "# planned $planned, ran $tests_done"
[ "$tests_failed" -eq 0 ] || exit 1
