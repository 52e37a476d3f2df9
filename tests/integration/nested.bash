# SPDX-License-Identifier: Apache-2.0
# T, B, C: helpers.bash's; programs for the container's shell
# shellcheck shell=bash disable=SC2154,SC2016
#
# nested: for rootlet inside rootlet, after helpers and debian: the outer container, and what is in
# it.

setup() {
	debian_setup
	before=$(user_units)
	# A /proc without covers, since the kernel lets no user namespace have a new one otherwise;
	# a cgroup to divide.
	config '.linux.maskedPaths = [] | .linux.readonlyPaths = [] | .hostname = "outer"'
	mount_add /usr/local/bin/rootlet bind "$ROOTLET" bind ro
	[ "$ROOTLET_ROOM" != vm ] || config \
		'.linux.resources = {memory: {limit: 402653184}, pids: {limit: 300}}'
}

teardown() {
	container_teardown
	wait_for same_units "$before" || equal "$(user_units)" "$before"
}

# inner FILTER: what the inner containers are: busybox, changed by jq's FILTER.
inner() {
	in_inner sh -euc '
		mkdir -p /srv/bundle/rootfs/bin
		cd /srv/bundle
		cp /bin/busybox rootfs/bin/busybox
		for name in sh id cat sed echo sleep dd; do ln -sf busybox rootfs/bin/$name; done
		rm -f config.json
		rootlet spec --rootless
		jq ".process.terminal = false | $0" <config.json >config.new
		mv config.new config.json
		chmod -R a+rX .' "$1"
}

# bob_is_there: the user, with ids of those that the container has.
bob_is_there() {
	in_inner sh -euc '
		id bob >/dev/null 2>&1 || useradd --create-home --uid 1000 bob
		echo bob:2000:40000 | tee /etc/subuid >/etc/subgid'
}

# capable_helpers: newuidmap and newgidmap as they work where root lacks CAP_SYS_ADMIN.
capable_helpers() {
	in_inner sh -euc '
		chmod u-s /usr/bin/newuidmap /usr/bin/newgidmap
		setcap cap_setuid+ep /usr/bin/newuidmap
		setcap cap_setgid+ep /usr/bin/newgidmap'
}
