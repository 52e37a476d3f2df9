#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# createContainer hooks where another container is in the pid namespace: it sees neither the hook's
# environment nor the host's files.
# shellcheck disable=SC2154,SC2153,SC2016,SC2030,SC2031,SC2119,SC2120

load helpers

# The other container tells what it could read of any process that is not its own.
setup() {
	container_setup
	config '.process.capabilities |= map_values(. + ["CAP_SYS_PTRACE"])'
	script 'touch /srv/up; until [ -e /srv/go ]; do usleep 20000; done
		grep -l "HOOK_SECRET=" /proc/[0-9]*/environ 2>/dev/null | sed "s/.*/environment/"
		for p in /proc/[0-9]*; do
			[ ! -e "$p/root$HOST" ] || echo tree
		done
		touch /srv/done; exec sleep 1000'
	config '.process.env += ["HOST=\($t)"]' --arg t "$T/only-the-host"
	touch "$T/only-the-host"
	rl run --detach --bundle "$B" "$C" >"$T/found"
	other=$(pid_of)
	wait_for test -e "$B/rootfs/srv/up"
	config '.process.args = ["true"] | del(.hostname)
		| .mounts |= map(select(.type | IN("sysfs", "cgroup", "mqueue") | not))
		| .hooks.createContainer = [{path: "/bin/sh", args: ["sh", "-c", $hook],
			env: ["PATH=/bin:/usr/bin", "HOOK_SECRET=x"]}]' --arg hook \
		"touch $B/rootfs/srv/go; until [ -e $B/rootfs/srv/done ]; do sleep 0.02; done"
}

teardown() {
	rl delete --force "$C" 2>/dev/null || true
	container_teardown
}

# join TYPE...: the other one's namespaces.
join() {
	local type
	for type; do
		config '(.linux.namespaces[] | select(.type == $t)).path = $p' --arg t "$type" \
			--arg p "/proc/$other/ns/$type"
	done
}

@test "in its user and pid namespace the hook is refused, and accepted by the annotation" {
	join user pid
	try rl run --bundle "$B" "$C-2"
	refused "/hooks/createContainer: the pid namespace is not the container's own" \
		"org.rootlet.hooks.shared=1"
	not test -e "$B/rootfs/srv/go"
	equal "$(<"$T/found")" ""
	# That this is what the refusal is about: it is all there to be seen.
	config '.annotations["org.rootlet.hooks.shared"] = "1"'
	try rl run --bundle "$B" "$C-2"
	equal "$status$stderr" 0
	equal "$(sort -u "$T/found")" $'environment\ntree'
}

@test "with a pid namespace of its own nothing is seen of the hook" {
	join user
	try rl run --bundle "$B" "$C-2"
	equal "$status$stderr" 0
	wait_for test -e "$B/rootfs/srv/done"
	equal "$(<"$T/found")" ""
}
