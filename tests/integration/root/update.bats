#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# update: limits of a running container. Their values by the kernel: limits.bats.
# rooms: session
# shellcheck disable=SC2016,SC2154,SC2030,SC2031

load ../helpers
load cgroup_room

@test "update: a file of the cgroup is changed while it runs, by file and by stdin" {
	needs_hugetlb
	start_sleeping
	echo '{"unified": {"cgroup.max.descendants": "5"}}' >"$T/new.json"
	chmod 0644 "$T/new.json"
	rlu update --resources "$T/new.json" "$C"
	equal "$(cat "$G/rootlet-$C/cgroup.max.descendants")" 5
	rlu update -r - "$C" <<<'{"unified": {"cgroup.max.descendants": "max"}}'
	equal "$(cat "$G/rootlet-$C/cgroup.max.descendants")" max
	rlu update -r - "$C" \
		<<<"{\"hugepageLimits\": [{\"pageSize\": \"$size\", \"limit\": 2147483648}]}"
	equal "$(cat "$G/rootlet-$C/hugetlb.$size.max")" 2147483648
	jq -e --arg s "$size" '.data.hugetlb[$s] | .usage == 0 and .failcnt == 0' \
		<<<"$(rlu events --stats "$C")"
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
	try rlu update --resources - "$C" \
		<<<'{"devices": [{"allow": false}], "unified": {"cgroup.max.depth": "9"}}'
	equal "$status" 0
	has "$stderr" "/devices: device rules are not enforced"
	equal "$(wc -l <"$T/try.err")" 1
	equal "$(cat "$G/rootlet-$C/cgroup.max.depth")" 9
	rlu delete --force "$C"
}
