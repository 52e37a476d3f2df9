#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Programs for the container's shell and for jq; output, stderr: of helpers' `try`
# shellcheck disable=SC2016,SC2154
# What the kernel keeps of a process beside its credentials, and the sysctls of namespaces that the
# container owns.

load helpers

@test "sysctl: of the network, ipc and uts namespaces, in both forms" {
	config '.linux.sysctl = {"net.ipv4.ip_forward": "1", "net/ipv4/conf/lo/forwarding": "0",
		"net.ipv4.ping_group_range": "0 0", "kernel.domainname": "dom.test"}'
	inside 'cd /proc/sys; cat net/ipv4/ip_forward net/ipv4/conf/lo/forwarding \
		net/ipv4/ping_group_range kernel/domainname'
	equal "$output" $'1\n0\n0\t0\ndom.test'
	[ "$(cat /proc/sys/kernel/domainname)" != dom.test ]
}

@test "two values for one name, or for one sysctl, are refused" {
	config '.hostname = "one" | .linux.sysctl = {"kernel.hostname": "two"}'
	try rl run --bundle "$B" "$C"
	refused /linux/sysctl '"kernel.hostname"' /hostname '"one"' '"two"'
	config '.domainname = "one" | .linux.sysctl = {"kernel.domainname": "two"}'
	try rl create --bundle "$B" "$C"
	refused /linux/sysctl '"kernel.domainname"' /domainname
	config '.linux.sysctl = {"kernel.msgmax": "8000", "kernel/msgmax": "8001"}'
	try rl run --bundle "$B" "$C"
	refused /linux/sysctl '"kernel.msgmax"' '"kernel/msgmax"'
	# The same twice is no contradiction.
	config '.linux.sysctl = {"kernel.hostname": "one", "kernel.domainname": "one"}'
	inside 'hostname; cat /proc/sys/kernel/domainname'
	equal "$output" $'one\none'
}

@test "sysctl: gids that the user namespace has not are left out of who may ping" {
	local last
	config '.linux.sysctl = {"net.ipv4.ping_group_range": "0 2147483647"}'
	bundle_args cat /proc/sys/net/ipv4/ping_group_range /proc/self/gid_map
	try rl run --bundle "$B" "$C"
	equal "$status" 0
	last=$(tail -n 1 <<<"$output" | awk '{ print $1 + $3 - 1 }')
	equal "$(head -n 1 <<<"$output")" "0	$last"
	has "$stderr" "net.ipv4.ping_group_range is \"0 $last\""
}

@test "sysctl: ipc, where this kernel lets a user namespace set it" {
	config '.linux.sysctl = {"kernel.shm_rmid_forced": "1", "fs.mqueue.msg_max": "7"}'
	script 'cat /proc/sys/kernel/shm_rmid_forced /proc/sys/fs/mqueue/msg_max'
	try rl run --bundle "$B" "$C"
	if [ "$status" -eq 0 ]; then
		equal "$output" $'1\n7'
	else
		refused "/linux/sysctl" "does not let an ordinary user"
	fi
}

@test "sysctl: of the whole machine, of a shared namespace, and no name at all are refused" {
	cp "$B/config.json" "$T/whole"
	while read -r key part; do
		cp "$T/whole" "$B/config.json"
		config '.linux.sysctl = {($key): "1"}' --arg key "$key"
		try rl run --bundle "$B" "$C"
		refused "/linux/sysctl" "$key" "$part"
	done <<'END'
vm.swappiness the whole machine
kernel.pid_max the whole machine
kernel.shmmaxx the whole machine
net.ipv4...ip_forward not the name of a sysctl
net.ipv4.no_such_thing No such file
END
	cp "$T/whole" "$B/config.json"
	config '.linux.namespaces |= map(select(.type != "network")) |
		.linux.sysctl = {"net.ipv4.ip_forward": "1"}
		| .mounts |= map(select(.type != "sysfs"))'
	try rl run --bundle "$B" "$C"
	equal "$status" 1
	has "$stderr" "needs a network namespace"
}

@test "sysctl: what the kernel does not take is an error that names the value" {
	config '.linux.sysctl = {"net.ipv4.ip_forward": "perhaps"}'
	try rl run --bundle "$B" "$C"
	refused "net.ipv4.ip_forward" "perhaps" "Invalid argument"
}

@test "scheduler: batch and idle, and a higher nice value" {
	local nice
	nice=$(nicer 7)
	config '.process.scheduler = {"policy": "SCHED_BATCH", "nice": $n}' --argjson n "$nice"
	# Fields 19 (nice) and 41 (policy: 3 is batch) of stat, proc_pid_stat(5), behind the name.
	inside 'sed "s/.*) //" /proc/self/stat | cut -d " " -f 17,39'
	equal "$output" "$nice 3"
	config '.process.scheduler = {"policy": "SCHED_IDLE"}'
	inside 'sed "s/.*) //" /proc/self/stat | cut -d " " -f 39'
	equal "$output" 5
}

@test "scheduler: the default policy with flags" {
	local nice
	nice=$(nicer 3)
	config '.process.scheduler = {"policy": "SCHED_OTHER",
		"flags": ["SCHED_FLAG_RESET_ON_FORK"], "nice": $n}' \
		--argjson n "$nice"
	inside 'sed "s/.*) //" /proc/1/stat | cut -d " " -f 17'
	equal "$output" "$nice"
}

@test "scheduler: what only root may have is refused with the way out" {
	config '.process.scheduler = {"policy": "SCHED_FIFO", "priority": 10}'
	try rl run --bundle "$B" "$C"
	refused "/process/scheduler" "RLIMIT_RTPRIO"
	config '.process.scheduler = {"policy": "SCHED_DEADLINE", "runtime": 1000000,
		"deadline": 10000000, "period": 10000000}'
	try rl run --bundle "$B" "$C"
	refused "/process/scheduler/policy" "SCHED_DEADLINE"
}

@test "ioPriority: best effort and idle; real-time is refused" {
	config '.process.ioPriority = {"class": "IOPRIO_CLASS_BE", "priority": 6}'
	inside 'ionice -p $$'
	equal "$output" "best-effort: prio 6"
	config '.process.ioPriority = {"class": "IOPRIO_CLASS_IDLE", "priority": 0}'
	inside 'ionice -p $$'
	has "$output" idle
	config '.process.ioPriority = {"class": "IOPRIO_CLASS_RT", "priority": 4}'
	try rl run --bundle "$B" "$C"
	refused "/process/ioPriority" "reserved to root"
}

@test "personality: LINUX32 shows a 32-bit machine" {
	config '.linux.personality = {"domain": "LINUX32"}'
	inside 'uname -m; cat /proc/self/personality'
	has "$output" 0000
	if [ "$(uname -m)" = x86_64 ]; then
		equal "${output%%$'\n'*}" i686
	fi
	config '.linux.personality = {"domain": "LINUX"}'
	inside 'uname -m'
	equal "$output" "$(uname -m)"
}

@test "memoryPolicy: the mode and nodes that were asked for" {
	[ -e /proc/self/numa_maps ] || skip "this kernel has no NUMA"
	config '.linux.memoryPolicy = {"mode": "MPOL_INTERLEAVE", "nodes": "0",
		"flags": ["MPOL_F_STATIC_NODES"]}'
	inside 'grep -m1 stack /proc/self/numa_maps'
	has "$output" "interleave"
	config '.linux.memoryPolicy = {"mode": "MPOL_BIND", "nodes": "1023"}'
	try rl run --bundle "$B" "$C"
	refused "/linux/memoryPolicy"
	config '.linux.memoryPolicy = {"mode": "MPOL_BIND", "nodes": "1024"}'
	try rl run --bundle "$B" "$C"
	refused "/linux/memoryPolicy/nodes"
}

@test "apparmorProfile and selinuxLabel without their module: a note, and the container runs" {
	[ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" != Y ] ||
		skip "AppArmor is active here"
	[ ! -e /sys/fs/selinux/enforce ] || skip "SELinux is active here"
	config '.process.apparmorProfile = "some-profile" |
		.process.selinuxLabel = "system_u:system_r:container_t:s0"'
	inside 'echo runs'
	equal "$output" runs
	has "$stderr" \
		"/process/apparmorProfile: \"some-profile\" is not applied: AppArmor is not active"
	has "$stderr" "/process/selinuxLabel"
}
