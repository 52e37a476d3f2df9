#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Signals that a terminal sends to all that run there, and signals that the caller has ignored, as
# nohup does: what a start, and what belongs to it, make of them.
# status, output and stderr come from `try`; what is between single quotes is for jq or the shell
# inside.
# shellcheck disable=SC2154,SC2153,SC2016,SC2030,SC2031,SC2034

load helpers
load waits

setup() {
	container_setup
}

teardown() {
	waits_teardown
}

# group OPTION-OF-ENV COMMAND...: in the background, in a process group of its own, which has the
# number of `pid`, the process itself.
group() {
	local how=$1
	shift
	setsid env "$how" "ROOTLET_TEST=$C" "$ROOTLET" --root "$T/state" "$@" >"$T/out" \
		2>"$T/err" </dev/null 3>&- &
	pid=$!
}

# to_group SIGNAL: to all of it. rootlet is the last to hear of it, when the hook has ended.
to_group() {
	kill -STOP "$pid"
	kill "-$1" -- "-$pid"
	wait_for not pgrep -g "$pid" -f "exit 7"
	kill -CONT "$pid"
}

# What is there of the start has ended too when rootlet hears of it: the hook with a status of its
# own, the process that is set up by the signal.
@test "Ctrl-C in a hook: 130, and the hook is not blamed" {
	local kind namespaces
	for namespaces in pid none; do
		for kind in createRuntime createContainer; do
			hook "$kind"
			config '.hooks[$k][0].args[2] = $text' --arg k "$kind" --arg text \
				"trap 'exit 7' INT; touch $T/hooks/$kind
				while :; do sleep 0.02; done"
			group --default-signal=INT run --bundle "$B" "$C"
			in_hook "$kind"
			to_group INT
			status=0
			wait "$pid" || status=$?
			equal "$status" 130
			has "$(cat "$T/err")" "interrupted by signal 2"
			equal "$(wc -l <"$T/err")" 1
			no_trace
		done
		config '.linux.namespaces |= map(select(.type != "pid"))
			| .mounts |= map(select(.destination != "/proc"))'
	done
}

# goes_on SIGNAL COMMAND...: the signal, ignored by the caller, comes to all that the start has made
# while a hook of it runs, and all of it goes on to its end.
goes_on() {
	local sig=$1
	shift
	rm -f "$T/hooks/go"
	group "--ignore-signal=$sig" "$@" --bundle "$B" "$C"
	in_hook "$kind"
	kill "-$sig" -- "-$pid"
	kill "-$sig" -- "-$pid"
	stays test -e "/proc/$pid/root"
	: >"$T/hooks/go"
	status=0
	wait "$pid" || status=$?
	equal "$status$(cat "$T/err")" 0
}

@test "signals that the caller ignores end no start, whatever of it they reach" {
	local kind sig namespaces
	for namespaces in pid none; do
		for kind in createRuntime createContainer; do
			hook "$kind"
			config '.hooks[$k][0].args[2] = $text' --arg k "$kind" --arg text \
				"touch $T/hooks/$kind /hooks/$kind; while ! [ -e $T/hooks/go ]; do
				sleep 0.02; done"
			for sig in HUP INT QUIT TERM; do
				goes_on "$sig" run
			done
			goes_on HUP run --detach
			rl delete --force "$C"
			goes_on HUP create
			rl delete --force "$C"
		done
		config '.linux.namespaces |= map(select(.type != "pid"))
			| .mounts |= map(select(.destination != "/proc"))'
	done
}

@test "what the caller ignores, the container's program does not" {
	local option
	bundle_args grep SigIgn: /proc/self/status
	for option in --keep --detach; do
		env --ignore-signal "ROOTLET_TEST=$C" "$ROOTLET" --root "$T/state" run "$option" \
			--bundle "$B" "$C" </dev/null >"$T/out" 3>&-
		wait_for test -s "$T/out"
		equal "$(<"$T/out")" $'SigIgn:\t0000000000000000'
		rl delete --force "$C"
	done
}

@test "nohup: a container that runs in the foreground outlives its terminal" {
	script 'trap "echo hung up; exit 5" HUP; trap "exit 42" USR1; touch /srv/ran
		while :; do sleep 0.02; done'
	group --ignore-signal=HUP run --bundle "$B" "$C"
	wait_for test -e "$B/rootfs/srv/ran"
	kill -HUP "$pid"
	stays test -e "/proc/$pid/root"
	kill -USR1 "$pid"
	status=0
	wait "$pid" || status=$?
	equal "$status$(cat "$T/out")" 42
}
