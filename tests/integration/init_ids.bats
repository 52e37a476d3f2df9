#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# systemd as PID 1 of a container that has none of its caller's own ids: its cgroups are out of the
# caller's reach, and yet given to it, entered by exec, and removed.
# rooms: session
# shellcheck disable=SC2016,SC2154 # jq's variables; output: of helpers' `try`

load helpers
load debian

# The tree's ids are the user's subordinate ones from the first on.
setup_file() {
	first=$(awk -F: -v u="$(id -un)" '$1 == u { print $2; exit }' /etc/subuid)
	debian_dir=$(mktemp -d "${TMPDIR:-/tmp}/rootlet-debian.XXXXXX")
	export first debian_dir
	chmod 0755 "$debian_dir"
	unshare --map-root-user --map-auto sh -c 'mkdir "$0" && chown 1:1 "$0"' "$debian_dir/tree"
	unshare --map-users "$first,0,65535" --map-groups "$first,0,65535" --setuid 0 --setgid 0 \
		tar -C "$debian_dir/tree" -xpf /srv/debian.tar
}

setup() {
	debian_setup
	before=$(user_units)
	debian_systemd
	config '.root.path += "/tree" | .linux.uidMappings = [{containerID: 0, hostID: $first,
		size: 65535}]
		| .linux.gidMappings = .linux.uidMappings' --argjson first "$first"
}

teardown() {
	container_teardown
	wait_for same_units "$before" || equal "$(user_units)" "$before"
}

@test "a Debian under subordinate ids alone boots, takes in who comes by exec, and ends cleanly" {
	debian_boots
	equal "$output" running
	# From a session, out of which only the manager can move it, into a cgroup where only the
	# container's root may write; and from below the manager.
	equal "$(in_inner sed -n 's/^0:://p' /proc/self/cgroup)" /init.scope
	equal "$(systemd-run --user --quiet --pipe --wait --collect -E ROOTLET_TEST="$C" \
		"$ROOTLET" --root "$T/state" \
		exec "$C" sed -n 's/^0:://p' /proc/self/cgroup)" /init.scope
	rl kill "$C" SIGRTMIN+3
	try rl wait "$C"
	equal "$output" 0
	rl delete "$C"
}
