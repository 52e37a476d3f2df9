#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What acts through the container's cgroup: pause, resume, exec, update, events. Values of limits: limits.bats.
# rooms: session vm
# shellcheck disable=SC2016,SC2154,SC2030,SC2031

load ../helpers
load cgroup_room

# The container counts into a file.
start_counting() {
	script 'i=0; while :; do i=$((i + 1)); echo $i >/tmp/count; usleep 10000 2>/dev/null || sleep 0.01; done'
	rlu run -d --bundle "$B" "$C"
	wait_for test -s "$B/rootfs/tmp/count"
}

count() {
	cat "$B/rootfs/tmp/count"
}

# has_moved_from N. While a number is being written the file may be empty.
has_moved_from() {
	[ "$(count)" -gt "$1" ]
}

moves() {
	local before
	wait_for count_is_there
	before=$(count)
	wait_for has_moved_from "$before"
}

count_is_there() {
	[ -n "$(count)" ]
}

stands_still() {
	local before
	before=$(count)
	sleep 0.3
	equal "$(count)" "$before"
}

@test "pause stops everything, resume lets it go on; the status says so" {
	start_counting
	moves
	rlu pause "$C"
	status_is paused
	equal "$(rlu list --format json | jq -r '.[0].status')" paused
	# Where podman looks: the cgroup of /proc/PID/cgroup.
	equal "$(cat "$mount$(cgroup_of "$(pid_of)")/cgroup.freeze")" 1
	stands_still
	rlu resume "$C"
	status_is running
	moves
	rlu delete --force "$C"
}

@test "pause and resume refuse what is not running, not paused, or has no cgroup" {
	start_counting
	try rlu resume "$C"
	refused "cannot resume container \`$C\`" "it is running, not paused"
	rlu pause "$C"
	try rlu pause "$C"
	refused "it is paused, not running"
	try rlu exec "$C" true
	equal "$status" 255
	has "$stderr" paused
	try rlu delete "$C"
	refused "not stopped: paused"
	rlu delete --force "$C"
	try rlu pause "$C"
	refused "does not exist"
	rlu --cgroup-manager disabled run -d --bundle "$B" "$C"
	try rlu pause "$C"
	refused "no cgroup of its own" "--cgroup-manager disabled"
	try rlu update --pids-limit 5 "$C"
	refused "no cgroup of its own"
	try rlu events --stats "$C"
	refused "no cgroup of its own"
	rlu kill "$C" KILL
	wait_for status_is stopped
	try rlu pause "$C"
	refused "container not running"
	try rlu update --pids-limit 5 "$C"
	refused "container not running"
	try rlu events "$C"
	refused "container not running"
	rlu delete "$C"
}

@test "a paused container is killed all the same" {
	start_counting
	rlu pause "$C"
	rlu kill "$C" KILL
	wait_for status_is stopped
	rlu delete "$C"
}

@test "exec is in the container's cgroup, its children too" {
	start_sleeping
	try rlu exec "$C" sh -c 'sed -n "s/^0:://p" /proc/self/cgroup; sed -n "s/^0:://p" /proc/self/cgroup | cat'
	equal "$output" $'/\n/'
	rlu exec -d --pid-file "$T/pid" "$C" sleep 1000
	equal "$(cgroup_of "$(cat "$T/pid")")" "$top/rootlet-$C"
	equal "$(rlu ps --format json "$C" | jq length)" 2
	rlu delete --force "$C"
}

@test "exec from another cgroup of the user's" {
	start_sleeping
	at=/other rlu exec -d --pid-file "$T/pid" "$C" sleep 1000
	equal "$(cgroup_of "$(cat "$T/pid")")" "$top/rootlet-$C"
	rlu delete --force "$C"
}

@test "exec --cgroup: below the container's; outside of it never" {
	config '(.mounts[] | select(.type == "cgroup")).options = ["nosuid"]'
	script 'mkdir /sys/fs/cgroup/a; exec sleep 1000'
	rlu run -d --bundle "$B" "$C"
	wait_for test -d "$G/rootlet-$C/container/a"
	rlu exec -d --cgroup a --pid-file "$T/pid" "$C" sleep 1000
	equal "$(cgroup_of "$(cat "$T/pid")")" "$top/rootlet-$C/container/a"
	try rlu exec --cgroup nosuch "$C" true
	equal "$status" 255
	has "$stderr" nosuch
	try rlu exec --cgroup ../.. "$C" true
	equal "$status" 255
	has "$stderr" "would lead out of the container's"
	rlu delete --force "$C"
}

@test "exec is where init went, from anywhere, also where only the container's user may write" {
	config '(.mounts[] | select(.type == "cgroup")).options = ["nosuid"] | .process.user = {uid: 1000, gid: 1000}'
	script 'cd /sys/fs/cgroup; mkdir -p a/b; echo 1 >a/b/cgroup.procs; echo >/tmp/ready; exec sleep 1000'
	rlu run -d --bundle "$B" "$C"
	wait_for test -e "$B/rootfs/tmp/ready"
	try rlu exec "$C" sed -n 's/^0:://p' /proc/self/cgroup
	equal "$output$stderr" /a/b
	at=/other try rlu exec --user 0 "$C" sed -n 's/^0:://p' /proc/self/cgroup
	equal "$output$stderr" /a/b
	rlu delete --force "$C"
}

@test "exec follows init where the container's own cgroup takes no process" {
	grep -qw hugetlb "$mount/cgroup.controllers" || skip "needs a controller in cgroup v2"
	echo +hugetlb >"$mount/cgroup.subtree_control"
	config '(.mounts[] | select(.type == "cgroup")).options = ["nosuid"]'
	script 'cd /sys/fs/cgroup; mkdir init.scope; echo 1 >init.scope/cgroup.procs; echo +hugetlb >cgroup.subtree_control && echo >/tmp/ready; exec sleep 1000'
	rlu run -d --bundle "$B" "$C"
	wait_for test -e "$B/rootfs/tmp/ready"
	try rlu exec "$C" sed -n 's/^0:://p' /proc/self/cgroup
	equal "$output" /init.scope
	rlu delete --force "$C"
}

@test "events --stats: one line, in runc's form" {
	start_counting
	sleep 0.2
	try rlu events --stats "$C"
	equal "$status" 0
	equal "$(wc -l <"$T/try.out")" 1
	equal "$(jq -r '.type + " " + .id' <<<"$output")" "stats $C"
	jq -e '.data | .cpu.usage.total > 0 and .cpu.usage.kernel + .cpu.usage.user > 0
		and (.memory | type) == "object" and (.pids | type) == "object" and (.blkio.ioServiceBytesRecursive | type) == "array"' <<<"$output"
	if [ -e "$G/cpu.pressure" ]; then
		jq -e '.data.cpu.psi.some | .avg10 >= 0 and .total >= 0' <<<"$output"
	fi
	rlu delete --force "$C"
}

@test "events: a line each interval, until the container ends" {
	start_counting
	rlu events --interval 100ms "$C" >"$T/events" &
	local job=$!
	wait_for sh -c '[ "$(wc -l <"$0")" -ge 3 ]' "$T/events"
	rlu kill "$C" KILL
	wait "$job"
	jq -es 'all(.type == "stats") and (map(.data.cpu.usage.total) | . == sort and first < last)' "$T/events"
	rlu delete "$C"
}

@test "events: bad intervals" {
	local interval
	for interval in 0 -1s abc 5x 1.5.5s "" s; do
		try rlu events "--interval=$interval" "$C"
		[ -z "$interval" ] || refused "--interval" "$interval"
	done
}

@test "update: a file of the cgroup is changed while it runs, by file and by stdin" {
	needs_hugetlb
	start_sleeping
	echo '{"unified": {"cgroup.max.descendants": "5"}}' >"$T/new.json"
	chmod 0644 "$T/new.json"
	rlu update --resources "$T/new.json" "$C"
	equal "$(cat "$G/rootlet-$C/cgroup.max.descendants")" 5
	rlu update -r - "$C" <<<'{"unified": {"cgroup.max.descendants": "max"}}'
	equal "$(cat "$G/rootlet-$C/cgroup.max.descendants")" max
	rlu update -r - "$C" <<<"{\"hugepageLimits\": [{\"pageSize\": \"$size\", \"limit\": 2147483648}]}"
	equal "$(cat "$G/rootlet-$C/hugetlb.$size.max")" 2147483648
	jq -e --arg s "$size" '.data.hugetlb[$s] | .usage == 0 and .failcnt == 0' <<<"$(rlu events --stats "$C")"
	rlu delete --force "$C"
}

@test "update: bad input is one line and changes nothing" {
	start_sleeping
	while read -r part arguments; do
		# shellcheck disable=SC2086 # several words
		try rlu update $arguments "$C"
		refused "$part"
	done <<-'END'
		--memory --memory=12q
		--memory --memory=-2
		--memory --memory=1.g
		--memory --memory=99999999999g
		--pids-limit --pids-limit=x
		--pids-limit --pids-limit=-2
		--cpu-idle --cpu-idle=2
		--blkio-weight --blkio-weight=1001
		/blockIO/weight --blkio-weight=5
		/cpu/period --cpu-period=5
		/memory/kernel --kernel-memory=5m
		/cpu/realtimePeriod --cpu-rt-period=5
		/cpu/cpus --cpuset-cpus=a
		--l3-cache-schema --l3-cache-schema=L3:0=f
		--resources --resources=/no/such/file
	END
	echo '{"memory": {"limit": "x"}}' >"$T/new.json"
	chmod 0644 "$T/new.json"
	try rlu update -r "$T/new.json" "$C"
	refused /memory/limit
	# Nothing to change is no error: clients send what they have.
	rlu update -r - "$C" <<<'{}'
	rlu delete --force "$C"
}

@test "update: a limit whose controller is missing is refused with the remedy" {
	start_sleeping
	try rlu update --resources - "$C" <<<'{"rdma": {"mlx5_1": {"hcaHandles": 3}}}'
	refused /rdma/mlx5_1 rdma.max Delegate=
	rlu delete --force "$C"
}

@test "update: an ordinary user's device rules are passed over with a line, and the rest is done" {
	start_sleeping
	try rlu update --resources - "$C" <<<'{"devices": [{"allow": false}], "unified": {"cgroup.max.depth": "9"}}'
	equal "$status" 0
	has "$stderr" "/devices: device rules are not enforced"
	equal "$(wc -l <"$T/try.err")" 1
	equal "$(cat "$G/rootlet-$C/cgroup.max.depth")" 9
	rlu delete --force "$C"
}
