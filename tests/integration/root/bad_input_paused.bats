#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Every command on a paused container, and pause beside commands that end the container. As an
# ordinary user with a cgroup.
# rooms: session
# shellcheck disable=SC2016,SC2154,SC2030,SC2031

load ../helpers
load cgroup_room

frozen() {
	equal "$(cat "$mount$(cgroup_of "$pid")/cgroup.freeze")" "$1"
}

@test "a paused container: what can't be done says so, what can be done leaves it paused" {
	start_sleeping
	rlu pause "$C"
	echo '[{"destination": "/mnt", "type": "tmpfs", "source": "x"}]' >"$T/mounts.json"
	chmod 0644 "$T/mounts.json"
	try rlu pause "$C"
	refused "cannot pause container \`$C\`: it is paused, not running"
	try rlu start "$C"
	refused "cannot start container \`$C\`: it is paused, not created"
	try rlu delete "$C"
	refused "cannot delete container $C that is not stopped: paused"
	try rlu create --bundle "$B" "$C"
	refused "container with given ID already exists"
	try rlu exec "$C" true
	equal "$status" 255
	status=1
	refused "cannot exec in a paused container" "\`$C\`" "resume it" "--ignore-paused"
	equal "$(rlu ps --format json "$C")" "[$pid]"
	equal "$(rlu state "$C" | jq -r .status)" paused
	equal "$(rlu events --stats "$C" | jq -r .type)" stats
	rlu mounts add "$C" "$T/mounts.json"
	rlu mounts remove "$C" "$T/mounts.json"
	rlu kill "$C" 0
	frozen 1
	status_is paused
	rlu resume "$C"
	frozen 0
	try rlu resume "$C"
	refused "cannot resume container \`$C\`: it is running, not paused"
	rlu delete --force "$C"
}

@test "wait for a paused container ends when it is killed" {
	start_sleeping
	rlu pause "$C"
	rlu wait "$C" >"$T/waited" &
	local job=$!
	rlu kill "$C" KILL
	status=0
	wait "$job" || status=$?
	equal "$status" 137
	equal "$(cat "$T/waited")" 137
	rlu delete "$C"
}

@test "pause, update and events beside kill and delete --force: nothing is left frozen" {
	local i job how what
	echo '{"unified": {"cgroup.max.descendants": "5"}}' >"$T/new.json"
	chmod 0644 "$T/new.json"
	for ((i = 0; i < 4; i++)); do
		for how in "kill $C KILL" "delete --force $C"; do
			for what in "pause" "update --resources $T/new.json" "events --stats"; do
				start_sleeping
				# shellcheck disable=SC2086 # several words
				rlu $what "$C" >"$T/late.out" 2>"$T/late.err" &
				job=$!
				# shellcheck disable=SC2086 # several words
				rlu $how
				if ! wait "$job"; then
					equal "$(wc -l <"$T/late.err")" 1
					grep -qE 'does not exist|container not running' \
						"$T/late.err" || fail "$what: $(cat "$T/late.err")"
				fi
				wait_for no_process_of "$pid"
				rlu delete --force "$C"
				equal "$(find "$T/state" -mindepth 1)" ""
			done
		done
	done
}

# no_process_of PID: it is gone, or a zombie.
no_process_of() {
	! grep -qE '^State:\s+[^ZX]' "/proc/$1/status"
}
