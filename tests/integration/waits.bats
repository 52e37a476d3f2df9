#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rooms: host session
# Every wait of every command ends by SIGTERM and SIGINT, and leaves nothing; and `delete --force`
# ends a start that hangs.
# status, output and stderr come from `try`; what is between single quotes is for jq or the shell
# inside.
# shellcheck disable=SC2154,SC2153,SC2016,SC2030,SC2031

load helpers
load waits

setup() {
	container_setup
}

teardown() {
	waits_teardown
}

# ---------------------------------------------------------------- hooks

# A hook of each kind, in each command that runs it: what it made is undone.
@test "hooks of create and run" {
	local kind command sig number
	for kind in prestart createRuntime createContainer; do
		hook "$kind"
		for command in "create TERM 15" "create INT 2" "run TERM 15" "run HUP 1" \
			"run --detach QUIT 3" "run --detach TERM 15"; do
			number=${command##* }
			sig=${command% *}
			sig=${sig##* }
			# shellcheck disable=SC2086 # options
			hanging ${command% "$sig" *} --bundle "$B" "$C"
			in_hook "$kind"
			ends "$sig" $((128 + number))
			has "$(cat "$T/err")" "interrupted by signal $number"
			equal "$(wc -l <"$T/err")" 1
			no_trace
		done
	done
}

@test "hooks of create and run without a pid namespace, whose end would end them" {
	local kind
	config '.linux.namespaces |= map(select(.type != "pid"))
		| .mounts |= map(select(.destination != "/proc"))'
	for kind in createRuntime createContainer startContainer; do
		hook "$kind"
		hanging run --bundle "$B" "$C"
		in_hook "$kind"
		ends TERM 143
		no_trace
	done
}

@test "hooks of the start, by run" {
	local kind
	script 'exec sleep 1000'
	for kind in startContainer poststart; do
		hook "$kind"
		for command in "run" "run --detach"; do
			# shellcheck disable=SC2086 # options
			hanging $command --bundle "$B" "$C"
			in_hook "$kind"
			ends TERM 143
			no_trace
		done
	done
}

@test "hooks of the start, by start" {
	script 'exec sleep 1000'
	hook startContainer
	rl create --bundle "$B" "$C" </dev/null >/dev/null
	hanging start "$C"
	in_hook startContainer
	ends TERM 143
	# The container is there, and is still being started.
	status_is running
	rl delete --force "$C"
	no_trace

	hook poststart
	rl create --bundle "$B" "$C" </dev/null >/dev/null
	hanging start "$C"
	in_hook poststart
	ends TERM 143
	no_trace
}

@test "a hook that hangs, and then its poststop hook: one signal is enough" {
	local command
	script 'exec sleep 1000'
	for command in create run "run --detach" start; do
		hook createRuntime
		[ "$command" != start ] || hook poststart
		config '.hooks.poststop = [{path: "/bin/sh", args: ["sh", "-c", $text]}]' --arg \
			text "sleep 1000 & echo \$\$ >>$T/poststop; echo \$! >>$T/poststop; wait"
		if [ "$command" = start ]; then
			rl create --bundle "$B" "$C" </dev/null >/dev/null
			hanging start "$C"
			in_hook poststart
		else
			# shellcheck disable=SC2086 # options
			hanging $command --bundle "$B" "$C"
			in_hook createRuntime
		fi
		ends TERM 143
		has "$(cat "$T/err")" "/hooks/poststop/0: /bin/sh was killed: rootlet was asked"
		has "$(cat "$T/err")" "interrupted by signal 15"
		equal "$(wc -l <"$T/err")" 2
		sleepers_ended "$T/poststop"
		no_trace
	done
}

@test "poststop hooks" {
	hook poststop
	hanging run --bundle "$B" "$C"
	in_hook poststop
	ends TERM 143
	no_trace

	rl create --bundle "$B" "$C" </dev/null >/dev/null
	for command in "delete" "delete --force"; do
		[ -e "$T/state/$C" ] || rl create --bundle "$B" "$C" </dev/null >/dev/null
		kill -KILL "$(pid_of)"
		wait_for status_is stopped
		# shellcheck disable=SC2086 # options
		hanging $command "$C"
		in_hook poststop
		ends TERM 143
		no_trace
	done
}

@test "a hook that ends after its command was killed: it was its, too" {
	script 'exec sleep 1000'
	local kind
	# Without a child: of that nobody would know any more.
	for kind in prestart createRuntime poststart; do
		hook "$kind"
		config '.hooks[][].args[2] |= sub("sleep 1000 & (?<t>.*); wait";
			.t + "; exec sleep 1000")'
		hanging run --bundle "$B" "$C"
		in_hook "$kind"
		kill -KILL "$pid"
		wait "$pid" 2>/dev/null || true
		rl delete --force "$C"
		no_trace
	done
}

@test "a FIFO that nobody reads as the output of hooks" {
	hook createRuntime
	mkfifo "$T/fifo"
	config '.annotations["run.oci.hooks.stdout"] = $f' --arg f "$T/fifo"
	try rl run --bundle "$B" "$C"
	refused "$T/fifo" "nobody reads it"
}

@test "a FIFO in the place of a namespace" {
	local type
	mkfifo "$T/fifo"
	config '.linux.namespaces |= map(select(.type != "network"))'
	cp "$B/config.json" "$T/plain.json"
	for type in ipc pid mount network time uts; do
		config '.linux.namespaces |= map(select(.type != $t)) + [{type: $t, path: $f}]' \
			--arg t "$type" --arg f "$T/fifo"
		try rl run --bundle "$B" "$C"
		equal "$status" 1
		has "$stderr" "joining the $type namespace $T/fifo"
		no_trace
		cp "$T/plain.json" "$B/config.json"
	done
	# Of a user namespace a mount wants to know the ids, too.
	mount_add /t tmpfs tmpfs idmap
	config '.linux.namespaces |= map(select(.type != "user")) + [{type: "user", path: $f}]
		| del(.linux.uidMappings, .linux.gidMappings)' --arg f "$T/fifo"
	hanging run --bundle "$B" "$C"
	wait_for gone "$pid"
	not wait "$pid"
	has "$(cat "$T/err")" "$T/fifo"
	no_trace
}

# ---------------------------------------------------------------- what is rootlet's own

@test "the lock of a container" {
	script 'exec sleep 1000'
	rl run --detach --bundle "$B" "$C" </dev/null >/dev/null
	lock_held
	for command in start delete; do
		hanging "$command" "$C"
		wait_for waits_for_lock "$pid"
		ends TERM 143
	done
	# A run that comes back to its folder.
	kill -KILL "$holder"
	rl delete --force "$C"
	script 'while [ ! -e /srv/end ]; do usleep 20000; done'
	hanging run --bundle "$B" "$C"
	wait_for status_is running
	lock_held
	touch "$B/rootfs/srv/end"
	wait_for status_is stopped
	stays test -d "/proc/$pid"
	ends TERM 0
	kill -KILL "$holder"
	rl delete "$C"
	no_trace
}

# set_up_of PID: the process that it has made, while it is set up.
set_up_of() {
	[ -n "$(cat "/proc/$1/task/$1/children" 2>/dev/null)" ]
}

@test "exec, run and create whose set-up is stopped" {
	local child
	script 'exec sleep 1000'
	full_socket "$T/agent.sock"
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: $s,
		syscalls: [{names: ["execve"], action: "SCMP_ACT_NOTIFY"}]}
		| .process.noNewPrivileges = true' --arg s "$T/agent.sock"
	# An agent that never takes the listener.
	for command in run create "run --detach"; do
		# shellcheck disable=SC2086 # options
		hanging $command --bundle "$B" "$C"
		wait_for set_up_of "$pid"
		stays test -d "/proc/$pid"
		ends TERM 143
		no_trace
	done
	config 'del(.linux.seccomp)'
	rl run --detach --bundle "$B" "$C" </dev/null >/dev/null
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: $s,
		syscalls: [{names: ["execve"], action: "SCMP_ACT_NOTIFY"}]}' --arg s "$T/agent.sock"
	cp "$B/config.json" "$T/state/$C/config.json"
	hanging exec "$C" true
	wait_for set_up_of "$pid"
	child=$(cat "/proc/$pid/task/$pid/children")
	# shellcheck disable=SC2086 # a list
	kill -STOP $child
	ends INT 130
	wait_for gone "${child%% *}"
	rl delete --force "$C"
}

@test "commands that only wait: wait, events, a FIFO as log file" {
	script 'exec sleep 1000'
	rl run --detach --bundle "$B" "$C" </dev/null >/dev/null
	hanging wait "$C"
	stays test -d "/proc/$pid"
	ends TERM 143
	mkfifo "$T/fifo"
	hanging --log "$T/fifo" run --bundle "$B" "$C-2"
	stays test -d "/proc/$pid"
	ends TERM 143
	rl delete --force "$C"
}

# ---------------------------------------------------------------- sockets and terminals

@test "a console socket that nobody accepts" {
	config '.process.terminal = true'
	full_socket "$T/console"
	for command in create "run --detach"; do
		# shellcheck disable=SC2086 # options
		hanging $command --console-socket "$T/console" --bundle "$B" "$C"
		wait_for connecting "$pid"
		stays test -d "/proc/$pid"
		ends TERM 143
		no_trace
	done
}

# unread_terminal COMMAND...: with a pseudo-terminal that nobody reads. `pid` is the command's.
unread_terminal() {
	python3 -ISc 'import os, pty, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
open(sys.argv[1], "w").write(str(pid))
status = os.waitpid(pid, 0)[1]
open(sys.argv[1] + ".status", "w").write(str(os.waitstatus_to_exitcode(status)))' \
		"$T/pid" "$@" 3>&- &
	listener=$!
	wait_for test -s "$T/pid"
	pid=$(<"$T/pid")
}

# stalled: the program writes, and what it has written does not become more.
stalled() {
	local before
	before=$(grep wchar "/proc/$1/io")
	sleep 0.1
	[ "${before#wchar: }" -gt 1000 ] && [ "$(grep wchar "/proc/$1/io")" = "$before" ]
}

@test "a terminal that nobody reads" {
	config '.process.terminal = true'
	script 'trap "exit 5" TERM; yes & wait'
	unread_terminal env "ROOTLET_TEST=$C" "$ROOTLET" --root "$T/state" run --bundle "$B" "$C"
	wait_for stalled "$pid"
	kill -TERM "$pid"
	wait_for test -s "$T/pid.status"
	equal "$(<"$T/pid.status")" 5
	wait "$listener"
	no_trace
}

# ---------------------------------------------------------------- other programs

@test "a slirp4netns that never is ready" {
	mkdir "$T/path"
	cat >"$T/path/slirp4netns" <<END
#!/bin/sh
[ "\$1" != --version ] || { echo slirp4netns version 1.2.0; exit; }
sleep 1000 &
echo \$\$ >>$T/slirps; echo \$! >>$T/slirps
touch $T/slirp
wait
END
	chmod 755 "$T/path/slirp4netns"
	script 'exec sleep 1000'
	for command in create run "run --detach"; do
		rm -f "$T/slirp"
		# shellcheck disable=SC2086 # options
		PATH=$T/path:$PATH hanging $command --bundle "$B" --net=slirp4netns "$C"
		wait_for test -e "$T/slirp"
		ends TERM 143
		no_trace
	done
	sleepers_ended "$T/slirps"
}

# ---------------------------------------------------------------- delete --force

@test "delete --force of a container whose create or run hangs in a hook" {
	local kind command
	script 'exec sleep 1000'
	for kind in prestart createRuntime createContainer startContainer poststart; do
		hook "$kind"
		for command in create run "run --detach"; do
			case $command-$kind in
			create-startContainer | create-poststart) continue ;;
			esac
			# shellcheck disable=SC2086 # options
			hanging $command --bundle "$B" "$C"
			in_hook "$kind"
			forced
		done
	done
}

@test "delete --force of a container whose start hangs in a hook" {
	local kind
	script 'exec sleep 1000'
	for kind in startContainer poststart; do
		hook "$kind"
		rl create --bundle "$B" "$C" </dev/null >/dev/null
		hanging start "$C"
		in_hook "$kind"
		forced
	done
}

@test "delete --force of a start that hears no signal: hook, command, or both are stopped" {
	script 'exec sleep 1000'
	hook createRuntime 'trap "" TERM;'
	hanging create --bundle "$B" "$C"
	in_hook createRuntime
	kill -STOP "$pid"
	forced
	# One that goes on to hang in what it undoes.
	config '.hooks.poststop = .hooks.createRuntime'
	hanging create --bundle "$B" "$C"
	in_hook createRuntime
	forced
}
