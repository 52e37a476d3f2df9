#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rooms: host session
# Programs for the container's shell and for jq; output, stderr: of helpers' `try`
# shellcheck disable=SC2016,SC2154
# exec with a terminal: in the foreground, as a person has it, and by --console-socket, as conmon
# has it.

load helpers
load terminal
load waits

tool=$ROOTLET_BUILDDIR/tests/guest/testguest

setup() {
	container_setup
	cp "$tool" "$B/rootfs/bin"
	bundle_args sleep 1000
	rl run --detach --bundle "$B" "$C"
	export T B C ROOTLET tool
}

teardown() {
	rl delete --force "$C" 2>/dev/null || true
	container_teardown
}

@test "a controlling terminal on all three streams, in a session of its own" {
	on_terminal 'EXEC -t $C testguest session'
	terminal_ends
	equal "$status" 0
	equal "$output" $'leader yes\ntty 111\nforeground yes\nsize 24 80'
}

@test "the terminal is one of the container's own devpts; /dev/console stays the first process's" {
	on_terminal \
		'EXEC --tty $C sh -c "tty; echo by-tty >/dev/tty; grep -c /dev/console '\
'/proc/self/mountinfo; ls -1 /dev/pts"'
	terminal_ends
	equal "$output" $'/dev/pts/0\nby-tty\n0\n0\nptmx'
}

# apart: what the exec in this test's terminal sets up has no terminal, and a process group of its
# own. Of its name nothing is known, but it may have parentheses.
apart() {
	local client child stat
	client=$(pgrep -of "^$ROOTLET --root $T/state exec") || return 1
	child=$(pgrep -P "$client") || return 1
	stat=$(cat "/proc/$child/stat") || return 1
	# shellcheck disable=SC2086 # fields
	set -- ${stat##*) }
	echo "process $child: group $3, session $4, terminal $5"
	[ "$3" = "$child" ] && [ "$5" = 0 ]
}

# By the caller's terminal the container could type into the caller's shell, and by the process
# group signal it, if it came to trace the program before that begins a session.
@test "while it is set up it has neither the caller's terminal nor the process group" {
	full_socket "$T/agent.sock"
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: $s,
		syscalls: [{names: ["execve"], action: "SCMP_ACT_NOTIFY"}]}' --arg s "$T/agent.sock"
	cp "$B/config.json" "$T/state/$C/config.json"
	on_terminal 'EXEC $C true'
	wait_for apart
	kill -TERM "$(pgrep -of "^$ROOTLET --root $T/state exec")"
	terminal_ends
	equal "$status" 143
	kill -KILL "$listener"
	wait "$listener" 2>/dev/null || true
}

@test "two at once have two terminals" {
	on_terminal 'EXEC -t $C sh -c "tty; read -r line; echo end"'
	on_screen /dev/pts/0
	"$tool" receive "$T/socket" "typed" >"$T/second" &
	client=$!
	wait_for test -S "$T/socket"
	rl exec --detach --tty --console-socket "$T/socket" "$C" sh -c 'tty; read -r line'
	wait "$client"
	has "$(cat "$T/second")" /dev/pts/1
	keys '\r'
	terminal_ends
	has "$output" end
}

@test "a user other than root owns their terminal" {
	on_terminal \
		'EXEC -t -u 1000:1000 $C sh -c "stat -c %u \$(tty); echo out >/dev/stdout; echo '\
'tty >/dev/tty; echo err >/dev/stderr"'
	terminal_ends
	equal "$output" $'1000\nout\ntty\nerr'
}

@test "the size is the caller's, a resize arrives, and the exit status is the process's" {
	# stty makes one resize of the rows and one of the columns.
	echo 'now=$(stty size); echo "$now"; [ "$now" != "40 101" ] || exit 5' >"$B/rootfs/resized"
	on_terminal \
		'stty rows 33 cols 77; EXEC -t $C sh -c "stty size; trap \". /resized\" WINCH; '\
'echo ready; while :; do usleep 20000; done"'
	on_screen ready
	stty -F "$(cat "$T/tty")" rows 40 cols 101
	terminal_ends
	equal "$status" 5
	has "$output" "33 77"
	has "$output" "40 101"
}

@test "Ctrl-C and Ctrl-Z are the process's, not ours" {
	on_terminal \
		'EXEC -t $C sh -c "trap \"echo interrupted\" INT; trap \"echo stopped; exit 3\" '\
'TSTP; echo ready; while :; do usleep 20000; done"'
	on_screen ready
	keys '\003'
	on_screen interrupted
	keys '\032'
	terminal_ends
	equal "$status" 3
	has "$output" stopped
}

@test "without -t, Ctrl-C at the caller's terminal reaches the process as SIGINT" {
	on_terminal \
		'trap : INT; EXEC $C sh -c "trap \"echo interrupted; exit 4\" INT; echo ready; '\
'while :; do usleep 20000; done"'
	on_screen ready
	keys '\003'
	terminal_ends
	equal "$status" 4
	has "$output" interrupted
}

@test "a shell as a person uses it; the caller's terminal is as before" {
	on_terminal \
		'stty -a >"$T/before"; EXEC -t $C sh; s=$?; stty -a >"$T/after"; EXEC -t $C '\
'nosuch; stty -a >"$T/after-error"; exit $s'
	keys 'echo $((6*7))\r'
	on_screen 42
	keys 'exit 9\r'
	terminal_ends
	equal "$status" 9
	has "$output" "executable file not found"
	cmp "$T/before" "$T/after"
	cmp "$T/before" "$T/after-error"
}

@test "a terminal between two pipes: a megabyte in and out at once, exact" {
	head -c 1000000 /dev/urandom >"$T/in"
	: >"$T/out"
	# shellcheck disable=SC2094 # it is read to see when
	{ wait_for grep -q ready "$T/out" && cat "$T/in"; } |
		ROOTLET_TEST=$C timeout -s KILL 30 "$ROOTLET" --root "$T/state" exec -t "$C" sh \
		-c 'stty raw -echo; echo ready; head -c 1000000' >"$T/out" 3>&-
	tail -c 1000000 "$T/out" | cmp - "$T/in"
}

@test "as conmon calls it: pid file, process file, detached, the terminal sent before the return" {
	jq '.process | .terminal = true | .args = ["sh", "-c",
		"tty; stty size; read -r line; echo got $line"]
		| .consoleSize = {height: 30, width: 90}' "$B/config.json" >"$T/process.json"
	"$tool" receive "$T/socket" "typed text" >"$T/screen" &
	client=$!
	wait_for test -S "$T/socket"
	try rl exec --pid-file "$T/pid" --process "$T/process.json" --detach --tty \
		--console-socket "$T/socket" "$C"
	equal "$status$output$stderr" 0
	grep -qx '[0-9]*' "$T/pid"
	wait "$client"
	output=$(tr -d '\r' <"$T/screen")
	equal "$(head -n 1 <<<"$output")" "payload /dev/ptmx"
	has "$output" $'/dev/pts/0\n30 90'
	has "$output" "got typed text"
	# Without a terminal: streams of the caller's.
	jq '.terminal = false | .args = ["sh", "-c", "echo streams"]' "$T/process.json" \
		>"$T/plain.json"
	try rl exec --pid-file "$T/pid" --process "$T/plain.json" --detach "$C"
	equal "$status$stderr" 0
	wait_for grep -qx streams "$T/try.out"
}

@test "what the container put in the place of the multiplexer: refused, and not waited for" {
	rl delete --force "$C"
	config '.mounts |= map(select(.destination != "/dev/pts" and .destination != "/dev"))'
	mkdir -p "$B/rootfs/dev/pts"
	mkfifo "$B/rootfs/dev/pts/ptmx"
	rl run --detach --bundle "$B" "$C"
	try timeout 10 env ROOTLET_TEST="$C" "$ROOTLET" --root "$T/state" exec -t "$C" true
	equal "$status" 255
	has "$stderr" "/dev/pts/ptmx of the container is not a terminal multiplexer"
	rl exec "$C" sh \
		-c 'rm /dev/pts/ptmx; ln -s /etc/passwd /dev/pts/ptmx; rm /dev/ptmx;
		ln -s /etc/passwd /dev/ptmx'
	try rl exec -t "$C" true
	equal "$status" 255
	has "$stderr" "/dev/ptmx of the container is not a terminal multiplexer"
}
