#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# run: every test that this machine can run, by one command, as root or as an ordinary user with
# sudo.
#
# Builds a copy of the sources, as an ordinary user, in a folder that is gone afterwards. As root it
# makes and uses the user rootlet-test. The last lines say how long each stage and the slowest files
# took; the very last is "N passed, N failed, N skipped".
#
# The stages run one after the other, but for the virtual machine: it takes longest, by one
# processor, and needs no more than the first build. It starts after that, beside the other stages,
# and is waited for in its own, the last one. Inside the stage of the integration tests, files of
# the host and session rooms with some files each run side by side.
set -eu
shopt -s nullglob

machine_name=run.sh
here=$(cd "$(dirname "$0")" && pwd)
top=$(dirname "$here")
# shellcheck source=tests/lib/machine.sh
. "$here/lib/machine.sh"
# shellcheck source=tests/room/files.sh
. "$here/room/files.sh"
# shellcheck source=tests/lib/pool.sh
. "$here/lib/pool.sh"
# shellcheck source=tests/lib/repeat.sh
. "$here/lib/repeat.sh"
# shellcheck source=tests/lib/count.sh
. "$here/lib/count.sh"

usage() {
	cat <<'END'
tests/run.sh [OPTION...]

  --no-install    install nothing: stop with the list of what is missing
  --quick         leave out the sanitizer and clang builds, the two rooms, and the fresh Debian
  --filter REGEX  of the integration tests, only those whose name matches
  --jobs N        of make, and of integration tests (default: the number of processors)
  --repeat N      only the integration tests that --filter or --ever-flaky names, each N times,
                  on the host or else in the session room; says how many of N passed
  --ever-flaky    those in tests/flaky.txt, which have failed once for no reason of rootlet's
  --load N        beside N processes that do nothing but use a processor
  --help

ROOTLET_MUST_WORK=1 in the environment counts every skip as a failure.
END
}

install=yes
quick=no
filter=
repeat=0
ever_flaky=no
load=0
jobs=$(nproc)
while [ $# -gt 0 ]; do
	case $1 in
	--no-install) install=no ;;
	--quick) quick=yes ;;
	--filter) filter=${2:?--filter needs a regular expression} && shift ;;
	--filter=*) filter=${1#*=} ;;
	--jobs) jobs=${2:?--jobs needs a number} && shift ;;
	--jobs=*) jobs=${1#*=} ;;
	--repeat) repeat=${2:?--repeat needs a number} && shift ;;
	--repeat=*) repeat=${1#*=} ;;
	--ever-flaky) ever_flaky=yes ;;
	--load) load=${2:?--load needs a number} && shift ;;
	--load=*) load=${1#*=} ;;
	--help | -h) usage && exit 0 ;;
	*) usage >&2 && die "unknown option $1" ;;
	esac
	shift
done

[ "$ever_flaky" = no ] || [ "$repeat" -gt 0 ] || die "--ever-flaky needs --repeat"
[ "$repeat" -eq 0 ] || [ "$ever_flaky" = yes ] || [ -n "$filter" ] ||
	die "--repeat needs --filter or --ever-flaky"
pool_size=$jobs

must_work=${ROOTLET_MUST_WORK:-0}
test_packages='libcmocka-dev bats libcap2-bin shellcheck busybox-static procps jq python3
	iproute2 strace mmdebstrap crun runc criu golang-github-containers-common tmux mandoc'
[ "$quick" = yes ] ||
	test_packages="$test_packages clang libclang-rt-14-dev git qemu-system-x86 e2fsprogs"

# ---------------------------------------------------------------- the end

# vm_end: before its time. TERM to all of its session; its run.sh removes what it has made.
# shellcheck disable=SC2317 # called by the trap
vm_end() {
	trap '' INT TERM HUP
	# By its own number too: it may not lead a group yet.
	as_root kill -s TERM -- "$vm" "-$vm" 2>/dev/null || true
	wait "$vm" || true
	as_root kill -s KILL -- "-$vm" 2>/dev/null || true
	vm=
}

work=
# The process of the virtual machine's run.sh, which leads a session and a group of its own, while
# it runs.
vm=
# shellcheck disable=SC2317 # called by the trap
finish() {
	local status=$? kept=
	trap - EXIT
	[ -n "$work" ] || exit "$status"
	cd /
	[ -z "${loads[*]-}" ] || kill -KILL "${loads[@]}" 2>/dev/null || true
	pool_end
	[ -z "$vm" ] || vm_end
	if [ "$status" -ne 0 ]; then
		kept=$(mktemp -d "${TMPDIR:-/tmp}/rootlet-tests-logs.XXXXXX")
		cp -r "$work"/logs/* "$kept" 2>/dev/null || true
		for log in "$work"/build-*/test-suite.log; do
			cp "$log" "$kept/$(basename "$(dirname "$log")").test-suite.log"
		done
		echo "the logs are kept in $kept"
	fi
	# Files of subordinate ids are in reach of root, or of the user inside their user namespace.
	rm -rf "$work" 2>/dev/null || as_user unshare --map-auto --map-root-user rm -rf "$work" ||
		true
	if [ "$finished" = yes ]; then
		echo "$passed passed, $failed failed, $skipped skipped"
	fi
	exit "$status"
}
finished=no
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# ---------------------------------------------------------------- stages

# In the foreground, so that Ctrl-C reaches what runs.
limit=(timeout --foreground -k 10 1200)

stages=8
[ "$quick" = no ] || stages=5
[ "$repeat" -eq 0 ] || stages=4
stage_number=0
stage_since=
# A line "MILLISECONDS NAME" for each.
stage_times=()
stage() {
	stage_end
	stage_number=$((stage_number + 1))
	stage_name=$*
	stage_since=$EPOCHREALTIME
	say "[$stage_number/$stages] $*"
}

stage_end() {
	local ms
	[ -n "$stage_since" ] || return 0
	ms=$(ms_since "$stage_since")
	stage_times+=("$ms $stage_name")
	say "  in $(seconds_of "$ms")"
	stage_since=
}

# build NAME CONFIGURE-OPTION...: in its own folder; must compile, tests too, without a warning.
build() {
	local name=$1 log="$work/logs/build-$1.log"
	shift
	as_user mkdir "$work/build-$name"
	# $0, $1 and "$@" are for the inner shell.
	# shellcheck disable=SC2016
	if as_user "TMPDIR=$work/tmp" "${limit[@]}" sh -c '
			cd "$1" && jobs=$2 && shift 2 && ../source/configure "$@" &&
			make -j"$jobs" && make -j"$jobs" check TESTS=' sh "$work/build-$name" \
		"$jobs" "$@" >"$log" 2>&1 </dev/null; then
		if grep -aq 'warning:' "$log"; then
			fail "the build $name has warnings"
			grep -a 'warning:' "$log" | head -n 20 | sed 's/^/    | /'
		else
			pass
		fi
		return 0
	fi
	fail "the build $name"
	show "$log"
	return 1
}

# check NAME: `make check` of that build.
check() {
	local log="$work/logs/check-$1.log" status=0
	as_user "TMPDIR=$work/tmp" ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 \
		UBSAN_OPTIONS=print_stacktrace=1 \
		"${limit[@]}" make -C "$work/build-$1" -j"$jobs" check >"$log" 2>&1 </dev/null ||
		status=$?
	count "$1" "$log" "$status" "$work/build-$1/test-suite.log"
}

# fuzz_start SECONDS: each target, so long, as a job. In a build of its own, of
# what they need alone.
fuzz_start() {
	logs[fuzz]=$work/logs/fuzz.log
	as_user mkdir "$work/build-fuzzing"
	# shellcheck disable=SC2016 # the inner shell's
	pool_start fuzz logged "${logs[fuzz]}" as_user "TMPDIR=$work/tmp" "${limit[@]}" sh \
		-c 'cd "$1" && ../source/configure --enable-devel --enable-fuzzing CC=clang &&
		make -j"$2" fuzz FUZZ_TIME="$3"' sh "$work/build-fuzzing" "$jobs" "$1"
}

# bats_user|bats_root ARGUMENT...: bats on the host.
# shellcheck disable=SC2317 # a job
bats_user() {
	as_user "${bats_environment[@]}" "${limit[@]}" "${reaper[@]}" bats --formatter tap "$@"
}

# shellcheck disable=SC2317 # a job
bats_root() {
	as_root env "${bats_environment[@]}" "${limit[@]}" "${reaper[@]}" bats --formatter tap "$@"
}

# host_start user|root FILE: a bats file, as a job.
host_start() {
	local label
	local -a options=()
	label="$(basename "$2") as $1"
	[ -z "$filter" ] || options=(--filter "$filter")
	logs[$label]=$work/logs/$1-$(basename "$2" .bats).log
	pool_start "$label" logged "${logs[$label]}" "bats_$1" ${options[@]+"${options[@]}"} "$2"
}

# logged LOG COMMAND...
# shellcheck disable=SC2317 # a job
logged() {
	local log=$1
	shift
	"$@" >"$log" 2>&1
}

# The log of each job by its label.
declare -A logs

# pool_done LABEL STATUS: the pool's.
pool_done() {
	local log=${logs[$1]}
	case $1 in
	"session room "*) room_count "${1##* }" "$2" ;;
	"$fresh_label") count "fresh Debian" "$log" "$2" ;;
	"repeat "*) repeat_count "${1#repeat }" "$log" ;;
	*)
		# No test has that name.
		if [ -z "$filter" ] || [ "$2" -ne 0 ] || ! grep -qx '1\.\.0' "$log"; then
			count "$1" "$log" "$2"
		fi
		;;
	esac
}

# root_works: a room needs root, and so much of the machine that it says itself what is missing. In
# a session without a terminal, where the virtual machine will be.
root_works() {
	is_root || setsid --wait sudo -n true 2>/dev/null </dev/null
}

# room_command session|vm NAME SECONDS OPTION...: sets command, which as root runs files in that
# room.
room_command() {
	local room=$1 name=$2 seconds=$3
	shift 3
	# sudo passes nothing on.
	command=(env ${ROOTLET_ROOM_CACHE:+"ROOTLET_ROOM_CACHE=$ROOTLET_ROOM_CACHE"}
		timeout --foreground -k 10 "$seconds" "$work/source/tests/$room/run.sh"
		--build "$work/build-gcc" --results "$work/logs/$name")
	[ -z "$filter" ] || command+=(--filter "$filter")
	command+=("$@")
	mkdir "$work/logs/$name"
}

# room_count NAME STATUS: what became of it.
room_count() {
	local log="$work/logs/$1.log" ms file
	as_root chown -R "$(id -u)" "$work/logs/$1"
	grep -a ' is up after ' "$log" | sed 's/^# /  /' || true
	while read -r ms file; do
		pool_times+=("$ms $file in the ${1%-*} room")
	done < <(sed -n 's/^# room: \([0-9]*\) ms: /\1 /p' "$log")
	if grep -aq '^1\.\.0 # SKIP ' "$log"; then
		skip "tests/${1%-*}/run.sh: $(sed -n 's/^1\.\.0 # SKIP //p' "$log")"
	else
		count "${1%-*} room" "$log" "$2"
	fi
}

# session_start FILE...: in a session room of their own, as a job.
sessions=0
session_start() {
	local name label
	local -a command
	sessions=$((sessions + 1))
	name=session-$sessions
	label="session room $name"
	room_command session "$name" 2400 "$@"
	logs[$label]=$work/logs/$name.log
	pool_start "$label" logged "${logs[$label]}" as_root "${command[@]}"
}

# sessions_start FILE...: some in each, the big ones apart. A room comes up within a second.
sessions_start() {
	local i n=$((($# + 4) / 5))
	local -a files some
	mapfile -t files < <(by_tests "$@")
	for ((i = 0; i < n; i++)); do
		some=()
		for ((j = i; j < ${#files[@]}; j += n)); do
			some+=("${files[j]}")
		done
		session_start "${some[@]}"
	done
}

# fresh_start: the newcomer's commands, as a job.
fresh_label="the newcomer's commands, in a fresh Debian 12"
fresh_start() {
	# Ours, so that what root puts there is ours to remove.
	mkdir "$work/logs/fresh"
	logs[$fresh_label]=$work/logs/fresh.log
	pool_start "$fresh_label" logged "${logs[$fresh_label]}" as_root "${limit[@]}" \
		"$top/tests/fresh.sh" --worktree \
		--keep "$work/logs/fresh"
}

# vm_start: in the background. Ctrl-C doesn't get there, finish() does; and if we are killed, so is
# it.
vm_start() {
	local -a command root=()
	is_root || root=(sudo)
	# Alone it takes some 25 minutes. Here it gets what the others leave, so twice what
	# vm/run.sh allows by itself; and before it there may be a tree to make, or somebody else's
	# machine to wait for.
	room_command vm vm 7200 --limit 2400
	setsid ${root[@]+"${root[@]}"} setpriv --pdeathsig TERM env \
		"ROOTLET_VM_LIMIT=${ROOTLET_VM_LIMIT:-4800}" \
		"${command[@]}" >"$work/logs/vm.log" 2>&1 </dev/null &
	vm=$!
	say "  the virtual machine has been started, beside the stages until its own"
}

vm_wait() {
	local status=0
	wait "$vm" || status=$?
	vm=
	room_count vm "$status"
}

# host_start_all FILE...: those that are for the host.
host_start_all() {
	local file
	local -a files
	mapfile -t files < <(room_of host "$@")
	while read -r file; do
		case $file in
		*/root/*)
			if is_root; then
				host_start root "$file"
			else
				skip "tests/integration/root/$(basename "$file"): \
needs tests/run.sh to be started by root"
			fi
			;;
		*) host_start user "$file" ;;
		esac
	done < <(by_tests "${files[@]}")
}

# scripts_check: as TAP. With the options that make lint has: what bats sets, and a test that waits
# for what its own pipeline writes.
# shellcheck disable=SC2317 # a job
scripts_check() {
	local script n=0
	local -a options
	cd "$work/source"
	# shellcheck disable=SC2094
	while read -r script; do
		options=(-x)
		[ "$script" = "${script%.bats}" ] || options+=(-e SC2154 -e SC2094)
		n=$((n + 1))
		if shellcheck "${options[@]}" "$script"; then
			echo "ok $n $script"
		else
			echo "not ok $n $script"
		fi
	done < <(find autogen.sh .ci/run tests examples -type f \
		\( -name '*.sh' -o -name '*.bash' -o -name '*.bats' -o -name run \) | sort)
}

scripts_start() {
	logs[scripts]=$work/logs/shellcheck.log
	pool_start scripts logged "${logs[scripts]}" scripts_check
}

# the_end: what has become of all, and what took long.
the_end() {
	local text
	stage_end
	say "the stages:"
	for text in "${stage_times[@]}"; do
		printf '  %8s  %s\n' "$(seconds_of "${text%% *}")" "${text#* }"
	done
	say "the slowest files:"
	pool_slowest 10
	echo
	for text in ${skips[@]+"${skips[@]}"}; do
		echo "skipped: $text"
	done
	# Once more, for one who has the end of the output alone.
	for text in ${failed_logs[@]+"${failed_logs[@]}"}; do
		show "$text" 12
	done
	for text in ${failures[@]+"${failures[@]}"}; do
		echo "FAILED: $text"
	done
	say "took $SECONDS s"
	finished=yes
	[ "$failed" -eq 0 ] || exit 1
	exit 0
}

# If we are killed, they end too.
loads=()
for ((i = 0; i < load; i++)); do
	setpriv --pdeathsig KILL sh -c 'while :; do :; done' </dev/null &
	loads+=("$!")
	disown
done

cd "$top"
stage "packages"
# The lists are words.
# shellcheck disable=SC2086
machine_install "$install" $machine_build_packages $machine_run_packages $test_packages
PATH=$PATH:/usr/sbin:/sbin

stage "the ordinary user, and a copy of the sources"
if is_root; then
	machine_user rootlet-test
else
	machine_user "$(id -un)"
fi
machine_tun
machine_keys
work=$(mktemp -d "${TMPDIR:-/tmp}/rootlet-tests.XXXXXX")
chmod 0755 "$work"
mkdir "$work/logs" "$work/source" "$work/tmp"
if is_root; then
	chown "$user_uid:$user_gid" "$work" "$work/source" "$work/tmp"
fi
machine_copy "$top" "$work/source"
say "  as $user (uid $user_uid), in $work"
# From where we were started, the user may not even have a way to look.
cd "$work"
as_user "TMPDIR=$work/tmp" "$work/source/autogen.sh" >"$work/logs/autogen.log" 2>&1 </dev/null || {
	show "$work/logs/autogen.log"
	die "autogen.sh failed"
}

stage "gcc, --enable-devel: build, unit tests, layers"
built=no
if build gcc --enable-devel; then
	built=yes
	if [ "$quick" = no ] && [ "$repeat" -eq 0 ] && root_works; then
		vm_start
	fi
	check gcc
fi

bats_environment=("ROOTLET=$work/build-gcc/rootlet" "ROOTLET_SRCDIR=$work/source" \
	"ROOTLET_BUILDDIR=$work/build-gcc"
	"ROOTLET_TEST_USER=$user" "TMPDIR=$work/tmp" BATS_TEST_TIMEOUT=300)
reaper=("$work/build-gcc/tests/guest/reaper")

if [ "$repeat" -gt 0 ]; then
	stage "some integration tests, $repeat times"
	[ "$built" = no ] || repeat_all
	the_end
fi

if [ "$quick" = no ]; then
	stage "gcc, AddressSanitizer and UndefinedBehaviorSanitizer: build, unit tests"
	if build sanitized --enable-devel --enable-asan --enable-ubsan; then
		check sanitized
	fi
	stage "clang, --enable-devel: build"
	build clang --enable-devel CC=clang || true
fi

stage "integration tests on the host and in session rooms, side by side; \
the scripts; the newcomer's commands"
if [ "$quick" = no ]; then
	fuzz_start 5
	if root_works; then
		fresh_start
		if [ "$built" = yes ]; then
			mapfile -t files < <(beside "$work"/source/tests/integration/{,root/}*.bats)
			mapfile -t files < <(room_of session "${files[@]}")
			sessions_start "${files[@]}"
		fi
	else
		skip "tests/fresh.sh: needs root, or sudo without a password"
		skip "tests/session/run.sh: needs root, or sudo without a password"
	fi
fi
if [ "$built" = yes ]; then
	mapfile -t files < <(beside "$work"/source/tests/integration/{,root/}*.bats)
	host_start_all "${files[@]}"
fi
scripts_start
pool_wait

stage "those that are to be alone"
if [ "$built" = yes ]; then
	pool_size=1
	mapfile -t files < <(alone "$work"/source/tests/integration/{,root/}*.bats)
	host_start_all "${files[@]}"
	if [ "$quick" = no ] && root_works; then
		mapfile -t files < <(room_of session "${files[@]}")
		[ "${#files[@]}" -eq 0 ] || session_start "${files[@]}"
	fi
	pool_wait
fi

if [ "$quick" = no ]; then
	stage "integration tests in the virtual machine"
	if [ "$built" = no ]; then
		say "  nothing was built"
	elif [ -n "$vm" ]; then
		vm_wait
	else
		skip "tests/vm/run.sh: needs root, or sudo without a password"
	fi
fi
the_end
