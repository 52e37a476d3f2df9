#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rooms: host session
# Processes that init's end does not end, because the container has neither a pid namespace of its
# own nor a cgroup: none of them outlives the container.
# shellcheck disable=SC2154,SC2153,SC2016,SC2030,SC2031,SC2119,SC2120

load helpers
load lifecycle

setup() {
	container_setup
	config 'del(.linux.namespaces[] | select(.type == "pid"))'
}

teardown() {
	rl delete --force "$C-pid" 2>/dev/null || true
	container_teardown
}

# Without a cgroup, whoever runs the tests.
bare() {
	rl --cgroup-manager=disabled "$@"
}

# orphans TEXT: the container leaves two that have lost their parents, then does TEXT.
orphans() {
	script 'for i in 1 2; do
		(setsid sh -c "echo >>/srv/orphans; exec sleep 1000" >/dev/null 2>&1 &)
		done; while [ "$(wc -l </srv/orphans)" != 2 ]; do sleep 0.02; done; '"$1"
}

start() {
	bare run --detach --bundle "$B" "$C" >/dev/null </dev/null
}

# Since Linux 6.11 a mount namespace is known after init's end.
knows_namespaces_later() {
	[ "$(printf '6.11\n%s\n' "$(uname -r)" | sort -V | head -n 1)" = 6.11 ]
}

two_left() {
	[ "$(marked | wc -l)" -ge 2 ]
}

@test "delete --force ends what has lost its parents" {
	orphans 'touch /srv/ran; exec sleep 1000'
	start
	wait_for marker
	[ "$(rl ps --format json "$C" | jq length)" -eq 3 ]
	try rl delete --force "$C"
	equal "$status$output$stderr" 0
	equal "$(marked)" ""
}

@test "kill KILL ends it as well" {
	orphans 'touch /srv/ran; exec sleep 1000'
	start
	wait_for marker
	rl kill "$C" KILL
	wait_for no_marked
	rl delete "$C"
}

@test "delete ends what init has left" {
	knows_namespaces_later || return 0
	orphans 'touch /srv/ran'
	start
	wait_for status_is stopped
	two_left
	try rl delete "$C"
	equal "$status$output$stderr" 0
	equal "$(marked)" ""
}

@test "what exec has brought in ends with a foreground run too" {
	local exec_pid
	knows_namespaces_later || return 0
	script 'touch /srv/ran; while [ ! -e /srv/end ]; do sleep 0.02; done'
	background --cgroup-manager=disabled run --bundle "$B" "$C"
	wait_for marker
	rl exec --detach --pid-file "$T/exec.pid" "$C" sleep 1000
	exec_pid=$(<"$T/exec.pid")
	touch "$B/rootfs/srv/end"
	ended "$pid"
	equal "$status" 0
	gone "$exec_pid"
}

@test "in a pid namespace that is another container's, that one lives on" {
	local own=$B other
	# shellcheck disable=SC2030
	bundle_make "$T/other"
	B=$T/other bundle_args sleep 1000
	bare run --detach --bundle "$T/other" "$C-pid" >/dev/null </dev/null
	other=$(pid_of "$C-pid")
	B=$own
	config '.linux.namespaces += [{type: "pid", path: $p}, {type: "user", path: $u}]
		| del(.linux.namespaces[] | select(.type == "user" and .path == null))
		| del(.linux.uidMappings, .linux.gidMappings)' \
		--arg p "/proc/$other/ns/pid" --arg u "/proc/$other/ns/user"
	orphans 'touch /srv/ran; exec sleep 1000'
	start
	wait_for marker
	[ "$(marked | wc -l)" -ge 4 ]
	try rl delete --force "$C"
	equal "$status$output$stderr" 0
	equal "$(pgrep -c -f "^sleep 1000" --ns "$other" --nslist pid)" 1
	status_is running "$C-pid"
}

both_ran() {
	[ "$(grep -c ran "$B/rootfs/srv/ran")" = 2 ]
}

@test "a container of the same bundle is another one" {
	script 'echo ran >>/srv/ran; exec sleep 1000'
	bare run --detach --bundle "$B" "$C-pid" >/dev/null </dev/null
	start
	wait_for both_ran
	rl delete --force "$C"
	status_is running "$C-pid"
}
