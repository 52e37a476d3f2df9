#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Limits that hold: read back from the kernel, inside the container, and felt by what runs there.
# Needs every controller delegated to the user's manager.
# rooms: vm
# ROUNDS: of newcomers.bash
# shellcheck disable=SC2016,SC2154,SC2034

load helpers
load newcomers

# delegated CONTROLLER...: what the user's manager has, or this machine can't do the test.
delegated() {
	local list controller
	list=" $(<"/sys/fs/cgroup/user.slice/user-$(id -u).slice/user@$(id \
		-u).service/cgroup.controllers") "
	for controller; do
		[[ $list == *" $controller "* ]] ||
			skip "needs the cgroup controller $controller, delegated to users"
	done
}

setup() {
	container_setup
	unit=rootlet-$C.scope
	before=$(user_units)
}

teardown() {
	container_teardown
	wait_for same_units "$before" || equal "$(user_units)" "$before"
}

# shows PROPERTY: of the container's scope, as its manager has it.
shows() {
	systemctl --user show --property "$1" --value "$unit"
}

no_unit() {
	[ "$(shows LoadState)" = not-found ]
}

# The directory that the container sees as /sys/fs/cgroup.
cgroup_dir() {
	echo "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(pid_of)/cgroup")"
}

in_cgroup() {
	cat "$(cgroup_dir)/$1"
}

disk() {
	local device
	for device in /sys/block/vd*/dev /sys/block/sd*/dev; do
		[ -e "$device" ] && cat "$device" && return
	done
	skip "needs a disk"
}

@test "memory, swap, pids: inside and at the scope, by systemd" {
	delegated memory pids
	config '.linux.resources = {memory: {limit: 67108864, reservation: 33554432,
		swap: 100663296}, pids: {limit: 33}}'
	script 'cd /sys/fs/cgroup; for f in memory.max memory.low memory.swap.max pids.max;
		do echo "$f $(cat $f)"; done >/tmp/limits; exec sleep 1000'
	rl run -d --bundle "$B" "$C"
	wait_for grep -q pids.max "$B/rootfs/tmp/limits"
	equal "$(cat "$B/rootfs/tmp/limits")" "memory.max 67108864
memory.low 33554432
memory.swap.max 33554432
pids.max 33"
	equal "$(shows MemoryMax) $(shows MemorySwapMax) $(shows MemoryLow) $(shows TasksMax)" \
		"67108864 33554432 33554432 33"
	# What the container is held to is above what it sees.
	equal "$(cat "$(cgroup_dir)/../memory.max")" 67108864
	rl delete --force "$C"
}

@test "cpu and cpuset: shares, quota, burst, lists" {
	delegated cpu cpuset
	config '.linux.resources.cpu = {shares: 512, quota: 30000, period: 50000, burst: 5000,
		cpus: "0,1", mems: "0"}'
	inside 'cd /sys/fs/cgroup;
		cat cpu.weight cpu.max cpu.max.burst cpuset.cpus cpuset.cpus.effective cpuset.mems'
	equal "$output" "59
30000 50000
5000
0-1
0-1
0"
	config '.linux.resources.cpu = {idle: 1, cpus: "1"}'
	inside 'cat /sys/fs/cgroup/cpu.idle; grep Cpus_allowed_list /proc/self/status | cut -f2'
	equal "$output" $'1\n1'
}

@test "io: rates of a disk" {
	local dev
	delegated io
	dev=$(disk)
	config '.linux.resources.blockIO = {throttleReadBpsDevice: [{major: $a, minor: $i,
		rate: 1048576}],
		throttleWriteIOPSDevice: [{major: $a, minor: $i, rate: 50}]}' --argjson a \
			"${dev%:*}" --argjson i "${dev#*:}"
	inside 'cat /sys/fs/cgroup/io.max'
	equal "$output" "$dev rbps=1048576 wbps=max riops=max wiops=50"
}

# weigh DEV WEIGHT: of one disk; the container in the background.
weigh() {
	config '.linux.resources.blockIO = {weightDevice: [{major: $a, minor: $i, weight: $w}]}' \
		--argjson a "${1%:*}" --argjson i "${1#*:}" --argjson w "$2"
	script 'exec sleep 1000'
	try rl run -d --bundle "$B" "$C"
}

@test "io: a weight, and that of a disk where something weighs it" {
	local dev
	delegated io
	dev=$(disk)
	sudo -n modprobe -r bfq
	config '.linux.resources.blockIO = {weight: 500}'
	script 'exec sleep 1000'
	rl run -d --bundle "$B" "$C"
	equal "$(in_cgroup io.weight) $(shows IOWeight)" "default 4950 4950"
	rl update --blkio-weight 100 "$C"
	equal "$(in_cgroup io.weight) $(shows IOWeight)" "default 910 910"
	rl delete --force "$C"

	weigh "$dev" 100
	refused /linux/resources/blockIO/weightDevice/0 "\"$dev 910\" to io.weight" \
		"\"$dev enable=1\" to /sys/fs/cgroup/io.cost.qos"
	sudo -n sh -c "echo '$dev enable=1' >/sys/fs/cgroup/io.cost.qos"
	weigh "$dev" 100
	equal "$stderr" ""
	equal "$(in_cgroup io.weight)" "default 100
$dev 910"
	rl delete --force "$C"
	sudo -n sh -c "echo '$dev enable=0' >/sys/fs/cgroup/io.cost.qos"
}

@test "io: weights of the scheduler bfq, in its own scale" {
	local dev queue
	delegated io
	dev=$(disk)
	queue=/sys/dev/block/$dev/queue/scheduler
	sudo -n modprobe bfq
	config '.linux.resources.blockIO = {weight: 500}'
	script 'exec sleep 1000'
	rl run -d --bundle "$B" "$C"
	equal "$(in_cgroup io.bfq.weight | head -n 1)" "default 500"
	rl update --blkio-weight 200 "$C"
	equal "$(in_cgroup io.bfq.weight | head -n 1)" "default 200"
	rl delete --force "$C"

	# The disk has another scheduler: then it is io.weight's.
	sudo -n sh -c "echo none >$queue; echo '$dev enable=1' >/sys/fs/cgroup/io.cost.qos"
	weigh "$dev" 100
	equal "$stderr" ""
	equal "$(in_cgroup io.weight)" "default 100
$dev 910"
	rl delete --force "$C"
	sudo -n sh -c "echo '$dev enable=0' >/sys/fs/cgroup/io.cost.qos; echo bfq >$queue"
	weigh "$dev" 300
	equal "$stderr" ""
	equal "$(in_cgroup io.bfq.weight)" "default 100
$dev 300"
	rl delete --force "$C"
	sudo -n sh -c "echo none >$queue"
	sudo -n modprobe -r bfq
}

@test "unified: any file, and the same as a property" {
	delegated memory
	config '.linux.resources.unified = {"memory.high": "41943040", "memory.oom.group": "1",
		"cgroup.max.depth": "4"}'
	script 'cd /sys/fs/cgroup; cat memory.high memory.oom.group cgroup.max.depth >/tmp/limits;
		exec sleep 1000'
	rl run -d --bundle "$B" "$C"
	wait_for grep -qx 4 "$B/rootfs/tmp/limits"
	equal "$(cat "$B/rootfs/tmp/limits")" $'41943040\n1\n4'
	equal "$(shows MemoryHigh)" 41943040
	rl delete --force "$C"
	config '.linux.resources.unified = {"memory.nosuch": "1"}'
	try rl run --bundle "$B" "$C"
	refused /linux/resources/unified/memory.nosuch "no file memory.nosuch"
}

@test "an allocation above memory.max is killed, and events says so" {
	delegated memory
	config '.linux.resources.memory = {limit: 33554432, swap: 33554432}'
	script 'read -r go </tmp/go; dd if=/dev/zero of=/dev/null bs=128M count=1;
		echo "dd: $?" >/tmp/end; read -r go </tmp/go'
	mkfifo "$B/rootfs/tmp/go"
	rl run -d --bundle "$B" "$C"
	rl events --interval 1h "$C" >"$T/events" 3>&- &
	wait_for test -s "$T/events"
	echo go >"$B/rootfs/tmp/go"
	wait_for grep -q 137 "$B/rootfs/tmp/end"
	wait_for grep -q '"oom"' "$T/events"
	equal "$(jq -rs '.[1] | .type + " " + .id' "$T/events")" "oom $C"
	jq -e '.data.memory.usage | .limit == 33554432 and .usage > 0' <<<"$(head -n 1 "$T/events")"
	status_is running
	echo go >"$B/rootfs/tmp/go"
	wait_for status_is stopped
	rl delete "$C"
}

@test "a container killed for want of memory ends with 137, in the foreground and for wait" {
	delegated memory
	config '.linux.resources.memory = {limit: 33554432, swap: 33554432}'
	bundle_args dd if=/dev/zero of=/dev/null bs=128M count=1
	try rl run --bundle "$B" "$C"
	equal "$status" 137
	# What the kernel killed for memory makes a unit of systemd's fail; a failed one would be in
	# the next start's way.
	wait_for no_unit
	rl run -d --bundle "$B" "$C"
	try rl wait "$C"
	equal "$output" 137
	rl delete "$C"
	wait_for no_unit
}

@test "pids.max: no process more" {
	delegated pids
	config '.linux.resources.pids.limit = 5'
	script 'for i in 1 2 3 4 5 6 7 8; do sleep 3 & done 2>/tmp/err;
		cat /sys/fs/cgroup/pids.current; wait'
	try rl run --bundle "$B" "$C"
	grep -qi 'fork' "$B/rootfs/tmp/err" <(echo "$stderr")
	[ "${output:-0}" -le 5 ]
}

@test "cpu.max: a busy loop gets its share" {
	local used wall before after
	delegated cpu
	config '.linux.resources.cpu = {quota: 20000, period: 100000}'
	script 'while :; do :; done'
	rl run -d --bundle "$B" "$C"
	sleep 1
	before=$(awk '$1 == "usage_usec" { print $2 }' "$(cgroup_dir)/cpu.stat") used=$(date +%s%6N)
	sleep 6
	after=$(awk '$1 == "usage_usec" { print $2 }' "$(cgroup_dir)/cpu.stat") \
		wall=$(($(date +%s%6N) - used))
	used=$((after - before))
	rl delete --force "$C"
	echo "$used of $wall microseconds"
	[ $((used * 100)) -ge $((wall * 17)) ] && [ $((used * 100)) -le $((wall * 23)) ]
}

@test "update changes each value while it runs, and the unit's" {
	delegated memory pids cpu cpuset
	config '.linux.resources = {memory: {limit: 67108864, swap: 67108864}, cpu: {quota: 50000,
		period: 100000, burst: 1000}}'
	script 'exec sleep 1000'
	rl run -d --bundle "$B" "$C"
	rl update --memory 48m --memory-reservation 16MiB --memory-swap 64m --pids-limit 77 \
		--cpu-share 2048 --cpu-quota 20000 \
		--cpu-burst 500 --cpuset-cpus 1 --cpuset-mems 0 "$C"
	equal "$(in_cgroup memory.max) $(in_cgroup memory.low) $(in_cgroup memory.swap.max)" \
		"50331648 16777216 16777216"
	equal "$(in_cgroup pids.max) $(in_cgroup cpu.weight) $(in_cgroup cpu.max)" \
		"77 174 20000 100000"
	equal "$(in_cgroup cpu.max.burst) $(in_cgroup cpuset.cpus) $(in_cgroup cpuset.mems)" \
		"500 1 0"
	equal "$(shows MemoryMax) $(shows TasksMax) $(shows CPUWeight) $(shows \
		CPUQuotaPerSecUSec)" "50331648 77 174 200ms"
	# A part of a pair keeps the other.
	rl update --cpu-period 50000 "$C"
	equal "$(in_cgroup cpu.max)" "20000 50000"
	rl update --memory-swap 50m "$C"
	equal "$(in_cgroup memory.max) $(in_cgroup memory.swap.max)" "50331648 2097152"
	rl update --memory 1.5g --memory-swap 2GiB "$C"
	equal "$(in_cgroup memory.max) $(in_cgroup memory.swap.max)" "1610612736 536870912"
	rl update --memory -1 --pids-limit -1 --cpu-quota -1 "$C"
	equal "$(in_cgroup memory.max) $(in_cgroup pids.max) $(in_cgroup cpu.max)" \
		"max max max 50000"
	equal "$(shows MemoryMax) $(shows TasksMax)" "infinity infinity"
	rl update --cpu-idle 1 "$C"
	equal "$(in_cgroup cpu.idle)" 1
	rl update --resources - "$C" \
		<<<'{"unified": {"memory.high": "41943040", "cgroup.max.depth": "3"}}'
	equal "$(in_cgroup memory.high) $(in_cgroup cgroup.max.depth) $(shows MemoryHigh)" \
		"41943040 3 41943040"
	rl update --resources - "$C" \
		<<<'{"memory": {"limit": 1048576, "checkBeforeUpdate": true}, "pids": {"limit": 9}}'
	equal "$(in_cgroup memory.max) $(in_cgroup pids.max)" "1048576 9"
	rl delete --force "$C"
}

@test "update: nothing comes into the pid namespace" {
	local n
	delegated pids
	watched
	ROUNDS=1
	for ((n = 30; n < 60; n++)); do
		beside update --pids-limit "$n" "$C"
	done
	watched_end
	equal "$seen" 0
}

@test "update: checkBeforeUpdate refuses a limit below what is in use" {
	delegated memory
	script 'dd if=/dev/zero of=/dev/shm/block bs=1M count=16 && echo >/tmp/ready;
		exec sleep 1000'
	rl run -d --bundle "$B" "$C"
	wait_for test -e "$B/rootfs/tmp/ready"
	try rl update -r - "$C" <<<'{"memory": {"limit": 4194304, "checkBeforeUpdate": true}}'
	refused /memory/limit "below what is in use"
	equal "$(in_cgroup memory.max)" max
	rl delete --force "$C"
}

@test "events --stats: memory, cpu, pids, pressure" {
	delegated memory pids cpu
	config '.linux.resources = {memory: {limit: 67108864}, pids: {limit: 33}}'
	script 'dd if=/dev/zero of=/dev/shm/block bs=1M count=8 2>/dev/null; echo >/tmp/ready;
		sleep 1000 & exec sleep 1000'
	rl run -d --bundle "$B" "$C"
	wait_for test -e "$B/rootfs/tmp/ready"
	try rl events --stats "$C"
	jq -e '.data | .memory.usage.limit == 67108864 and .memory.usage.usage > 8000000 and
		.memory.raw.shmem >= 8388608
		and .pids.limit == 33 and .pids.current >= 1 and .cpu.usage.total > 0 and
		.memory.psi.some.total >= 0' <<<"$output"
	rl delete --force "$C"
}

@test "pause stops a counter, resume lets it go on" {
	local count
	script 'i=0; while :; do i=$((i + 1)); echo $i >/tmp/new; mv /tmp/new /tmp/count; done'
	rl run -d --bundle "$B" "$C"
	wait_for test -s "$B/rootfs/tmp/count"
	rl pause "$C"
	status_is paused
	count=$(<"$B/rootfs/tmp/count")
	sleep 1
	equal "$(<"$B/rootfs/tmp/count")" "$count"
	rl resume "$C"
	status_is running
	moved() {
		[ "$(<"$B/rootfs/tmp/count")" -gt "$count" ]
	}
	wait_for moved
	rl delete --force "$C"
}

@test "in a delegated scope, without systemd's help: limits by cgroupfs" {
	delegated memory pids
	config '.linux.resources = {memory: {limit: 67108864}, pids: {limit: 33}}'
	script 'cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max'
	try systemd-run --user --scope --quiet -p Delegate=yes env ROOTLET_TEST="$C" "$ROOTLET" \
		--root "$T/state" \
		--cgroup-manager cgroupfs run --bundle "$B" "$C"
	equal "$stderr" ""
	equal "$output" $'67108864\n33'
}

@test "beside other processes there: refused, and nothing of theirs is changed" {
	delegated memory pids
	config '.linux.resources.pids.limit = 33'
	try systemd-run --user --scope --quiet -p Delegate=yes sh \
		-c 'own=/sys/fs/cgroup$(sed -n "s/^0:://p" /proc/self/cgroup)
		"$@"; echo "$? $(cat "$own/cgroup.type") $(cat "$own/cgroup.subtree_control")"' \
			- env ROOTLET_TEST="$C" "$ROOTLET" \
		--root "$T/state" --cgroup-manager cgroupfs run --bundle "$B" "$C"
	equal "$output" "1 domain "
	has "$stderr" "processes of its own"
}

@test "a container that may divide its cgroup has the controllers, and can't lift its own limits" {
	delegated memory pids
	config '.linux.resources = {memory: {limit: 67108864}} | (.mounts[] |
		select(.type == "cgroup")).options = ["nosuid"]'
	inside 'cd /sys/fs/cgroup; echo max >memory.max 2>/dev/null; cat memory.max; mkdir a b;
		echo $$ >a/cgroup.procs
		echo +memory +pids >cgroup.subtree_control; cat cgroup.subtree_control;
		echo 7 >b/pids.max; cat b/pids.max'
	equal "$output" "67108864
memory pids
7"
}

# as_other COMMAND...: in a login session of the room's other user.
as_other() {
	sudo systemd-run --quiet --wait --pipe --collect -p User=rootlet-other -p PAMName=login \
		-p WorkingDirectory=/ \
		-E ROOTLET_TEST="$C" -E PATH="$PATH" -- "$@"
}

# other_manager_has CONTROLLERS: from its next start on; "": what the machine gives every user.
other_manager_has() {
	local drop_in=/run/systemd/system/user@1001.service.d
	sudo systemctl stop user@1001.service
	if [ -n "$1" ]; then
		sudo mkdir -p "$drop_in"
		printf '[Service]\nDelegate=\nDelegate=%s\n' "$1" |
			sudo tee "$drop_in/zz-test.conf" >/dev/null
	else
		sudo rm -r "$drop_in"
	fi
	sudo systemctl daemon-reload
}

@test "a manager without cpu: that limit is refused with the drop-in to install, the others hold" {
	local folder
	delegated memory pids
	chmod 755 "$T"
	folder=$(sudo -u rootlet-other mktemp -d)
	other_manager_has "memory pids"
	config '.linux.resources = {cpu: {quota: 20000, period: 100000}, memory: {limit: 67108864},
		pids: {limit: 33}}'
	script 'cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max'
	try as_other "$ROOTLET" --root "$folder/state" run --bundle "$B" "$C"
	refused /linux/resources/cpu '"cpu" is not delegated' \
		/etc/systemd/system/user@.service.d/delegate.conf \
		"Delegate=cpu cpuset io memory pids"
	try as_other "$ROOTLET" --root "$folder/state" --limits=best-effort run --bundle "$B" "$C"
	other_manager_has ""
	equal "$output" $'67108864\n33'
	[[ $stderr == "rootlet: warning: /linux/resources/cpu/"*": cpu.max is not limited: "* ]] ||
		fail "$stderr"
	equal "$(wc -l <"$T/try.err")" 1
	sudo rm -rf "$folder"
}
