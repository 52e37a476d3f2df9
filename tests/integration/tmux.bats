#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Programs for the container's shell and for jq; output, stderr: of helpers' `try`
# shellcheck disable=SC2016,SC2154
#
# Terminal work as a person does it: a shell in a window of tmux, what is typed by send-keys, what
# is seen by capture-pane. terminal.bats has the details; here they must be right together.

load helpers

setup() {
	command -v tmux >/dev/null || skip "needs tmux"
	container_setup
	config '.process.terminal = true | .process.args = ["sh"] | .process.env += ["PS1=inside> ",
		"HOME=/root"] | .hostname = "box"'
	export T B C ROOTLET
	# The outer shell: a prompt that is known, its history nowhere, and rootlet by a short name.
	cat >"$T/rc" <<-'END'
		PS1='outer$ '
		unset HISTFILE PROMPT_COMMAND
		rl() { ROOTLET_TEST=$C "$ROOTLET" --root "$T/state" "$@"; }
	END
	mux -f /dev/null new-session -d -s work -x 80 -y 24 \
		"bash --norc --noprofile --rcfile $T/rc -i"
	mux set-option -g remain-on-exit on >/dev/null
	mux send-keys -t work: ". $T/rc; clear" Enter
	sees 'outer$'
}

teardown() {
	[ -z "${T:-}" ] || mux kill-server 2>/dev/null || true
	container_teardown
}

# mux COMMAND...: this test's own tmux.
mux() {
	tmux -S "$T/tmux" "$@" 3>&- 8>&-
}

# keys PANE KEY...
keys() {
	local pane=$1
	shift
	mux send-keys -t "$pane" "$@"
}

# types LINE [PANE]: and Enter.
types() {
	mux send-keys -t "${2:-work:0.0}" -l -- "$1"
	mux send-keys -t "${2:-work:0.0}" Enter
}

# screen [PANE]
screen() {
	mux capture-pane -p -t "${1:-work:0.0}"
}

# last_line [PANE]: the last that is not empty.
last_line() {
	screen "$1" | grep -v '^ *$' | tail -n 1
}

# sees TEXT [PANE]: waits until a line is just that.
sees() {
	local i
	for ((i = 0; i < 250; i++)); do
		# tmux leaves no blanks at the end of a line.
		! screen "${2:-work:0.0}" | grep -qxF -- "$1" || return 0
		sleep 0.02
	done
	fail "no line \"$1\" on the screen: $(screen "${2:-work:0.0}")"
}

# prompt TEXT [PANE]: waits until the cursor is behind that, in the last line.
prompt() {
	local i
	for ((i = 0; i < 250; i++)); do
		[ "$(last_line "${2:-work:0.0}")" != "$1" ] || return 0
		sleep 0.02
	done
	fail "no prompt \"$1\": $(screen "${2:-work:0.0}")"
}

enters() {
	types 'rl run --bundle "$B" "$C"'
	prompt 'inside>'
}

@test "a shell: commands, their output, and the end by exit with its status" {
	enters
	types 'echo $((6 * 7)) on $(hostname)'
	sees '42 on box'
	types 'tty; ls -l /proc/self/fd | grep -c /dev/pts/0'
	sees /dev/pts/0
	types 'echo one two three >/tmp/file; wc -w </tmp/file'
	sees 3
	types 'exit 7'
	prompt 'outer$'
	types 'echo status $?'
	sees 'status 7'
}

@test "the size is the window's, and follows it" {
	enters
	types 'stty size'
	sees '24 80'
	mux resize-window -t work -x 100 -y 30
	becomes '30 100'
	# A pane beside it takes its part.
	mux split-window -h -t work: sleep 60
	becomes "30 $(mux display-message -p -t work:0.0 '#{pane_width}')"
	# A program that is running gets SIGWINCH.
	types \
		"sh -c 'trap \"stty size | sed s/^/now\\ /\" WINCH; echo is\" \"ready; while :; do \
usleep 20000; done'"
	sees 'is ready'
	mux resize-pane -t work:0.0 -x 33
	sees 'now 30 33'
	keys work:0.0 C-c
	prompt 'inside>'
	types 'exit 0'
	prompt 'outer$'
	types 'stty size'
	sees '30 33'
}

# becomes SIZE [PANE]: what stty says there, before long.
becomes() {
	local i
	for ((i = 0; i < 50; i++)); do
		types "clear; stty size; echo asked" "${2:-work:0.0}"
		sees asked "${2:-work:0.0}"
		! screen "${2:-work:0.0}" | grep -qxF "$1" || return 0
		sleep 0.05
	done
	fail "not $1: $(screen "${2:-work:0.0}")"
}

@test "Ctrl-C ends the command, not the container" {
	enters
	types 'sleep 100'
	running 'sleep 100'
	keys work:0.0 C-c
	prompt 'inside>'
	types 'echo status $?'
	sees 'status 130'
	types 'cat'
	running cat
	keys work:0.0 C-c
	prompt 'inside>'
	types 'clear; echo $$'
	sees 1
	keys work:0.0 C-d
	prompt 'outer$'
	types 'echo status $?'
	sees 'status 0'
}

# running COMMAND: waits until a process of the container's is that.
running() {
	wait_for sh -c '"$ROOTLET" --root "$T/state" ps "$C" | grep -q "\\b$1\$"' sh "$1"
}

@test "Ctrl-Z is the container shell's job control: stopped, listed, continued" {
	enters
	types 'sleep 100'
	running 'sleep 100'
	keys work:0.0 C-z
	sees '^Z[1]+  Stopped                    sleep 100'
	types 'jobs | wc -l'
	sees 1
	status_is running
	types 'fg'
	sees 'sleep 100'
	keys work:0.0 C-c
	prompt 'inside>'
	types 'jobs | wc -l'
	sees 0
	# Another shell below, suspended by itself, is not the end either.
	types 'sh'
	types 'kill -STOP $$'
	sees '[1]+  Stopped (signal)           sh'
	types 'kill -KILL %1; usleep 100000; jobs'
	wait_for shows Killed
	types 'exit 3'
	prompt 'outer$'
	types 'echo status $?'
	sees 'status 3'
}

@test "Ctrl-D ends the shell, and Ctrl-\\ its command" {
	enters
	types 'cat >/tmp/typed'
	running cat
	types 'a line'
	keys work:0.0 C-d
	prompt 'inside>'
	types 'cat /tmp/typed | tr a-z A-Z'
	sees 'A LINE'
	types 'sleep 100'
	running 'sleep 100'
	keys work:0.0 C-\\
	prompt 'inside>'
	types 'echo status $?'
	sees 'status 131'
	keys work:0.0 C-d
	prompt 'outer$'
	wait_for gone
}

gone() {
	[ "$(rl list -q)" = "" ]
}

@test "a full-screen program, and a terminal that is sane after it, and after a kill" {
	enters
	types 'seq 100 >/tmp/lines; vi /tmp/lines'
	sees '- /tmp/lines 1/100 1%'
	keys work:0.0 G
	sees '- /tmp/lines 100/100 100%'
	keys work:0.0 o 'typed in vi' Escape
	sees '- /tmp/lines [Modified] 101/101 100%'
	types ':wq'
	prompt 'inside>'
	types 'tail -n 1 /tmp/lines | rev'
	sees 'iv ni depyt'
	types 'stty -echo raw; echo ready; sleep 100'
	running 'sleep 100'
	rl kill "$C" KILL
	wait_for gone
	# Neither staircases nor silence: what is typed is seen, on lines that begin at the left.
	types 'clear; rl list -q | wc -l'
	sees 0
	types \
		'stty -a | grep -o -w -e "-\?echo" -e "-\?icanon" -e "-\?opost" -e "-\?isig" | '\
'paste -sd" "'
	sees 'opost isig icanon echo'
}

@test "beside it: ps, state and kill from a second pane; the first sees the end" {
	enters
	types 'sleep 100'
	second_pane
	types 'rl state "$C" | jq -r .status' work:0.1
	sees running work:0.1
	types 'rl ps "$C" | tail -n +2 | wc -l' work:0.1
	sees 2 work:0.1
	types 'rl kill "$C" KILL; echo killed $?' work:0.1
	sees 'killed 0' work:0.1
	prompt 'outer$'
	types 'echo status $?'
	sees 'status 137'
	types 'rl state "$C"; echo gone $?' work:0.1
	sees 'gone 1' work:0.1
}

@test "exec -t in a second pane: a terminal, a size, a job control and a status of its own" {
	enters
	second_pane
	types 'rl exec -t "$C" sh' work:0.1
	prompt 'inside>' work:0.1
	# Two terminals of one container.
	types 'tty' work:0.0
	sees /dev/pts/0 work:0.0
	types 'tty' work:0.1
	sees /dev/pts/1 work:0.1
	types 'echo from the second >/dev/pts/0' work:0.1
	wait_for shows 'from the second' work:0.0
	# Each has its pane's size, before and after.
	mux resize-pane -t work:0.0 -y 8
	becomes '8 80' work:0.0
	becomes '15 80' work:0.1
	# Ctrl-C and Ctrl-Z here are not felt there.
	types 'sleep 222' work:0.0
	running 'sleep 222'
	types 'sleep 333' work:0.1
	running 'sleep 333'
	keys work:0.1 C-z
	wait_for shows 'Stopped' work:0.1
	types 'kill -KILL %1; wait; clear' work:0.1
	types 'sleep 444' work:0.1
	running 'sleep 444'
	keys work:0.1 C-c
	prompt 'inside>' work:0.1
	types 'echo status $?' work:0.1
	sees 'status 130' work:0.1
	running 'sleep 222'
	types 'exit 5' work:0.1
	prompt 'outer$' work:0.1
	types 'echo status $?' work:0.1
	sees 'status 5' work:0.1
	# The end of the first is the second's end too, and its terminal is sane after that.
	types 'rl exec -t "$C" sh -c "stty raw -echo; sleep 555"' work:0.1
	running 'sleep 555'
	keys work:0.0 C-c
	prompt 'inside>' work:0.0
	types 'exit 9' work:0.0
	prompt 'outer$' work:0.0
	types 'echo status $?' work:0.0
	sees 'status 9' work:0.0
	wait_for shows 'outer$' work:0.1
	types \
		'clear; echo status $?; stty -a | grep -o -w -e "-\?echo" -e "-\?icanon" | paste '\
'-sd" "' work:0.1
	sees 'icanon echo' work:0.1
}

@test "exec by its short options with a terminal, and without one, between pipes" {
	enters
	second_pane
	types \
		'rl exec -t -u 1000:1000 --cwd /tmp -e A=b "$C" sh -c "id -u; pwd; echo A is \$A; '\
'exit 4"; echo status $?' work:0.1
	sees 1000 work:0.1
	sees /tmp work:0.1
	sees 'A is b' work:0.1
	sees 'status 4' work:0.1
	types 'clear; rl exec "$C" tty; echo status $?' work:0.1
	sees 'status 1' work:0.1
	types 'clear; echo piped | rl exec "$C" tr a-z A-Z | cat' work:0.1
	sees PIPED work:0.1
	types 'exit'
	prompt 'outer$'
}

# second_pane: below the first, with a shell that knows `rl`.
second_pane() {
	mux split-window -v -t work: "bash --norc --noprofile -i"
	types ". $T/rc; clear" work:0.1
	prompt 'outer$' work:0.1
}

# shows TEXT [PANE]: somewhere on the screen.
shows() {
	screen "${2:-work:0.0}" | grep -qF -- "$1"
}

@test "the window is closed: the container gets its hang-up and is gone" {
	script 'trap "echo hung up >/srv/end; exit" HUP; echo ready; while :; do usleep 20000; done'
	types 'ROOTLET_TEST=$C exec "$ROOTLET" --root "$T/state" run --bundle "$B" "$C"'
	sees ready
	mux kill-server
	wait_for test -s "$B/rootfs/srv/end"
	wait_for gone
}
