#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rooms: host session
# Programs for the container's shell and for jq; output, stderr: of helpers' `try`
# shellcheck disable=SC2016,SC2154
# Streams and terminals: a pseudo-terminal in the foreground and by --console-socket, pipes, and
# nothing at all.

load helpers
load terminal

tool=$ROOTLET_BUILDDIR/tests/guest/testguest

setup() {
	container_setup
	cp "$tool" "$B/rootfs/bin"
	config '.process.terminal = true'
	export T B C ROOTLET tool
}

@test "foreground: a controlling terminal on all three streams, in a session of its own" {
	bundle_args testguest session
	on_terminal RUN
	terminal_ends
	equal "$status" 0
	equal "$output" $'leader yes\ntty 111\nforeground yes\nsize 24 80'
}

@test "foreground: the terminal is of the container's own devpts, and /dev/console is the same" {
	script 'tty; a=$(stat -c %t:%T $(tty)); b=$(stat -c %t:%T /dev/console); [ $a = $b ] &&
		echo same
		echo by-console >/dev/console; echo by-tty >/dev/tty;
		grep -c " /dev/console " /proc/self/mountinfo'
	on_terminal RUN
	terminal_ends
	equal "$output" $'/dev/pts/0\nsame\nby-console\nby-tty\n1'
}

@test "foreground: a user other than root owns their terminal" {
	config '.process.user = {uid: 1000, gid: 1000} | del(.process.capabilities)'
	script 'stat -c %u $(tty); echo out >/dev/stdout; echo tty >/dev/tty; echo err >/dev/stderr'
	on_terminal RUN
	terminal_ends
	equal "$output" $'1000\nout\ntty\nerr'
}

@test "foreground: the size is the caller's, and the exit status the container's" {
	script 'stty size; exit 42'
	on_terminal 'stty rows 33 cols 77; RUN'
	terminal_ends
	equal "$status" 42
	equal "$output" "33 77"
}

@test "foreground: consoleSize comes before the caller's size" {
	config '.process.consoleSize = {height: 20, width: 50}'
	script 'stty size'
	on_terminal RUN
	terminal_ends
	equal "$output" "20 50"
}

@test "foreground: a resize reaches the container" {
	# stty makes one resize of the rows and one of the columns.
	echo 'now=$(stty size); echo "$now"; [ "$now" != "40 101" ] || exit 5' >"$B/rootfs/resized"
	script 'trap ". /resized" WINCH; echo ready; while :; do usleep 20000; done'
	on_terminal RUN
	on_screen ready
	stty -F "$(cat "$T/tty")" rows 40 cols 101
	terminal_ends
	equal "$status" 5
	has "$output" "40 101"
}

@test "foreground: what is typed arrives, and is echoed once" {
	script 'echo ready; read -r line; echo "line: $line"'
	on_terminal RUN
	on_screen ready
	keys 'hello there\r'
	terminal_ends
	equal "$status" 0
	equal "$output" $'ready\nhello there\nline: hello there'
}

@test "foreground: Ctrl-C and Ctrl-Z are the container's, not ours" {
	script 'trap "echo interrupted" INT; trap "echo stopped; exit 3" TSTP; echo ready; while :;
		do usleep 20000; done'
	on_terminal RUN
	on_screen ready
	keys '\003'
	on_screen interrupted
	keys '\032'
	terminal_ends
	equal "$status" 3
	has "$output" stopped
}

@test "foreground: Ctrl-D ends the input" {
	script 'echo ready; cat; echo "cat ended"'
	on_terminal RUN
	on_screen ready
	keys 'text\r'
	on_screen text
	keys '\004'
	terminal_ends
	has "$output" "cat ended"
}

@test "foreground: the caller's terminal is as before, after an end of any kind" {
	bundle_args nosuchprogram
	cp "$B/config.json" "$T/error.json"
	script 'stty raw -echo; echo ready; read -r line'
	on_terminal 'stty -a >"$T/before"; RUN; stty -a >"$T/after"; RUN; stty -a >"$T/after-kill"
		cp "$T/error.json" "$B/config.json"; RUN; stty -a >"$T/after-error"'
	on_screen ready
	keys '\n'
	wait_for test -e "$T/after"
	wait_for sh -c '[ "$(grep -c ready "$1")" = 2 ]' sh "$T/screen"
	rl kill "$C" KILL
	terminal_ends
	has "$output" "not found"
	cmp "$T/before" "$T/after"
	cmp "$T/before" "$T/after-kill"
	cmp "$T/before" "$T/after-error"
}

@test "foreground: all that was written before the end is shown" {
	script 'seq 20000'
	on_terminal RUN
	terminal_ends
	equal "$(wc -l <<<"$output")" 20000
	equal "$(tail -n 1 <<<"$output")" 20000
}

# between_pipes: with stdin and stdout that are no terminals; what stdin brings comes when the
# container says "ready".
between_pipes() {
	ROOTLET_TEST=$C timeout -s KILL 30 "$ROOTLET" --root "$T/state" run --bundle "$B" "$C" \
		>"$T/out" 3>&-
}

when_ready() {
	wait_for grep -q ready "$T/out" && "$@"
}

@test "a terminal between two pipes: a megabyte in and out at once, exact" {
	script 'stty raw -echo; echo ready; head -c 1000000'
	head -c 1000000 /dev/urandom >"$T/in"
	: >"$T/out"
	when_ready cat "$T/in" | between_pipes
	tail -c 1000000 "$T/out" | cmp - "$T/in"
}

@test "a container that does not read what is typed still shows what it writes" {
	script 'stty raw -echo; echo ready; usleep 300000; seq 100000; echo written'
	: >"$T/out"
	when_ready head -c 1000000 /dev/zero | between_pipes
	equal "$(tail -n 1 "$T/out" | tr -d '\r')" written
}

@test "--console-socket: the terminal goes to the client, by run --detach" {
	script 'testguest session; read -r line; echo "got $line"'
	"$tool" receive "$T/socket" "typed text" >"$T/screen" &
	client=$!
	wait_for test -S "$T/socket"
	try rl run --detach --console-socket "$T/socket" --bundle "$B" "$C"
	equal "$status$output$stderr" 0
	wait "$client"
	output=$(tr -d '\r' <"$T/screen")
	equal "$(head -n 1 <<<"$output")" "payload /dev/ptmx"
	has "$output" $'tty 111\nforeground yes'
	has "$output" "got typed text"
	wait_for status_is stopped
	rl delete "$C"
}

@test "--console-socket: by create, at once; the program sees it after start" {
	script 'stty size; read -r line; echo "got $line"'
	config '.process.consoleSize = {height: 30, width: 90}'
	"$tool" receive "$T/socket" "typed early" >"$T/screen" &
	client=$!
	wait_for test -S "$T/socket"
	try rl create --console-socket "$T/socket" --bundle "$B" "$C"
	equal "$status$output$stderr" 0
	on_screen "payload /dev/ptmx"
	[[ $(cat "$T/screen") != *got* ]]
	rl start "$C"
	wait "$client"
	has "$(cat "$T/screen")" "30 90"
	has "$(cat "$T/screen")" "got typed early"
	wait_for status_is stopped
	rl delete "$C"
}

@test "--console-socket: a path longer than a socket address" {
	local a=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
	local long=$T/$a/${a//a/b}
	mkdir -p "$long"
	script 'read -r line; echo "got $line"'
	(cd "$long" && exec "$tool" receive socket text >"$T/screen") &
	client=$!
	wait_for test -S "$long/socket"
	try rl run --detach --console-socket "$long/socket" --bundle "$B" "$C"
	equal "$status$stderr" 0
	wait "$client"
	has "$(cat "$T/screen")" "got text"
	wait_for status_is stopped
	rl delete "$C"
}

@test "--console-socket: nobody listens, or no terminal to send: refused" {
	try rl create --console-socket "$T/none" --bundle "$B" "$C"
	refused "--console-socket: connecting to $T/none"
	config '.process.terminal = false'
	try rl create --console-socket "$T/none" --bundle "$B" "$C"
	refused "cannot use console socket if"
}

@test "a terminal for a detached container needs a socket" {
	try rl create --bundle "$B" "$C"
	refused "cannot allocate tty if rootlet will detach without setting console socket"
	try rl run --detach --bundle "$B" "$C"
	refused "cannot allocate tty if"
}

@test "pipes: a megabyte of bytes, exact in both directions" {
	config '.process.terminal = false'
	head -c 1000000 /dev/urandom >"$T/in"
	bundle_args cat
	# shellcheck disable=SC2002 # pipes are the point
	cat "$T/in" | rl run --bundle "$B" "$C" | cat >"$T/out"
	cmp "$T/in" "$T/out"
	rl run --bundle "$B" "$C" <"$T/in" >"$T/out"
	cmp "$T/in" "$T/out"
}

@test "pipes: stdout and stderr stay apart" {
	config '.process.terminal = false'
	script 'echo one; echo two >&2'
	try rl run --bundle "$B" "$C"
	equal "$output/$stderr" one/two
}

@test "pipes: another user's process can open its own streams by name" {
	config '.process.terminal = false | .process.user = {uid: 1000, gid: 1000} |
		del(.process.capabilities)'
	script 'echo out >/dev/stdout; cat /dev/stdin'
	echo in | rl run --bundle "$B" "$C" | cat >"$T/out"
	equal "$(cat "$T/out")" $'out\nin'
}

@test "closed streams at the start are the null device inside" {
	config '.process.terminal = false'
	# Of the shell itself, whose streams are as they were handed in.
	script 'a=$(stat -L -c %t:%T /proc/1/fd/0 /proc/1/fd/1 /proc/1/fd/2); echo "$a" >/tmp/fds'
	ROOTLET_TEST=$C "$ROOTLET" --root "$T/state" run --bundle "$B" "$C" <&- >&- 2>&- 3>&-
	equal "$(cat "$B/rootfs/tmp/fds")" $'1:3\n1:3\n1:3'
}
