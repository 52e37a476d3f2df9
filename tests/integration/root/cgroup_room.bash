# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # T, B, C: helpers.bash's
#
# cgroup_room: for tests that root runs: a cgroup that is delegated to an ordinary user, and rootlet
# as that user in it.
#
#   G     the delegated cgroup's directory; "$top" its path below the mount
#   rl    rootlet as the user, in "$G/mine" (or "$G$at")

setup() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	[ -n "${ROOTLET_TEST_USER:-}" ] || skip "needs an ordinary user: ROOTLET_TEST_USER"
	mount=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)
	[ -n "$mount" ] || skip "needs cgroup v2"
	user=$ROOTLET_TEST_USER
	user_uid=$(id -u "$user")
	user_gid=$(id -g "$user")
	container_setup --rootless
	chmod 0755 "$T"
	chown -R "$user:" "$T"
	# Delegated as cgroups(7) has it: the directory and these files, and nothing above.
	top=/rootlet-bats-$C
	G=$mount$top
	mkdir "$G"
	chown "$user:" "$G" "$G"/cgroup.{procs,threads,subtree_control}
}

teardown() {
	local result=0
	[ -n "${T:-}" ] || return 0
	container_teardown || result=1
	# What rootlet made is gone; what the test made goes now.
	if [ -n "$(find "$G" -mindepth 1 -type d ! -name mine ! -name other)" ]; then
		echo "cgroups are left: $(find "$G" -mindepth 1 -type d)" >&2
		echo 1 2>/dev/null >"$G/cgroup.kill" || true
		result=1
	fi
	find "$G" -depth -type d -exec rmdir {} \; 2>/dev/null || result=1
	return "$result"
}

# as_user COMMAND...: as the test user, in a cgroup of the delegated ones: "$G/mine", or "$G$at".
as_user() {
	mkdir -p "$G${at-/mine}"
	chown "$user:" "$G${at-/mine}" "$G${at-/mine}/cgroup.procs"
	sh -ec 'echo 0 >"$0/cgroup.procs"; exec "$@"' "$G${at-/mine}" \
		setpriv "--reuid=$user_uid" "--regid=$user_gid" --init-groups --inh-caps=-all \
		env -i PATH=/usr/local/bin:/usr/bin:/bin HOME=/ "ROOTLET_TEST=$C" "$@" 3>&-
}

# rlu ARGUMENT...: rootlet as that user.
rlu() {
	as_user "$ROOTLET" --root "$T/state" "$@"
}

# rl ARGUMENT...: helpers' status_is and pid_of look as that user too.
rl() {
	rlu "$@"
}

# cgroup_of PID
cgroup_of() {
	sed -n 's/^0:://p' "/proc/$1/cgroup"
}

# needs_hugetlb: a controller that this machine can hand down to "$G"; `size` is one of its page
# sizes. Domain controllers are what it takes, and this is the one that a hybrid machine has.
needs_hugetlb() {
	local files
	grep -qw hugetlb "$mount/cgroup.controllers" ||
		skip "needs the hugetlb controller in cgroup v2"
	echo +hugetlb >"$mount/cgroup.subtree_control"
	files=("$G"/hugetlb.*.rsvd.max)
	size=${files[0]##*/hugetlb.}
	size=${size%%.*}
}

# start_sleeping: the container in the background; `pid` is its first process.
# shellcheck disable=SC2034
start_sleeping() {
	script 'exec sleep 1000'
	try rlu run -d --bundle "$B" "$C"
	equal "$status" 0
	equal "$stderr" ""
	pid=$(pid_of)
}

# start_counting: the container counts into a file.
# shellcheck disable=SC2016
start_counting() {
	script 'i=0; while :; do i=$((i + 1)); echo $i >/tmp/count;
		usleep 10000 2>/dev/null || sleep 0.01; done'
	rlu run -d --bundle "$B" "$C"
	wait_for test -s "$B/rootfs/tmp/count"
}

count() {
	cat "$B/rootfs/tmp/count"
}
