#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Two commands on one container at the same moment. One of them may come too late and says so in one
# line; both end; nothing is left. Each pair is tried several times, as whoever is first differs.
# status, output and stderr come from `try`.
# rooms: host session
# shellcheck disable=SC2154,SC2153,SC2030,SC2031

load helpers

rounds=6

# both COMMAND -- COMMAND: starts them together and waits for the end of both; status_1, err_1,
# out_1 and so on are how they ended.
both() {
	local -a first=()
	local jobs
	while [ "$1" != -- ]; do
		first+=("$1")
		shift
	done
	shift
	# Both wait for this lock.
	exec 7>"$T/go"
	flock 7
	one 1 "${first[@]}" 7>&- &
	jobs=$!
	one 2 "$@" 7>&- &
	jobs+=" $!"
	exec 7>&-
	# shellcheck disable=SC2086 # two pids; their statuses are in files
	wait $jobs
	status_1=$(cat "$T/status.1")
	status_2=$(cat "$T/status.2")
	err_1=$(cat "$T/err.1")
	err_2=$(cat "$T/err.2")
}

# one N COMMAND...: the status in status.N, what it says in err.N.
one() {
	local n=$1 ended=0
	shift
	flock --shared "$T/go" true
	rl "$@" >"$T/out.$n" 2>"$T/err.$n" || ended=$?
	echo "$ended" >"$T/status.$n"
}

# one_of STATUS TEXT PART...: it succeeded without a word, or failed with one line that has one of
# the PARTs.
one_of() {
	local status=$1 text=$2 part
	shift 2
	if [ "$status" -eq 0 ]; then
		equal "$text" ""
		return
	fi
	equal "$(wc -l <<<"$text")" 1
	for part in "$@"; do
		[[ $text != *"$part"* ]] || return 0
	done
	fail "status $status: $text"
}

created() {
	script 'exec sleep 1000'
	rl create --bundle "$B" "$C"
}

gone() {
	equal "$(find "$T/state" -mindepth 1)" ""
	wait_for no_marked
}

@test "two creates of one ID: one of them makes it" {
	script 'exec sleep 1000'
	for ((i = 0; i < rounds; i++)); do
		both create --bundle "$B" "$C" -- create --bundle "$B" "$C"
		one_of "$status_1" "$err_1" "container with given ID already exists: \`$C\`"
		one_of "$status_2" "$err_2" "container with given ID already exists: \`$C\`"
		equal "$((status_1 + status_2))" 1
		status_is created
		equal "$(marked | wc -l)" 1
		rl delete --force "$C"
		gone
	done
}

@test "two starts: one of them starts it, the other says that it runs" {
	for ((i = 0; i < rounds; i++)); do
		script 'echo started >>/tmp/starts; exec sleep 1000'
		rl create --bundle "$B" "$C"
		both start "$C" -- start "$C"
		one_of "$status_1" "$err_1" \
			"cannot start container \`$C\`: it is running, not created"
		one_of "$status_2" "$err_2" \
			"cannot start container \`$C\`: it is running, not created"
		equal "$((status_1 + status_2))" 1
		wait_for test -s "$B/rootfs/tmp/starts"
		equal "$(cat "$B/rootfs/tmp/starts")" started
		rm "$B/rootfs/tmp/starts"
		rl delete --force "$C"
		gone
	done
}

@test "two deletes: one removes it, the other finds none" {
	for force in "" --force; do
		for ((i = 0; i < rounds; i++)); do
			created
			# shellcheck disable=SC2086 # one word or none
			both delete $force "$C" -- delete $force "$C"
			one_of "$status_1" "$err_1" "container \`$C\` does not exist"
			one_of "$status_2" "$err_2" "container \`$C\` does not exist"
			[ -n "$force" ] || equal "$((status_1 + status_2))" 1
			[ -z "$force" ] || equal "$status_1$status_2" 00
			gone
		done
	done
}

@test "delete --force while start" {
	for ((i = 0; i < rounds; i++)); do
		created
		both start "$C" -- delete --force "$C"
		one_of "$status_1" "$err_1" "does not exist" "it is stopped, not created" "ended" \
			"Connection re" "Broken pipe"
		equal "$status_2$err_2" 0
		gone
	done
}

@test "delete while start: either it is gone, or it runs" {
	for ((i = 0; i < rounds; i++)); do
		created
		both start "$C" -- delete "$C"
		one_of "$status_1" "$err_1" "does not exist" "it is stopped, not created" "ended" \
			"Connection re" "Broken pipe"
		one_of "$status_2" "$err_2" \
			"cannot delete container $C that is not stopped: running"
		equal "$((status_1 + status_2))" 1
		rl delete --force "$C"
		gone
	done
}

@test "exec while delete --force" {
	for ((i = 0; i < rounds; i++)); do
		created
		rl start "$C"
		both exec "$C" sleep 1000 -- delete --force "$C"
		equal "$status_2$err_2" 0
		# It was killed with the container, or came too late.
		case $status_1 in
		137) equal "$err_1" "" ;;
		255) one_of 1 "$err_1" "does not exist" "container not running" ;;
		*) fail "exec: $status_1: $err_1" ;;
		esac
		gone
	done
}

@test "exec while the container's process ends" {
	for ((i = 0; i < rounds; i++)); do
		created
		rl start "$C"
		both exec "$C" sleep 1000 -- kill "$C" KILL
		equal "$status_2$err_2" 0
		case $status_1 in
		137) equal "$err_1" "" ;;
		255) one_of 1 "$err_1" "container not running" ;;
		*) fail "exec: $status_1: $err_1" ;;
		esac
		wait_for status_is stopped
		rl delete "$C"
		gone
	done
}

@test "run --detach beside delete --force" {
	script 'exec sleep 1000'
	for ((i = 0; i < rounds; i++)); do
		both run --detach --bundle "$B" "$C" -- delete --force "$C"
		one_of "$status_2" "$err_2" nothing
		if [ "$status_1" -ne 0 ]; then
			equal "$(wc -l <<<"$err_1")" 1
		fi
		rl delete --force "$C"
		gone
	done
}

@test "mounts add while delete --force" {
	echo '[{"destination": "/mnt", "type": "tmpfs", "source": "x"}]' >"$T/mounts.json"
	for ((i = 0; i < rounds; i++)); do
		created
		rl start "$C"
		both mounts add "$C" "$T/mounts.json" -- delete --force "$C"
		equal "$status_2$err_2" 0
		one_of "$status_1" "$err_1" "does not exist" "container not running"
		gone
	done
}

@test "whoever waits is woken by the end, also when it is deleted at once" {
	for ((i = 0; i < rounds; i++)); do
		script 'exec sleep 1000'
		rl run --detach --bundle "$B" "$C"
		both wait "$C" -- delete --force "$C"
		equal "$status_2$err_2" 0
		case $status_1 in
		137) equal "$(cat "$T/out.1")$err_1" 137 ;;
		*) one_of "$status_1" "$err_1" "does not exist" ;;
		esac
		gone
	done
}

@test "list and state while containers come and go: a container is there whole, or not at all" {
	bundle_args true
	come_and_go &
	local job=$! i
	for ((i = 0; i < rounds; i++)); do
		# Each look meets another moment.
		wait_for runs_more_than "$i"
		try rl list --format json
		equal "$status$stderr" 0
		jq -e 'all(.id != null and .bundle != null)' <<<"$output"
		try rl list
		equal "$status$stderr" 0
		try rl state "$C-2"
		[ "$status" -eq 0 ] || refused "container \`$C-2\` does not exist"
	done
	touch "$T/stop"
	wait "$job"
	equal "$(sort -u "$T/runs")" 0
	gone
}

# come_and_go: a container after the other, until there is a file "stop"; their statuses are in
# "runs".
come_and_go() {
	local ended
	: >"$T/runs"
	while [ ! -e "$T/stop" ]; do
		ended=0
		rl run --bundle "$B" "$C-2" >>"$T/runs" 2>&1 || ended=$?
		echo "$ended" >>"$T/runs"
	done
}

runs_more_than() {
	[ "$(wc -l <"$T/runs")" -gt "$1" ]
}
