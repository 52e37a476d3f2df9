#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rootlet inside rootlet: in a container, as its root and as an ordinary user there, and in one that systemd runs.
# The inner containers have user namespaces, ids and cgroups of their own, and limits that hold.
# rooms: session vm
# shellcheck disable=SC2016,SC2154 # programs for the container's shell; output, stderr: of helpers' `try`

load helpers
load debian

setup() {
	debian_setup
	before=$(user_units)
	# A /proc without covers, since the kernel lets no user namespace have a new one otherwise; a cgroup to divide.
	config '.linux.maskedPaths = [] | .linux.readonlyPaths = [] | .hostname = "outer"'
	mount_add /usr/local/bin/rootlet bind "$ROOTLET" bind ro
	[ "$ROOTLET_ROOM" != vm ] || config '.linux.resources = {memory: {limit: 402653184}, pids: {limit: 300}}'
}

teardown() {
	container_teardown
	wait_for same_units "$before" || equal "$(user_units)" "$before"
}

# as_bob COMMAND...: an ordinary user there, in a cgroup that its root has given him; without an environment, as cron has it.
as_bob() {
	in_inner sh -ec 'echo 0 >/sys/fs/cgroup/bob/shell/cgroup.procs; exec "$@"' - \
		setpriv --reuid=1000 --regid=1000 --init-groups --inh-caps=-all env -i PATH=/usr/local/bin:/usr/bin:/bin "$@"
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

# plain: a container that only waits, with its first process out of the way in its cgroup.
plain() {
	bundle_args sleep infinity
	config '.annotations["run.oci.delegate-cgroup"] = "init"
		| (.mounts[] | select(.type == "cgroup")).options |= (. - ["ro"] + ["rw"])'
	mount_add /run tmpfs tmpfs nosuid nodev mode=755
	rl run --detach --bundle "$B" "$C" >"$T/console" 2>&1
}

# What an inner container says of itself; the limits that are asked for, and what it has of them. In the session room the
# one limit that needs no controller.
says='id -u; cd /sys/fs/cgroup; sed -n s/^0:://p /proc/self/cgroup; cat /proc/self/uid_map | sed "s/  */ /g"'
limits_that_hold() {
	if [ "$ROOTLET_ROOM" = vm ]; then
		resources='{memory: {limit: 33554432, swap: 33554432}, pids: {limit: 5}}'
		says="$says; cat memory.max pids.max; dd if=/dev/zero of=/dev/null bs=64M count=1 2>/dev/null; echo \$?
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

@test "as an ordinary user of the container: a subset of its ids by newuidmap, a cgroup that is delegated to him" {
	limits_that_hold
	plain
	bob_is_there
	capable_helpers
	in_inner sh -euc '
		cd /sys/fs/cgroup
		for name in $(cat cgroup.controllers); do echo +$name; done >cgroup.subtree_control
		mkdir -p bob/shell
		chown bob bob bob/cgroup.procs bob/cgroup.subtree_control bob/shell bob/shell/cgroup.procs'
	inner ".process.args = $says | .linux.resources = $resources"
	try as_bob rootlet run --bundle /srv/bundle one
	rl delete --force "$C"
	held "0
/
 0 1000 1
 1 2000 40000"
}

@test "an ordinary user whose newuidmap is setuid root, where root lacks CAP_SYS_ADMIN: refused with the remedy" {
	plain
	bob_is_there
	# Removes their file capabilities, too.
	in_inner sh -ec 'chown root /usr/bin/newuidmap /usr/bin/newgidmap; chmod u+s /usr/bin/newuidmap /usr/bin/newgidmap'
	inner '.process.args = ["id"]'
	try in_inner setpriv --reuid=1000 --regid=1000 --init-groups --inh-caps=-all rootlet run --bundle /srv/bundle one
	rl delete --force "$C"
	equal "$status $output" "1 "
	has "$stderr" "newuidmap: write to uid_map failed: Operation not permitted"
	has "$stderr" "setcap cap_setuid+ep /usr/bin/newuidmap"
}

# scope_of ID COMMAND...: the cgroup of a detached container that is started behind COMMAND, and a limit it reads there.
scope_of() {
	in_inner sh -euc '
		id=$0
		"$@" rootlet run --detach --bundle /srv/bundle "$id" </dev/null >/dev/null
		sed -n s/^0:://p /proc/$("$@" rootlet state "$id" | jq .pid)/cgroup
		"$@" rootlet exec "$id" cat /sys/fs/cgroup/cgroup.max.descendants
		"$@" rootlet delete --force "$id"' "$@"
}

@test "in a container that systemd runs: a scope of its manager for root, of the user's for a user" {
	debian_systemd
	debian_boots
	equal "$output" running
	bob_is_there
	capable_helpers
	inner '.process.args = ["sleep", "1000"] | .linux.resources.unified = {"cgroup.max.descendants": "7"}'
	try scope_of one env
	equal "$stderr$output" $'/system.slice/rootlet-one.scope/container\n7'
	# bob's manager is there as long as he has a session, or lingers; what cron would start has nothing in its environment.
	in_inner loginctl enable-linger bob
	wait_for in_inner test -S /run/user/1000/systemd/private
	try scope_of two setpriv --reuid=1000 --regid=1000 --init-groups --inh-caps=-all env -i PATH=/usr/local/bin:/usr/bin:/bin
	equal "$stderr$output" $'/user.slice/user-1000.slice/user@1000.service/user.slice/rootlet-two.scope/container\n7'
	equal "$(in_inner systemctl list-units --plain --no-legend --all 'rootlet-*')" ""
	equal "$(in_inner sh -c 'find /sys/fs/cgroup -name "rootlet-*"')" ""
	rl delete --force "$C"
}
