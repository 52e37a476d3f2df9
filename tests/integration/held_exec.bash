# SPDX-License-Identifier: Apache-2.0
# Programs for the container's shell and for jq; output: for the tests
# shellcheck shell=bash disable=SC2016,SC2034,SC2154
#
# held_exec: an exec that stops at its very last system call, and what the container can do to it
# then. The call waits for a seccomp agent that is itself stopped, so it is a state that lasts, not
# a moment that has to be met.

# held_agent: one at T/agent.sock that lets all calls happen. Its pid is added to `agents`.
held_agent() {
	rm -f "$T/agent.sock"
	"$ROOTLET_BUILDDIR/tests/guest/testguest" agent "$T/agent.sock" "$T/agent.json" \
		-1 >/dev/null 3>&- &
	agents+=("$!")
	wait_for test -S "$T/agent.sock"
}

# held_end: the agents of a test that failed half-way.
held_end() {
	[ -z "${agents[*]:-}" ] || kill -KILL "${agents[@]}" 2>/dev/null || true
}

# held_exec: what the container got of a process that is on its way into it is `output`, a line for
# each thing: tracing it, its memory, its environment, and the descriptors that it could read. Needs
# testguest in the container.
held_exec() {
	local client
	agents=()
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: $s,
		syscalls: [{names: ["execve"], action: "SCMP_ACT_NOTIFY"}]}
		| .process.noNewPrivileges = true' --arg s "$T/agent.sock"
	# Under the filter, what is left to do is its user, its program and the execve(2).
	script 'held() { for p in /proc/[0-9]*; do
			[ "$(cat $p/comm 2>/dev/null)" = rootlet ] &&
				grep -q "Seccomp:.2" $p/status && return 0; done; return 1; }
		until held; do usleep 20000; done
		echo "trace $(testguest try ptrace ${p#/proc/})"
		for f in mem environ; do echo "$f $(testguest try open-read $p/$f)"; done
		for f in $p/fd/*; do l=$(readlink $f) && echo "fd $l"; done
		sleep 60 & testguest try ptrace $!; kill $!; touch /srv/done; sleep 60'
	held_agent
	rl run --detach --bundle "$B" "$C" >"$T/out"
	held_agent
	kill -STOP "${agents[1]}"
	rl exec "$C" echo came >"$T/came" &
	client=$!
	wait_for test -e "$B/rootfs/srv/done"
	kill -CONT "${agents[1]}"
	wait "$client"
	equal "$(cat "$T/came")" came
	output=$(cat "$T/out")
	rl delete --force "$C"
	wait "${agents[@]}"
	agents=()
}
