# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# helpers: what every bats file has. One bundle a test, and a teardown that fails if anything is
# left.
#
#   T    this test's folder: T/bundle, T/state (--root)
#   B    the bundle, T/bundle; its tree is B/rootfs
#   C    a container ID that no other test has; a second one is "$C-2"
#
# A file that needs more defines its own setup or teardown and calls container_setup,
# container_teardown.

bats_require_minimum_version 1.5.0

: "${ROOTLET:?the rootlet to test}"
PATH=$PATH:/usr/sbin:/sbin

# ---------------------------------------------------------------- the bundle

# busybox_tree DIR: a root filesystem of busybox-static.
busybox_tree() {
	mkdir -p "$1"/{bin,dev,etc,proc,root,srv,sys,tmp,var}
	chmod 1777 "$1/tmp"
	cp "$(command -v busybox)" "$1/bin/busybox"
	# One process for some 270 links.
	"$1/bin/busybox" --list | python3 -ISc 'import os, sys
for name in sys.stdin.read().split():
    name == "busybox" or os.symlink("busybox", sys.argv[1] + "/bin/" + name)' "$1"
	printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' 'bob:x:1000:1000:bob:/tmp:/bin/sh' \
		'nobody:x:65534:65534:nobody:/:/bin/false' >"$1/etc/passwd"
	printf 'root:x:0:\nbob:x:1000:\nnogroup:x:65534:\n' >"$1/etc/group"
}

# busybox_copy DIR: that tree, made once for a file. Links are linked, not copied: a new inode takes
# some file systems 0.4 ms. Where a test has given them to another user, and may not link them any
# more, the tree is copied as it is.
busybox_copy() {
	local from=$BATS_FILE_TMPDIR
	if [ ! -d "$from/rootfs" ]; then
		busybox_tree "$from/rootfs.new"
		cp -al "$from/rootfs.new" "$from/links"
		rm "$from"/links/bin/busybox "$from"/links/etc/*
		mkdir -p "$from"/files/{bin,etc}
		cp -a "$from/rootfs.new/bin/busybox" "$from/files/bin"
		cp -a "$from"/rootfs.new/etc/* "$from/files/etc"
		mv "$from/rootfs.new" "$from/rootfs"
	fi
	if cp -al "$from/links" "$1" 2>/dev/null; then
		cp -a "$from/files/." "$1"
	else
		rm -rf "$1"
		cp -a "$from/rootfs" "$1"
	fi
}

# bundle_make DIR [OPTION-OF-SPEC...]: a bundle that runs `true`, without a terminal, on a writable
# root. What `spec` writes is asked for once for a file.
bundle_make() {
	local dir=$1 spec text
	shift
	mkdir -p "$dir"
	busybox_copy "$dir/rootfs"
	spec=$BATS_FILE_TMPDIR/spec${*//[^a-z0-9=]/_}
	if [ ! -e "$spec/config.json" ]; then
		mkdir -p "$spec.new"
		"$ROOTLET" spec --bundle "$spec.new" "$@"
		B=$spec.new config \
			'.process.terminal = false | .root.readonly = false
			| .process.args = ["true"]
			| .process.env += ["ROOTLET_TEST=@C@"]'
		mv "$spec.new" "$spec"
	fi
	text=$(<"$spec/config.json")
	printf '%s\n' "${text/@C@/"$C"}" >"$dir/config.json"
}

# config FILTER [JQ-OPTION...]: changes B/config.json.
config() {
	local filter=$1
	shift
	jq "$filter" "$@" <"$B/config.json" >"$B/config.new"
	mv "$B/config.new" "$B/config.json"
}

# bundle_args COMMAND...: what the container runs. jq takes 30 ms to start, so plain text is put
# where it belongs: jq has left each word of process.args in a line of its own.
bundle_args() {
	local LC_ALL=C text before after word words='' odd=$'*[^\n\t -~]*'
	text=$(<"$B/config.json")
	before=${text%%$'\n    "args": [\n'*}
	after=${text:${#before}}
	# shellcheck disable=SC2053 # odd is a pattern
	if [ $# -gt 0 ] && [ -n "$after" ] && [[ $* != $odd ]]; then
		after=${after#*$'\n    ]'}
		for word; do
			word=${word//\\/\\\\}
			word=${word//\"/\\\"}
			word=${word//$'\n'/\\n}
			word=${word//$'\t'/\\t}
			words+=$',\n      "'"$word"'"'
		done
		printf '%s\n    "args": [%s\n    ]%s\n' "$before" "${words#,}" "$after" \
			>"$B/config.new"
		mv "$B/config.new" "$B/config.json"
		return
	fi
	# shellcheck disable=SC2016 # jq's variable
	config '.process.args = $ARGS.positional' --args -- "$@"
}

# mount_add DESTINATION TYPE SOURCE OPTION...
mount_add() {
	# shellcheck disable=SC2016 # jq's variable
	config '.mounts += [{destination: $ARGS.positional[0], type: $ARGS.positional[1],
		source: $ARGS.positional[2],
		options: $ARGS.positional[3:]}]' --args -- "$@"
}

# script TEXT: the container runs it by sh.
script() {
	bundle_args sh -c "$1"
}

# ---------------------------------------------------------------- running

# rl ARGUMENT...: rootlet with this test's state folder. Its processes are known by that, or by
# their environment.
rl() {
	ROOTLET_TEST=$C "$ROOTLET" --root "$T/state" "$@" 3>&-
}

# try COMMAND...: sets status, output and stderr. By files, not by pipes as bats' run: a container
# in the background inherits stdout, and a pipe would keep us waiting for it.
# shellcheck disable=SC2034 # for the tests
try() {
	status=0
	"$@" >"$T/try.out" 2>"$T/try.err" || status=$?
	output=$(tr -d '\0' <"$T/try.out")
	stderr=$(tr -d '\0' <"$T/try.err")
}

# inside TEXT: runs it in a container that is gone afterwards; its stdout is `output`. Must exit
# with 0.
inside() {
	script "$1"
	try rl run --bundle "$B" "$C"
	[ "$status" -eq 0 ] || fail "status $status: $stderr$output"
}

fail() {
	echo "$*" >&2
	return 1
}

# equal WHAT-IS WHAT-SHOULD-BE
equal() {
	[ "$1" = "$2" ] || fail "is:        $1
should be: $2"
}

# has TEXT PART
has() {
	[[ $1 == *"$2"* ]] || fail "\"$2\" is not in: $1"
}

# not COMMAND...: must fail. (A plain `!` never makes a test fail.)
not() {
	if "$@"; then
		fail "should have failed: $*"
	fi
}

# wait_for COMMAND...: until it succeeds, at least ten seconds. What it said last is told when it
# never does.
wait_for() {
	local i
	for ((i = 0; i < 500; i++)); do
		! "$@" >/dev/null 2>&1 || return 0
		sleep 0.02
	done
	fail "never came: $*
it says: $("$@" 2>&1 | head -n 20)"
}

# stays COMMAND...: it succeeds, and still does some moments later. For what must not happen, of
# which nothing tells.
stays() {
	local i
	for ((i = 0; i < 8; i++)); do
		"$@" >/dev/null || fail "no more: $*"
		sleep 0.02
	done
}

# status_is STATUS [ID]
status_is() {
	[ "$(of_state status "${2:-$C}")" = "$1" ]
}

# of_state NAME ID: a plain value of what `state` says, where annotations come last. jq takes 30 ms
# to start.
of_state() {
	rl state "$2" | sed -n "s/^\t\"$1\": \"\{0,1\}\([^\",]*\).*/\1/p"
}

# pid_of [ID]: of the container's first process, as the host sees it.
pid_of() {
	of_state pid "${1:-$C}"
}

# refused [PART...]: the command of the last `try` failed as it should: status 1, nothing on stdout,
# one line on stderr that has every PART, and no state folder.
refused() {
	local part
	equal "$status" 1
	equal "$output" ""
	equal "$(wc -l <"$T/try.err")" 1
	for part in "$@"; do
		has "$stderr" "$part"
	done
}

# nicer N: a nice value so much above ours, up to the highest. An ordinary user may have no lower
# one.
nicer() {
	local value=$(($(nice) + $1))
	[ "$value" -le 19 ] || value=19
	echo "$value"
}

# ---------------------------------------------------------------- nothing is left

# marked: the pids of all processes of this test's containers, and of its rootlets. Those that stay
# have overwritten their environment, and are known by their arguments.
marked() {
	local file pid seen=' '
	while read -r file; do
		pid=${file#/proc/}
		pid=${pid%%/*}
		[[ $seen == *" $pid "* ]] || printf '%s\n' "$pid"
		seen+="$pid "
	done < <(
		grep -lsxzF "ROOTLET_TEST=$C" /proc/[0-9]*/environ
		grep -lsaP "\x00--root\x00\Q$T/state\E\x00|^\Q$ROOTLET\E\x00\
(.*\x00)?\Q$C\E(-[^\x00]*)?\x00" \
			/proc/[0-9]*/cmdline
	)
}

no_marked() {
	[ -z "$(marked)" ]
}

# nothing_left: no process, state, mount or half-written file. A killed process may take a moment.
# (All is looked at, and counted: where this stands before "||", bash ignores what fails on the
# way.)
nothing_left() {
	local i left bad=0
	for ((i = 0; i < 50; i++)); do
		left=$(marked)
		[ -n "$left" ] || break
		sleep 0.02
	done
	if [ -n "$left" ]; then
		# shellcheck disable=SC2086 # a list
		fail "processes are left: $(ps -o pid,ppid,stat,args -p ${left//$'\n'/,})" || bad=1
	fi
	! grep -F "$T" /proc/self/mountinfo || fail "mounts are left" || bad=1
	left=$(find "$T" -path "$T/*/rootfs" -prune -o \( -name '*.tmp' -o -path "$T/state/*" \) \
		-print 2>/dev/null) || true
	[ -z "$left" ] || fail "state or files are left: $left" || bad=1
	return "$bad"
}

# user_units: all scopes of the user's manager, and whatever has failed there; from any environment.
user_units() {
	XDG_RUNTIME_DIR=/run/user/$(id -u) DBUS_SESSION_BUS_ADDRESS='' systemctl --user list-units \
		--all --plain --no-legend |
		awk '$1 ~ /\.scope$/ || $3 == "failed" { print $1, $3 }' | sort
}

# same_units BEFORE: for wait_for; BEFORE is what user_units said.
same_units() {
	[ "$(user_units)" = "$1" ] || {
		echo "the manager's units: $(user_units)"
		return 1
	}
}

# container_setup [OPTION-OF-SPEC...]
# shellcheck disable=SC2120
container_setup() {
	T=$(mktemp -d "${TMPDIR:-/tmp}/rootlet-bats.XXXXXX")
	B=$T/bundle
	C=t$$-${BATS_SUITE_TEST_NUMBER:-0}-$RANDOM
	bundle_make "$B" "$@"
}

# remove_tree DIR: with the files of subordinate ids in it, which only root of the user's namespace
# can remove.
remove_tree() {
	! rm -rf "$1" 2>/dev/null || return 0
	chmod -R u+rwX "$1" 2>/dev/null || true
	rm -rf "$1" 2>/dev/null || unshare --map-auto --map-root-user rm -rf "$1"
}

# Asserts first, then cleans up by force, so that one failure does not become many.
container_teardown() {
	local result=0 id
	# A test that was skipped in its setup has nothing.
	[ -n "${T:-}" ] || return 0
	nothing_left || result=1
	if [ "$result" -ne 0 ]; then
		for id in "$T"/state/*; do
			rl delete --force "${id##*/}" 2>/dev/null || true
		done
		# shellcheck disable=SC2046 # a list
		kill -KILL $(marked) 2>/dev/null || true
	fi
	remove_tree "$T" || result=1
	return "$result"
}

setup() {
	# shellcheck disable=SC2119
	container_setup
}

teardown() {
	container_teardown
}
