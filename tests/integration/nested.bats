#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rootlet inside rootlet: in a container, as its root and as an ordinary user there.
# The inner containers have user namespaces, ids and cgroups of their own, and limits that hold.
# rooms: session vm
# Programs for the container's shell; output, stderr: of helpers' `try`
# shellcheck disable=SC2016,SC2154

load helpers
load debian
load nested

# as_bob COMMAND...: an ordinary user there, in a cgroup that its root has given him; without an
# environment, as cron has it.
as_bob() {
	in_inner sh -ec 'echo 0 >/sys/fs/cgroup/bob/shell/cgroup.procs; exec "$@"' - \
		setpriv --reuid=1000 --regid=1000 --init-groups --inh-caps=-all env \
		-i PATH=/usr/local/bin:/usr/bin:/bin "$@"
}

# plain: a container that only waits, with its first process out of the way in its cgroup.
plain() {
	bundle_args sleep infinity
	config '.annotations["run.oci.delegate-cgroup"] = "init"
		| (.mounts[] | select(.type == "cgroup")).options |= (. - ["ro"] + ["rw"])'
	mount_add /run tmpfs tmpfs nosuid nodev mode=755
	rl run --detach --bundle "$B" "$C" >"$T/console" 2>&1
}

# What an inner container says of itself; the limits that are asked for, and what it has of them. In
# the session room the one limit that needs no controller.
says='id -u; cd /sys/fs/cgroup; sed -n s/^0:://p /proc/self/cgroup; cat /proc/self/uid_map | sed '\
'"s/  */ /g"'
limits_that_hold() {
	if [ "$ROOTLET_ROOM" = vm ]; then
		resources='{memory: {limit: 33554432, swap: 33554432}, pids: {limit: 5}}'
		says="$says; cat memory.max pids.max; dd if=/dev/zero of=/dev/null bs=64M count=1 \
2>/dev/null; echo \$?
			for i in 1 2 3 4 5 6 7 8; do sleep 5 & done"
		said=$'33554432\n5\n137'
	else
		resources='{unified: {"cgroup.max.descendants": "7"}}'
		says="$says; cat cgroup.max.descendants"
		said=7
	fi
	says=$(jq -n --arg s "$says" '.process.args = ["sh", "-c", $s]' | jq -c .process.args)
}

# held EXPECTED: the inner container ran, and the limits held it.
held() {
	equal "$output" "$1
$said"
	[ "$ROOTLET_ROOM" != vm ] || has "$stderr" "can't fork"
}

@test "as the container's root: all its ids, a cgroup beside the caller's, limits that hold" {
	limits_that_hold
	plain
	inner ".process.args = $says | .linux.resources = $resources"
	try in_inner rootlet run --bundle /srv/bundle one
	rl delete --force "$C"
	held "0
/
 0 0 1
 1 1 65536"
}

@test "an ordinary user of the container: a subset of its ids by newuidmap, a delegated cgroup" {
	limits_that_hold
	plain
	bob_is_there
	capable_helpers
	in_inner sh -euc '
		cd /sys/fs/cgroup
		for name in $(cat cgroup.controllers); do echo +$name; done >cgroup.subtree_control
		mkdir -p bob/shell
		chown bob bob bob/cgroup.procs bob/cgroup.subtree_control bob/shell \
		bob/shell/cgroup.procs'
	inner ".process.args = $says | .linux.resources = $resources"
	try as_bob rootlet run --bundle /srv/bundle one
	rl delete --force "$C"
	held "0
/
 0 1000 1
 1 2000 40000"
}

# bats test_tags=not-vm
@test "newuidmap is setuid root, where root lacks CAP_SYS_ADMIN: refused with the remedy" {
	plain
	bob_is_there
	# Removes their file capabilities, too.
	in_inner sh \
		-ec 'chown root /usr/bin/newuidmap /usr/bin/newgidmap;
		chmod u+s /usr/bin/newuidmap /usr/bin/newgidmap'
	inner '.process.args = ["id"]'
	try in_inner setpriv --reuid=1000 --regid=1000 --init-groups --inh-caps=-all rootlet run \
		--bundle /srv/bundle one
	rl delete --force "$C"
	equal "$status $output" "1 "
	has "$stderr" "newuidmap: write to uid_map failed: Operation not permitted"
	has "$stderr" "setcap cap_setuid+ep /usr/bin/newuidmap"
}
