#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Nowhere to write to: no stdout, a full one, one that nobody reads, no stdin or stderr; disks
# without room for the pid file, the log or config.json. What was not written is an error, and the
# container is as it was. status, output and stderr come from `try`; what is between single quotes
# is for jq or the shell inside.
# shellcheck disable=SC2154,SC2153,SC2016,SC2030,SC2031

load helpers

# printing: the commands that print, for a container that runs, one a line.
printing() {
	cat <<-END
		state $C
		list
		list --quiet
		list --format json
		ps $C
		ps --format json $C
		features
		--version
		--help
		help
		help run
		run --help
		port list $C
	END
}

# with_port: the container in the background; it has something for `port list` to print.
with_port() {
	script 'exec sleep 1000'
	rl run --detach --net slirp4netns --bundle "$B" "$C"
	rl port add "$C" "127.0.0.1:$((20000 + RANDOM % 10000)):80"
}

# lost CAUSE: the command of the last try has told that it could not print.
lost() {
	equal "$status" 1
	equal "$(cat "$T/try.err")" "rootlet: cannot write to standard output: $1"
}

# Tried: cmd_print without no_stdout: all of them exit with 0.
@test "stdout is closed" {
	with_port
	local n=0
	while read -r command; do
		# shellcheck disable=SC2086 # several words
		try rl_to '>&-' $command
		lost "Bad file descriptor"
		n=$((n + 1))
	done < <(printing)
	[ "$n" -gt 10 ]
	# What prints nothing has no need of it.
	try rl_to '>&-' exec "$C" true
	equal "$status$stderr" 0
	try rl_to '>&-' kill "$C" KILL
	equal "$status$stderr" 0
	wait_for status_is stopped
	# The status was to be printed, and was not.
	try rl_to '>&-' wait "$C"
	lost "Bad file descriptor"
	try rl_to '>&-' delete "$C"
	equal "$status$stderr" 0
}

# rl_to REDIRECTIONS ARGUMENT...
rl_to() {
	local where=$1
	shift
	eval 'rl "$@" '"$where"
}

@test "stdout is full, or can only be read" {
	with_port
	while read -r command; do
		# shellcheck disable=SC2086 # several words
		try rl_to '>/dev/full' $command
		lost "No space left on device"
		# shellcheck disable=SC2086 # several words
		try rl_to '1</dev/null' $command
		lost "Bad file descriptor"
	done < <(printing)
	status_is running
	rl kill "$C" KILL
	wait_for status_is stopped
	try rl_to '>/dev/full' wait "$C"
	lost "No space left on device"
	# It is still there for the next who asks.
	try rl wait "$C"
	equal "$status$output" 137137
	rl delete "$C"
}

@test "nobody reads what is printed: an error, and no death by SIGPIPE" {
	with_port
	mkfifo "$T/pipe"
	while read -r command; do
		exec 7<>"$T/pipe" 8>"$T/pipe" 7>&-
		# shellcheck disable=SC2086 # several words
		try rl_to '>&8' $command
		exec 8>&-
		lost "Broken pipe"
	done < <(printing)
	rl delete --force "$C"
}

@test "stdin, stderr or all of them are closed: every command does its work" {
	script 'exec sleep 1000'
	for where in '<&-' '2>&-' '<&- >&- 2>&-' '<&- 2>&-'; do
		try rl_to "$where" create --bundle "$B" "$C"
		equal "$status" 0
		try rl_to "$where" exec "$C" true
		equal "$status" 0
		try rl_to "$where" start "$C"
		equal "$status" 0
		status_is running
		try rl_to "$where" kill "$C" KILL
		equal "$status" 0
		wait_for status_is stopped
		try rl_to "$where" delete "$C"
		equal "$status" 0
		# And an error is one without a stderr, too.
		try rl_to "$where" start "$C"
		equal "$status" 1
	done
}

@test "a container without stdin, stdout or stderr has /dev/null there, to read and write" {
	script 'for fd in 0 1 2; do at=$(readlink /proc/$$/fd/$fd); echo "$at" >>/tmp/fds; done;
		read -r line; echo "$?" >>/tmp/fds; echo lost; echo "$?" >>/tmp/fds'
	try rl_to '<&- >&- 2>&-' run --bundle "$B" "$C"
	equal "$status" 0
	equal "$(cat "$B/rootfs/tmp/fds")" "/dev/null
/dev/null
/dev/null
1
0"
}

# ---------------------------------------------------------------- disks without room

# on_full_disk TEXT: sh runs it where F is a folder on a full tmpfs (root of a user namespace with
# this user's ids, as an ordinary user); F/filler can be removed to make room. L is rootlet.
on_full_disk() {
	local -a inside=(unshare --mount)
	[ "$(id -u)" -eq 0 ] || inside+=(--map-auto --map-root-user)
	mkdir -p "$T/full"
	env "F=$T/full" "ROOTLET_TEST=$C" "L=$ROOTLET --root $T/state" "B=$B" "C=$C" \
		"${inside[@]}" sh -euc '
		mount -t tmpfs -o size=16k,mode=755 full $F
		dd if=/dev/zero of=$F/filler bs=4k 2>/dev/null || true
		'"$1" 3>&-
}

@test "no room for the pid file: no container, no pid file" {
	script 'exec sleep 1000'
	try on_full_disk '
		$L create --pid-file $F/pid --bundle $B $C && exit 9
		$L run --detach --pid-file $F/pid --bundle $B $C && exit 9
		test "$(ls -A $F)" = filler
		$L create --bundle $B $C
		$L exec --detach --pid-file $F/pid $C sleep 1000 && exit 9
		test "$(ls -A $F)" = filler
		test "$($L ps --format json $C | tr -dc 0-9, | tr , "\n" | wc -w)" -eq 1
		$L delete --force $C'
	[ "$status" -eq 0 ] || fail "$status: $output $stderr"
	equal "$(wc -l <"$T/try.err")" 3
	equal "$(grep -cxF "rootlet: --pid-file: $T/full/pid: No space left on device" \
		<<<"$stderr")" 3
}

@test "no room for the log: the error is on stderr all the same" {
	try on_full_disk '
		$L --log $F/filler state $C && exit 9
		$L --log $F/new --log-format json state $C && exit 9
		exit 0'
	equal "$status$output" 0
	equal "$(grep -cxF "rootlet: container \`$C\` does not exist" <<<"$stderr")" 2
	try rl --log /dev/full list --quiet
	equal "$status$stderr" 0
	try rl --log "$T/no/folder" list
	refused "cannot open the log file $T/no/folder: No such file"
	try rl --log "$T" list
	refused "cannot open the log file $T: Is a directory"
}

@test "no room for spec's config.json: none is left behind" {
	try on_full_disk '
		$L spec --bundle $F && exit 9
		test "$(ls -A $F)" = filler
		rm $F/filler
		$L spec --bundle $F
		$L spec --bundle $F && exit 9
		exit 0'
	equal "$status$output" 0
	equal "$stderr" "rootlet: cannot write $T/full/config.json: No space left on device
rootlet: $T/full/config.json already exists; remove it first"
}

@test "spec: folders that are not there, and names that are taken" {
	try rl spec --bundle "$T/nowhere"
	refused "cannot open the bundle $T/nowhere: No such file"
	try rl spec --bundle "$B/config.json"
	refused "cannot open the bundle $B/config.json: Not a directory"
	try rl spec --bundle "$T" --file nowhere/x
	refused "cannot write $T/nowhere/x: No such file"
	try rl spec --bundle "$T" --file "$T/nowhere/x"
	refused "rootlet: cannot write $T/nowhere/x: No such file"
	try rl spec --file /dev/full
	refused "rootlet: /dev/full already exists; remove it first"
	# Not through a link either.
	ln -s "$T/target" "$T/link"
	try rl spec --bundle "$T" --file link
	refused "$T/link already exists"
	[ ! -e "$T/target" ]
}
