#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rooms: host session
# The caller's environment may hold secrets (the token of a CI job): no process of ours that stays
# may show them in /proc.
# shellcheck disable=SC2154,SC2153,SC2016

load helpers
load lifecycle
load net_helpers

setup() {
	container_setup
	cp "$ROOTLET_BUILDDIR/tests/guest/netguest" "$B/rootfs/bin"
	SECRET=token-$C
	P=$(free_port)
}

# with_secret COMMAND...
with_secret() {
	CI_TOKEN=$SECRET "$@"
}

# tellers: the processes, whoever's, that show it.
tellers() {
	grep -lsaF "$SECRET" /proc/[0-9]*/environ | cut -d/ -f3
}

# is_empty PID: it may be looked into, and there is nothing.
is_empty() {
	equal "$(tr -d '\0' <"/proc/$1/environ" | wc -c)" 0
}

@test "a created container that waits shows nothing of create's environment, nor of start's later" {
	sleeper
	with_secret rl create --bundle "$B" "$C" </dev/null >/dev/null 2>&1
	equal "$(tellers)" ""
	is_empty "$(pid_of)"
	with_secret rl start "$C"
	wait_for marker
	equal "$(tellers)" ""
	rl delete --force "$C"
}

@test "the monitor of a detached run shows nothing of it; the hooks before have it all the same" {
	printf '#!/bin/sh\necho "$1 $CI_TOKEN" >>%s\n' "$T/hooks" >"$T/hook"
	chmod +x "$T/hook"
	config '.hooks = (["createRuntime", "createContainer", "poststart"]
		| map({key: ., value: [{path: $h, args: ["hook", .]}]}) | from_entries)' --arg h \
			"$T/hook"
	sleeper
	with_secret rl run --detach --bundle "$B" "$C" </dev/null >/dev/null 2>&1
	wait_for marker
	equal "$(cat "$T/hooks")" "createRuntime $SECRET
createContainer $SECRET
poststart $SECRET"
	local pid monitor=
	for pid in $(marked); do
		[ "$(cat "/proc/$pid/comm")" != rootlet-monitor ] || monitor=$pid
	done
	is_empty "$monitor"
	equal "$(tellers)" ""
	rl delete --force "$C"
}

@test "the processes of a network show nothing of it, not even to root" {
	export T B C P ROOTLET
	export -f rl script bundle_args config serve wait_for fail with_secret tellers child_of \
		helper_pid
	# Root of a user namespace around all of them may look into a process that its own user
	# can't look into.
	try unshare --user --map-auto --map-root-user --net --mount --pid --fork --mount-proc bash \
		-euc '
		SECRET=$1
		ip link set lo up
		with_secret serve "exec netguest tcp:80" --net=slirp4netns:accel=seccomp --publish \
		"127.0.0.1:$P:80"
		for name in rootlet-net rootlet-ports rootlet-switch rootlet-monitor; do
			pid=$(pgrep -x "$name")
			cat "/proc/$pid/environ" >"$T/environ"
			echo "$name $(tr -d "\0" <"$T/environ" | wc -c)"
		done
		tellers
		rl delete --force "$C"' - "$SECRET"
	[ "$status" -eq 0 ] || fail "status $status: $stderr$output"
	equal "$output" "rootlet-net 0
rootlet-ports 0
rootlet-switch 0
rootlet-monitor 0"
}

@test "the network's helper shows nothing of it to its user" {
	with_secret serve 'exec netguest tcp:80' --publish "127.0.0.1:$P:80"
	equal "$(tellers)" ""
	is_empty "$(helper_pid)"
	equal "$(ask 127.0.0.1 "$P" hello)" hello
	rl delete --force "$C"
}
