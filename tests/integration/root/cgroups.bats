#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Control groups by cgroupfs: an ordinary user in a cgroup that root has delegated to it, and root
# itself.
#
# Works on a machine with cgroup v2, alone or beside version 1. Values of limits are limits.bats'
# matter: here it is about where a container is, what it sees and may write, and that nothing is
# left.
# rooms: session
# shellcheck disable=SC2016,SC2154,SC2030,SC2031

load ../helpers
load cgroup_room

@test "the container is born in a cgroup of its own beside the caller's, which is all it sees" {
	inside 'sed -n "s/^0:://p" /proc/self/cgroup; grep -x 1 /sys/fs/cgroup/cgroup.procs;
		ls -d /sys/fs/cgroup/*/ 2>/dev/null;
		grep " /sys/fs/cgroup " /proc/self/mountinfo | sed "s/.* - //;s/ .*//";
		mkdir /sys/fs/cgroup/x 2>&1; true'
	equal "$output" "/
1
cgroup2
mkdir: can't create directory '/sys/fs/cgroup/x': Read-only file system"
}

# refused_mount ARGUMENT...: rootlet as the user, with fsopen of cgroup2 refused: strace, which root
# starts, answers in the kernel's place.
refused_mount() {
	as_user true
	sh -ec 'echo 0 >"$0/cgroup.procs"; exec "$@"' "$G/mine" env \
		-i PATH=/usr/local/bin:/usr/bin:/bin HOME=/ "ROOTLET_TEST=$C" \
		strace -f -qq -u "$user" -o /dev/null -e trace=fsopen \
		-e inject=fsopen:error=EPERM:when=1 "$ROOTLET" --root "$T/state" "$@" 3>&-
}

SEEN='grep -cx 1 /sys/fs/cgroup/cgroup.procs 2>/dev/null; ls -d /sys/fs/cgroup/*/ 2>/dev/null; '\
'mkdir /sys/fs/cgroup/x 2>&1
	while read -r _ _ _ root where flags rest; do [ "$where" != /sys/fs/cgroup ] || echo '\
'"$root ${flags%%,*} ${rest#*- }"; done </proc/self/mountinfo'

@test "cgroup2 that can't be mounted: the container's own is bound, with a line about it" {
	# Nothing else is mounted that way before it.
	config '.mounts |= ([.[] | select(.type == "cgroup")] + [.[] | select(.type == "proc")]) |
		.linux.maskedPaths = [] | .linux.readonlyPaths = []
		| .root.readonly = false'
	script "$SEEN"
	try refused_mount run --bundle "$B" "$C"
	equal "$status" 0
	equal "$(wc -l <"$T/try.err")" 1
	has "$stderr" \
		"/mounts/0: the container's cgroup is bound on /sys/fs/cgroup, as the host has it:"
	has "$stderr" "Operation not permitted"
	equal "$(sed '$d' <<<"$output")" "1
mkdir: can't create directory '/sys/fs/cgroup/x': Read-only file system"
	equal "$(tail -n 1 <<<"$output" | cut -d' ' -f2,3)" "ro cgroup2"
	# For writing where the container may: what it makes is its own.
	config '.mounts[0].options = ["nosuid"]'
	try refused_mount run --bundle "$B" "$C"
	equal "$(sed '$d' <<<"$output")" 1
	# Without one of its own: nothing.
	try refused_mount --cgroup-manager disabled run --bundle "$B" "$C"
	equal "$status" 0
	equal "$(wc -l <"$T/try.err")" 1
	has "$stderr" "/mounts/0: an empty folder stands for /sys/fs/cgroup:"
	equal "$(cut -d' ' -f1-3 <<<"$output")" "mkdir: can't create
/ ro tmpfs"
}

@test "it has the place of the container's ID, and delete removes it" {
	start_sleeping
	equal "$(cgroup_of "$pid")" "$top/rootlet-$C"
	equal "$(cat "$G/rootlet-$C/cgroup.procs")" "$pid"
	rlu kill "$C" KILL
	rlu delete "$C"
	[ ! -e "$G/rootlet-$C" ]
}

@test "cgroupsPath: relative, absolute below the delegated, in systemd's form" {
	local path want
	while read -r path want; do
		config '.linux.cgroupsPath = $p' --arg p "$path"
		start_sleeping
		equal "$(cgroup_of "$pid")" "$want"
		rlu delete --force "$C"
	done <<-END
		pods/one $top/pods/one
		$top/deep/er $top/deep/er
		/elsewhere/two $top/elsewhere/two
		user.slice:libpod:abc $top/libpod-abc.scope
	END
	config '.linux.cgroupsPath = "/elsewhere"'
	try rlu --cgroup-manager cgroupfs run --bundle "$B" "$C"
	refused /linux/cgroupsPath "not below $top"
}

@test "a cgroup that has processes is refused, and left alone" {
	local sleeper
	mkdir "$G/taken"
	sleep 1000 3>&- &
	sleeper=$!
	echo "$sleeper" >"$G/taken/cgroup.procs"
	config '.linux.cgroupsPath = "taken"'
	try rlu create --bundle "$B" "$C"
	equal "$(cgroup_of "$sleeper")" "$top/taken"
	kill "$sleeper"
	wait "$sleeper" || true
	wait_for rmdir "$G/taken"
	refused "the cgroup $top/taken has processes already"
}

@test "--cgroup-manager disabled: the container stays where its caller is" {
	script 'exec sleep 1000'
	rlu --cgroup-manager disabled run -d --bundle "$B" "$C"
	equal "$(cgroup_of "$(pid_of)")" "$top/mine"
	rlu delete --force "$C"
}

@test "a container that cannot be made leaves no cgroup" {
	bundle_args /no/such/program
	try rlu create --bundle "$B" "$C"
	refused "/no/such/program"
	[ ! -e "$G/rootlet-$C" ]
}

@test "a create that is killed leaves a cgroup that the next one, or delete --force, removes" {
	local pid job i
	config '.hooks = {createRuntime: [{path: "/bin/sleep", args: ["sleep", "1000"]}]}'
	for i in again delete; do
		rlu create --bundle "$B" "$C" >/dev/null 2>&1 &
		job=$!
		wait_for test -e "$G/rootlet-$C"
		wait_for sh -c 'grep -q . "$0"' "$G/rootlet-$C/cgroup.procs"
		pid=$(pgrep -of -- "$ROOTLET --root $T/state create")
		kill -KILL "$pid"
		wait "$job" || true
		[ -d "$G/rootlet-$C" ]
		if [ "$i" = again ]; then
			config 'del(.hooks)'
			try rlu run --bundle "$B" "$C"
			equal "$status" 0
			config '.hooks = {createRuntime: [{path: "/bin/sleep", args: ["sleep",
				"1000"]}]}'
		else
			rlu delete --force "$C"
		fi
		[ ! -e "$G/rootlet-$C" ]
		# shellcheck disable=SC2046 # the hook, which nobody waits for any more
		kill -KILL $(marked) 2>/dev/null || true
	done
}

# killed_at N: a create that is killed when it begins to make its Nth folder; false when it doesn't
# come so far, and `status` is its own then. The tracer and what it runs are in the user's cgroup,
# as as_user has it.
killed_at() {
	as_user true
	status=0
	{
		sh -ec 'echo 0 >"$0/cgroup.procs"; exec "$@"' "$G/mine" env \
			-i PATH=/usr/local/bin:/usr/bin:/bin HOME=/ "ROOTLET_TEST=$C" \
			strace -qq -u "$user" -o /dev/null -e trace=mkdirat \
			-e "inject=mkdirat:signal=SIGKILL:when=$1" "$ROOTLET" --root "$T/state" \
			create --bundle "$B" "$C" >"$T/try.out" 2>"$T/try.err" 3>&- || status=$?
	} 2>/dev/null
	[ "$status" -eq 137 ]
}

@test "a create that is killed at any folder of a deep cgroupsPath leaves none once it is deleted" {
	local n=1 left=0
	config '.linux.cgroupsPath = "a/b/c/d" | (.mounts[] | select(.type == "cgroup")).options
		= ["nosuid"]'
	script 'exec sleep 1000'
	while killed_at "$n"; do
		[ ! -d "$G/a" ] || left=$((left + 1))
		wait_for no_marked
		rlu delete --force "$C"
		[ ! -e "$G/a" ] || fail "killed at folder $n: $(find "$G/a" -type d)"
		n=$((n + 1))
	done
	equal "$status" 0
	# At b, c and d and what is below, at least.
	[ "$left" -ge 4 ] || fail "$left of $n"
	# What is another's meanwhile stays.
	mkdir "$G/a/b/other"
	rlu delete --force "$C"
	equal "$(find "$G/a" -mindepth 1 -type d | sort)" "$G/a/b
$G/a/b/other"
	rmdir "$G/a/b/other" "$G/a/b" "$G/a"
}

@test "a create that is killed does not have the processes of another's cgroup on its conscience" {
	local sleeper n=1
	mkdir -p "$G/a/taken"
	# The user's as well, as that of another container of theirs would be.
	chown -R "$user:" "$G/a"
	sleep 1000 3>&- &
	sleeper=$!
	echo "$sleeper" >"$G/a/taken/cgroup.procs"
	config '.linux.cgroupsPath = "a/taken"'
	while killed_at "$n"; do
		rlu delete --force "$C"
		n=$((n + 1))
	done
	equal "$(cgroup_of "$sleeper")" "$top/a/taken"
	kill "$sleeper"
	wait "$sleeper" || true
	wait_for rmdir "$G/a/taken"
	rmdir "$G/a"
	equal "$status" 1
	has "$(cat "$T/try.err")" "the cgroup $top/a/taken has processes already"
}

@test "delete removes the cgroup after rootlet itself was killed" {
	local pid job
	script 'sleep 1000'
	rlu run --bundle "$B" "$C" >/dev/null 2>&1 &
	job=$!
	wait_for status_is running
	pid=$(pgrep -of -- "$ROOTLET --root $T/state run")
	kill -KILL "$pid"
	wait "$job" || true
	rlu delete --force "$C"
	[ ! -e "$G/rootlet-$C" ]
}

four() {
	[ "$(wc -l <"$G/rootlet-$C/cgroup.procs")" -eq 4 ]
}

@test "without a pid namespace: kill, kill --all and delete reach what left the family" {
	config '.linux.namespaces |= map(select(.type != "pid")) |
		.mounts |= map(select(.type != "proc"))'
	for how in KILL all delete; do
		# Grandchildren whose parents are gone: no child of anybody here.
		script 'for i in 1 2 3; do (sleep 1000 &) ; done; exec sleep 1000'
		rlu run -d --no-subreaper --bundle "$B" "$C"
		wait_for four
		equal "$(rlu ps --format json "$C" | jq length)" 4
		case $how in
		KILL) rlu kill "$C" KILL ;;
		all) rlu kill --all "$C" TERM ;;
		delete) rlu delete --force "$C" ;;
		esac
		[ "$how" = delete ] || wait_for no_marked
		rlu delete --force "$C"
		[ ! -e "$G/rootlet-$C" ]
	done
}

@test "a stopped container's remains are ended by delete" {
	config '.linux.namespaces |= map(select(.type != "pid")) |
		.mounts |= map(select(.type != "proc"))'
	script '(sleep 1000 &); exec sleep 1000'
	rlu run -d --no-subreaper --bundle "$B" "$C"
	kill -KILL "$(pid_of)"
	wait_for status_is stopped
	rlu delete "$C"
	no_marked
}

@test "mounted for writing, the cgroup is the container's to divide, and its limits are not" {
	config '(.mounts[] | select(.type == "cgroup")).options = ["nosuid", "noexec", "nodev"]'
	inside 'cd /sys/fs/cgroup && mkdir -p a/b && echo 0 >a/b/cgroup.procs &&
		sed -n "s/^0:://p" /proc/self/cgroup
		stat -c "%n %u:%g" . cgroup.procs cgroup.subtree_control a'
	equal "$output" "/a/b
. 0:0
cgroup.procs 0:0
cgroup.subtree_control 0:0
a 0:0"
}

@test "the cgroup is given to the container's user, down to the files that the kernel names" {
	config '(.mounts[] | select(.type == "cgroup")).options = ["nosuid"] |
		.process.user = {uid: 1000, gid: 1000}'
	inside 'stat -c "%n %u:%g" /sys/fs/cgroup /sys/fs/cgroup/cgroup.procs \
		/sys/fs/cgroup/cgroup.threads /sys/fs/cgroup/cgroup.subtree_control \
		/sys/fs/cgroup/cgroup.freeze
		mkdir -p /sys/fs/cgroup/mine/deep &&
		echo 0 >/sys/fs/cgroup/mine/deep/cgroup.procs &&
		sed -n "s/^0:://p" /proc/self/cgroup'
	equal "$output" "/sys/fs/cgroup 1000:0
/sys/fs/cgroup/cgroup.procs 1000:0
/sys/fs/cgroup/cgroup.threads 1000:0
/sys/fs/cgroup/cgroup.subtree_control 1000:0
/sys/fs/cgroup/cgroup.freeze 0:0
/mine/deep"
}

@test "a container that has none of its caller's own ids is given its cgroup all the same" {
	local range
	range=$(awk -F: -v u="$user" '$1 == u { print $2; exit }' /etc/subuid)
	config '(.mounts[] | select(.type == "cgroup")).options = ["nosuid"]
		| .linux.uidMappings = [{containerID: 0, hostID: $r, size: 2000}] |
		.linux.gidMappings = .linux.uidMappings' --argjson r "$range"
	chmod -R a+rX "$T"
	script 'stat -c %u:%g /sys/fs/cgroup /sys/fs/cgroup/cgroup.procs; mkdir /sys/fs/cgroup/a &&
		echo 1 >/sys/fs/cgroup/a/cgroup.procs && exec sleep 1000'
	rlu run -d --bundle "$B" "$C" >"$T/out"
	wait_for sh -c '[ "$(sed -n s/^0:://p "/proc/$1/cgroup")" = "$2" ]' - "$(pid_of)" \
		"$top/rootlet-$C/container/a"
	# The group is the caller's, of whom there is none in there.
	equal "$(cat "$T/out")" $'0:65534\n0:65534'
	try rlu exec "$C" sed -n 's/^0:://p' /proc/self/cgroup
	equal "$output$stderr" /a
	rlu delete --force "$C"
}

@test "a very deep tree of cgroups made by the container is removed" {
	config '(.mounts[] | select(.type == "cgroup")).options = ["nosuid"]'
	inside 'cd /sys/fs/cgroup; i=0; while [ $i -lt 150 ]; do mkdir d e && cd d || exit 1;
		i=$((i + 1)); done'
}

@test "the sub-cgroup's name and a further one for the payload, by annotation" {
	config '(.mounts[] | select(.type == "cgroup")).options = ["nosuid"]
		| .annotations = {"run.oci.systemd.subgroup": "ctr",
		"run.oci.delegate-cgroup": "init"}'
	script 'sed -n "s/^0:://p" /proc/self/cgroup >/tmp/where; exec sleep 1000'
	rlu run -d --bundle "$B" "$C"
	wait_for test -s "$B/rootfs/tmp/where"
	equal "$(cat "$B/rootfs/tmp/where")" /init
	equal "$(cgroup_of "$(pid_of)")" "$top/rootlet-$C/ctr/init"
	rlu delete --force "$C"
}

@test "a joined pid namespace: the init that is forked there is in the cgroup" {
	start_sleeping
	cp -a "$B" "$T/two"
	B=$T/two config '(.linux.namespaces[] | select(.type == "pid")).path = $p
		| (.linux.namespaces[] | select(.type == "user")).path = $u |
		del(.linux.uidMappings, .linux.gidMappings)' \
		--arg p "/proc/$pid/ns/pid" --arg u "/proc/$pid/ns/user"
	rlu run -d --bundle "$T/two" "$C-2"
	equal "$(cgroup_of "$(pid_of "$C-2")")" "$top/rootlet-$C-2"
	rlu delete --force "$C-2"
	rlu delete --force "$C"
}

@test "limits: what is not delegated is an error, or with best-effort a note" {
	# Two that no machine hands down by itself.
	config '.linux.resources = {rdma: {mlx5_1: {hcaHandles: 3}},
		unified: {"misc.max": "res 1"}}'
	try rlu run --bundle "$B" "$C"
	refused /linux/resources/rdma/mlx5_1 'controller "rdma" is not delegated' \
		--limits=best-effort
	try rlu --limits=best-effort run --bundle "$B" "$C"
	equal "$status" 0
	equal "$(wc -l <"$T/try.err")" 2
	has "$stderr" "/linux/resources/unified/misc.max: misc.max is not limited"
}

@test "unified: a file of the cgroup itself is written and seen inside" {
	config '.linux.resources.unified = {"cgroup.max.descendants": "7"}'
	inside 'cat /sys/fs/cgroup/cgroup.max.descendants'
	equal "$output" 7
	config '.linux.resources.unified = {"cgroup.max.descendants": "many"}'
	try rlu run --bundle "$B" "$C"
	refused /linux/resources/unified/cgroup.max.descendants '"many"'
}

@test "hugetlb: the limit is in place where the kernel has it" {
	needs_hugetlb
	config '.linux.resources.hugepageLimits = [{pageSize: $s, limit: 1073741824}]' --arg s \
		"$size"
	inside "cat /sys/fs/cgroup/hugetlb.$size.max /sys/fs/cgroup/hugetlb.$size.rsvd.max"
	equal "$output" $'1073741824\n1073741824'
}

@test "alone in the delegated cgroup, rootlet makes room so that controllers can be handed down" {
	needs_hugetlb
	config '.linux.resources.hugepageLimits = [{pageSize: $s, limit: 1073741824}]' --arg s \
		"$size"
	script "cat /sys/fs/cgroup/hugetlb.$size.max"
	at='' try rlu run --bundle "$B" "$C"
	equal "$stderr" ""
	equal "$output" 1073741824
	rmdir "$G/rootlet-caller"
}

@test "beside other processes in the delegated cgroup limits can't be had, and the error says so" {
	local sleeper
	needs_hugetlb
	config '.linux.resources.hugepageLimits = [{pageSize: $s, limit: 1073741824}]' --arg s \
		"$size"
	sleep 1000 3>&- &
	sleeper=$!
	echo "$sleeper" >"$G/cgroup.procs"
	at='' try rlu run --bundle "$B" "$C"
	kill "$sleeper"
	wait "$sleeper" || true
	refused 'controller "hugetlb"' "processes of its own" "Delegate=yes"
	# Without limits nobody is in the way.
	config 'del(.linux.resources)'
	at='' try rlu run --bundle "$B" "$C"
	equal "$status" 0
}

@test "root: an absolute cgroupsPath is where it says" {
	chown -R root: "$T"
	config '.linux.cgroupsPath = $p | .linux.namespaces |= map(select(.type != "user")) |
		del(.linux.uidMappings, .linux.gidMappings)' \
		--arg p "$top/by-root"
	script 'exec sleep 1000'
	ROOTLET_TEST=$C "$ROOTLET" --root "$T/state" --cgroup-manager cgroupfs run -d \
		--bundle "$B" "$C" 3>&-
	equal "$(cgroup_of "$(ROOTLET_TEST=$C "$ROOTLET" --root "$T/state" state "$C" |
		jq .pid)")" "$top/by-root"
	ROOTLET_TEST=$C "$ROOTLET" --root "$T/state" delete --force "$C"
}
