# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154,SC2016 # T, B, C: helpers.bash's; jq's variables
#
# debian: for tests in the rooms whose container is a whole Debian: one with systemd, D-Bus, uidmap
# and busybox, unpacked once for a file from what the rooms have in /srv (tests/room/tree.sh).

setup_file() {
	# Not in bats' own folder, which is closed to the subordinate ids.
	debian_dir=$(mktemp -d "${TMPDIR:-/tmp}/rootlet-debian.XXXXXX")
	export debian_dir
	chmod 0755 "$debian_dir"
	unshare --map-root-user --map-auto tar -C "$debian_dir" -xpf /srv/debian.tar
}

teardown_file() {
	[ -z "${debian_dir:-}" ] || remove_tree "$debian_dir"
}

# debian_setup: a bundle as container_setup has it, on that tree. What is written there stays for
# the file's later tests.
debian_setup() {
	container_setup --rootless
	# Ids above 0 need a way to it.
	chmod 0755 "$T"
	rm -rf "$B/rootfs"
	config '.root.path = $tree | .process.noNewPrivileges = false' --arg tree "$debian_dir"
}

# debian_systemd: the container runs systemd, set up as engines do for a container with an init
# system (https://systemd.io/CONTAINER_INTERFACE), with a cgroup that is its own to divide.
debian_systemd() {
	bundle_args /sbin/init
	config '.process.env += ["container=oci"]
		| (.mounts[] | select(.type == "cgroup")).options |= (. - ["ro"] + ["rw"])'
	mount_add /run tmpfs tmpfs nosuid nodev mode=755
	mount_add /run/lock tmpfs tmpfs nosuid nodev noexec mode=1777
	mount_add /tmp tmpfs tmpfs nosuid nodev mode=1777
	mount_add /var/log/journal tmpfs tmpfs nosuid nodev mode=755
}

# in_inner COMMAND...: in the container.
in_inner() {
	rl exec "$C" "$@"
}

# debian_boots: in the background, until everything is up that will be; `output` is what systemd
# says of itself. The container's console is T/console.
debian_boots() {
	rl run --detach --bundle "$B" "$C" >"$T/console" 2>&1 || fail "$(cat "$T/console")"
	wait_for in_inner test -S /run/systemd/private
	try in_inner timeout 100 systemctl is-system-running --wait
}
