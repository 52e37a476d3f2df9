# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# outside: what the two test rooms have in common on the outer side: the options, the cached Debian
# tree, and the making of one TAP stream out of many files'. Sourced by session/run.sh and
# vm/run.sh, under bash -eu, after machine.sh.
#
# The caller sets room (session or vm) and top.
# shellcheck disable=SC2154

# shellcheck source=tests/lib/debian.sh
. "$top/tests/lib/debian.sh"
# shellcheck source=tests/room/files.sh
. "$top/tests/room/files.sh"
# shellcheck source=tests/room/tree.sh
. "$top/tests/room/tree.sh"

# room_skip REASON: tests are skipped; a command can't be.
room_skip() {
	[ "${#room_command[@]}" -eq 0 ] || die "$1"
	printf '1..0 # SKIP %s\n' "$1"
	exit 0
}

# ---------------------------------------------------------------- options

# shellcheck disable=SC2034 # for the usage
room_options='
  FILE.bats...     run these; default: every file of tests/integration with this room in its
                   "# rooms:" line. Those in a folder named root run as root, the others as an
                   ordinary user in a session
  -- COMMAND...    run a command instead, as the ordinary user in a session,
                   and exit with its status
  --root           COMMAND or the shell as root
  --build DIR      a folder with rootlet and tests/guest/testguest
                   (default: build/ if it is one, or the sources)
  --filter REGEX   only the tests whose name matches
  --limit SECONDS  for one file
  --results DIR    put the log of each file there, and the journal and core files if anything failed
  --help

Speaks TAP. The status is 0 if every test passed.
ROOTLET_ROOM_CACHE (default: /var/cache/rootlet-tests) keeps the machine between runs.'

room_files=()
room_command=()
room_as=user
room_build=
room_filter=
room_limit=600
[ "$room" != vm ] || room_limit=1200
room_results=
room_shell=no

# room_parse OPTION...: sets the above. usage is the caller's.
# shellcheck disable=SC2034 # room_as: for the callers
room_parse() {
	while [ $# -gt 0 ]; do
		case $1 in
		--root) room_as=root ;;
		--shell) room_shell=yes ;;
		--build) room_build=${2:?--build needs a folder} && shift ;;
		--build=*) room_build=${1#*=} ;;
		--filter) room_filter=${2:?--filter needs a regular expression} && shift ;;
		--filter=*) room_filter=${1#*=} ;;
		--limit) room_limit=${2:?--limit needs a number} && shift ;;
		--limit=*) room_limit=${1#*=} ;;
		--results) room_results=$(realpath -m "${2:?--results needs a folder}") && shift ;;
		--results=*) room_results=$(realpath -m "${1#*=}") ;;
		--help | -h) usage && exit 0 ;;
		--)
			shift
			[ $# -gt 0 ] || die "-- needs a command"
			room_command=("$@")
			break
			;;
		-*) usage >&2 && die "unknown option $1" ;;
		*) room_files+=("$1") ;;
		esac
		shift
	done
	[ "$room_shell" = no ] || room_command=(bash --login)
	case $room_limit in
	'' | *[!0-9]*) die "--limit: $room_limit is not a number of seconds" ;;
	esac
	room_find_build
	room_find_files
}

room_find_build() {
	if [ -z "$room_build" ]; then
		room_build=$top
		[ ! -x "$top/build/rootlet" ] || room_build=$top/build
	fi
	room_build=$(realpath "$room_build")
	[ -x "$room_build/rootlet" ] || die "$room_build/rootlet: not built; see --build"
	[ -x "$room_build/tests/guest/testguest" ] ||
		die "$room_build/tests/guest/testguest: not built; \
run make check TESTS= in $room_build"
}

# As paths inside the sources: that is where the room has them.
room_find_files() {
	local file
	local -a given=("${room_files[@]}")
	room_files=()
	if [ "${#given[@]}" -eq 0 ] && [ "${#room_command[@]}" -eq 0 ]; then
		mapfile -t given \
			< <(room_of "$room" "$top"/tests/integration/*.bats \
				"$top"/tests/integration/root/*.bats)
		[ "${#given[@]}" -gt 0 ] || die "no file of tests/integration names the room $room"
	fi
	for file in ${given[@]+"${given[@]}"}; do
		[ -r "$file" ] || die "$file: no such file"
		file=$(realpath "$file")
		case $file in
		"$top"/*) room_files+=("${file#"$top"/}") ;;
		*) die "$file: not in $top" ;;
		esac
	done
}

# ---------------------------------------------------------------- the tree

# room_tree: makes the tree, or finds it in the cache. Sets room_cache, the folder of this tree and
# of what is made from it; the tree is room_cache/tree. It stays locked, shared, as long as this
# process lives.
room_tree() {
	local cache=${ROOTLET_ROOM_CACHE:-/var/cache/rootlet-tests} key making
	key=$(cat "$top/tests/room/tree.sh" "$top/tests/lib/debian.sh" | sha256sum | cut -c 1-16)
	# Setuid programs that get no updates are in there: nobody else has a way to them.
	mkdir -p "$cache"
	chmod 0700 "$cache"
	room_sweep "$cache" "$key"
	room_cache=$cache/$key
	exec {room_lock}>>"$room_cache.lock"
	touch "$room_cache.lock"
	flock --shared "$room_lock"
	if [ ! -d "$room_cache/tree" ]; then
		# A lock of its own: who waits for the tree is not to wait until the other room,
		# which has it in use, ends.
		exec {making}<"$cache"
		flock "$making"
		[ -d "$room_cache/tree" ] || room_make_tree "$making"
		exec {making}>&-
	fi
}

# room_make_tree LOCK: LOCK is a descriptor that what it starts doesn't get.
room_make_tree() {
	local start=$SECONDS making=$1
	command -v mmdebstrap >/dev/null || room_skip "needs mmdebstrap to make a Debian 12"
	say "making the Debian 12 of the test rooms in $room_cache; it will be there next time" >&2
	rm -rf --one-file-system "$room_cache"
	mkdir "$room_cache"
	mkdir "$room_cache/scratch"
	# In namespaces that end with us: what mmdebstrap mounts and starts doesn't stay.
	setpriv --pdeathsig KILL unshare --mount --propagation private --pid --fork --kill-child \
		--mount-proc \
		"$top/tests/room/tree.sh" "$room_cache/scratch/tree" "$room_cache/scratch" \
		>"$room_cache/log" 2>&1 </dev/null {room_lock}>&- {making}>&- || {
		tail -n 30 "$room_cache/log" | sed 's/^/    | /' >&2
		die "can't make the tree"
	}
	mv "$room_cache/scratch/tree" "$room_cache/tree"
	rm -rf --one-file-system "$room_cache/scratch"
	say "it took $((SECONDS - start)) s" >&2
}

# room_sweep CACHE KEY: trees of other versions, unless they are in use or were so within a week.
room_sweep() {
	local lock fd
	for lock in "$1"/*.lock; do
		if [ -e "$lock" ] && [ "${lock##*/}" != "$2.lock" ] &&
			[ -n "$(find "$lock" -mtime +7)" ]; then
			exec {fd}>>"$lock"
			if flock --nonblock "$fd"; then
				rm -rf --one-file-system "${lock%.lock}" "$lock"
			fi
			exec {fd}>&-
		fi
	done
}

# ---------------------------------------------------------------- TAP

# room_ms_since TIME: the milliseconds since EPOCHREALTIME was TIME.
room_ms_since() {
	echo $(((${EPOCHREALTIME/[.,]/} - ${1/[.,]/}) / 1000))
}

# room_pressure: the milliseconds in which anything on this machine has waited for a processor until
# now.
room_pressure() {
	{ sed -n 's/^some .*total=\([0-9]*\)[0-9]\{3\}$/\1/p' /proc/pressure/cpu 2>/dev/null ||
		true; } | grep . || echo 0
}

# room_start, room_up: how long the machine takes to come up: said, and a test of its own. Other
# work on this machine is not the room's fault.
room_start() {
	room_started=$EPOCHREALTIME
	room_pressed=$(room_pressure)
}

room_up() {
	local ms limit=5000 waited ok=ok
	ms=$(room_ms_since "$room_started")
	waited=$(($(room_pressure) - room_pressed))
	if [ "$room" = vm ]; then
		limit=60000 waited=$(machine_waited)
	fi
	[ "$((ms - waited))" -le "$limit" ] || ok="not ok"
	printf '# the %s room is up after %d ms, %d of them without a processor\n' "$room" "$ms" \
		"$waited"
	room_result "$ok 0 comes up within $((limit / 1000)) s" room
}

room_tests=0
room_failed=0

# room_result LINE FILE: one test line of a file's, under a number of the whole run's.
room_result() {
	local line=$1 ok=ok
	case $line in
	"not ok "*) ok="not ok" && room_failed=$((room_failed + 1)) ;;
	esac
	room_tests=$((room_tests + 1))
	line=${line#"$ok" }
	printf '%s %d %s: %s\n' "$ok" "$room_tests" "$2" "${line#* }"
}

# room_tap: reads what inside.sh says and writes one TAP stream. Whatever is no TAP becomes a
# comment. Sets room_tests, room_failed and room_ended; writes each file's own lines to
# room_results/NAME.log. Says how long each file took.
room_tap() {
	local line file=room log=/dev/null planned=0 seen=0 bad=0 status began=$EPOCHREALTIME
	room_ended=no
	while IFS= read -r line; do
		line=${line%$'\r'}
		case $line in
		"# room: begin "*)
			file=${line#"# room: begin "}
			planned=0 seen=0 bad=0 began=$EPOCHREALTIME
			[ -z "$room_results" ] || log=$room_results/$(tr / - <<<"$file").log
			;;
		"# room: end "*)
			status=${line##* }
			if [ "$status" -eq 124 ] || [ "$status" -eq 137 ]; then
				room_result "not ok 0 out of time after $room_limit s" "$file"
			elif [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
				room_result "not ok 0 ended with status $status and names no test" \
					"$file"
			elif [ "$seen" -ne "$planned" ]; then
				room_result "not ok 0 planned $planned tests, ran $seen" "$file"
			fi
			echo "# room: $(room_ms_since "$began") ms: $file"
			log=/dev/null
			;;
		"# room: tidy") room_result "ok 0 leaves neither units nor core files behind" \
			"$file" ;;
		"# room: left") room_result "not ok 0 leaves neither units nor core files behind" \
			"$file" ;;
		"# room: up") room_up ;;
		"# room: done") room_ended=yes ;;
		"1.."[0-9]*)
			planned=${line#1..}
			planned=${planned%% *}
			;;
		"ok "[0-9]* | "not ok "[0-9]*)
			seen=$((seen + 1))
			[ "${line#not }" = "$line" ] || bad=$((bad + 1))
			room_result "$line" "$file"
			;;
		"#"*) printf '%s\n' "$line" ;;
		*) printf '# %s\n' "$line" ;;
		esac
		[ "$log" = /dev/null ] || printf '%s\n' "$line" >>"$log"
	done
	if [ "$room_ended" = no ]; then
		room_result "not ok 0 the room ended before its tests did" "$file"
	fi
	if [ "$room_tests" -eq 0 ] && [ -z "$room_filter" ]; then
		room_result "not ok 0 no test ran" "$room"
	fi
	printf '1..%d\n' "$room_tests"
}

# room_keep DIR: the logs go to DIR; without one, to a new folder if a test failed.
room_keep() {
	local keep=$1
	if [ -z "$keep" ]; then
		[ "$room_failed" -gt 0 ] || return 0
		keep=$(mktemp -d "${TMPDIR:-/tmp}/rootlet-$room-logs.XXXXXX")
		echo "# the logs are kept in $keep"
	fi
	mkdir -p "$keep"
	cp -r "$room_results"/. "$keep"
}

# room_kept SCRATCH: until the keeper has removed it. (bash knows a process substitution only until
# there is the next one.)
room_kept() {
	local i
	for ((i = 0; i < 1000; i++)); do
		[ -e "$1" ] || break
		sleep 0.02
	done
}
