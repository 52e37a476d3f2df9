#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rooms: host session
# kill: any signal, by any of its names.
# shellcheck disable=SC2154,SC2153,SC2016,SC2030,SC2031,SC2119,SC2120

load helpers
load lifecycle

@test "kill takes a signal by name, with and without SIG, in any case, and by number" {
	script 'n=0
		trap "echo USR1 >>/srv/got" USR1
		trap "echo TERM >>/srv/got" TERM
		trap "echo HUP >>/srv/got" HUP
		touch /srv/ran
		while :; do sleep 0.02; done'
	detached
	sent=0
	for name in USR1 SIGUSR1 sigusr1 usr1 10; do
		rl kill "$C" "$name"
		sent=$((sent + 1))
		wait_for sh -c "[ \$(grep -c USR1 '$B/rootfs/srv/got') -eq $sent ]"
	done
	rl kill "$C"
	wait_for grep -q TERM "$B/rootfs/srv/got"
	rl kill "$C" SIGHUP
	wait_for grep -q HUP "$B/rootfs/srv/got"
	# 0 asks only whether it is there.
	rl kill "$C" 0
	status_is running

	for bad in NOSUCH SIG 999 -1 '' TERM9 15x; do
		try rl kill -- "$C" "$bad"
		refused "signal" "$bad"
	done
	status_is running
	rl kill "$C" KILL
	wait_for status_is stopped
	rl delete "$C"
}

# end_of ARGUMENT...: how the first process of a created container ends by `kill ARGUMENT...`, as a
# parent that adopts it, such as conmon, hears of it.
end_of() {
	ROOTLET_TEST=$C python3 -ISc 'import ctypes, os, signal, subprocess, sys
signal.alarm(20)
root, bundle, name = sys.argv[1:4]
PR_SET_CHILD_SUBREAPER = 36
ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
rootlet = [os.environ["ROOTLET"], "--root", root]
subprocess.run(rootlet + ["create", "--bundle", bundle, "--pid-file", bundle + "/pid", name],
               stdin=subprocess.DEVNULL, check=True)
pid = int(open(bundle + "/pid").read())
subprocess.run(rootlet + ["kill"] + sys.argv[4:], check=True)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))' "$T/state" "$B" "$C" "$@" 3>&-
}

# What waits for its start is the first process of its pid namespace, for which the kernel drops
# what has no handler.
@test "kill of a created container ends it" {
	local name number
	sleeper
	while read -r number name; do
		# shellcheck disable=SC2086 # words
		equal "$(end_of $name)" "$number"
		status_is stopped
		try rl start "$C"
		refused "cannot start container" "it is stopped, not created"
		try rl kill "$C"
		refused "not running"
		rl delete "$C"
		[ ! -e "$B/rootfs/srv/ran" ]
	done <<-END
		143 $C
		130 $C INT
		129 $C HUP
		131 $C QUIT
		134 $C ABRT
		-9 $C KILL
		143 --all $C TERM
	END
	config '.linux.namespaces |= map(select(.type != "pid"))
		| .mounts |= map(select(.destination != "/proc"))'
	equal "$(end_of "$C")" 143
	rl delete "$C"
}

@test "a created container stays for signals that end none of runc's, and starts after them" {
	local name
	bundle_args sleep 1000
	rl create --bundle "$B" "$C"
	for name in USR1 CHLD WINCH CONT URG PIPE ALRM RTMIN+3; do
		rl kill "$C" "$name"
	done
	stays status_is created
	rl start "$C"
	stays status_is running
	# Nothing of the wait is left: what has no handler is dropped again.
	rl kill "$C" TERM
	stays status_is running
	equal "$(grep SigCgt "/proc/$(pid_of)/status")" $'SigCgt:\t0000000000000000'
	rl delete --force "$C"
}

@test "kill of a stopped or missing container says so" {
	bundle_args true
	rl run --keep --bundle "$B" "$C"
	try rl kill "$C"
	refused "not running" "$C"
	try rl kill --all "$C"
	equal "$status$stderr" 0
	rl delete "$C"
	try rl kill "$C"
	refused "does not exist" "$C"
}

@test "kill and delete in a row need no pause" {
	sleeper
	for _ in 1 2 3 4 5; do
		rm -f "$B/rootfs/srv/ran"
		detached
		rl kill "$C" KILL
		rl delete "$C"
	done
}
