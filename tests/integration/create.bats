#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rooms: host session
# create: a container that waits, and what a create that fails or is killed leaves: nothing.
# shellcheck disable=SC2154,SC2153,SC2016,SC2030,SC2031,SC2119,SC2120

load helpers
load lifecycle

@test "create leaves a container whose program has not run, start runs it" {
	script 'touch /srv/ran; sleep 100'
	try rl create --bundle "$B" "$C"
	equal "$status$output$stderr" 0
	status_is created
	pid=$(pid_of)
	[ -d "/proc/$pid" ]
	stays not marker

	try rl start "$C"
	equal "$status$output$stderr" 0
	wait_for marker
	status_is running
	equal "$(pid_of)" "$pid"
	rl kill "$C" KILL
	wait_for status_is stopped
	equal "$(pid_of)" 0
	rl delete "$C"
}

@test "no one sees a container before it is there, or created after its start" {
	bundle_args sleep 100
	# What others see while it is made: nothing, or "created".
	touch "$T/go"
	while [ -e "$T/go" ]; do
		rl state "$C" 2>/dev/null || echo none
	done >"$T/seen" 3>&- &
	watcher=$!
	for _ in 1 2 3 4 5 6 7 8; do
		rl create --bundle "$B" "$C"
		rl state "$C" | grep -q '"created"'
		rl start "$C"
		rl state "$C" | grep -q '"running"'
		rl delete --force "$C"
	done
	rm "$T/go"
	wait "$watcher"
	seen=$(grep -oE '^none|"status": *"[a-z]*"' "$T/seen" | tr -d '" ' | sort -u)
	has "$seen" none
	has "$seen" status:
	not grep -vxE 'none|status:(created|running|stopped)' <<<"$seen"
}

@test "an ID that is taken is refused by create and run, and the first container lives on" {
	sleeper
	detached
	pid=$(pid_of)
	try rl create --bundle "$B" "$C"
	refused "already exists" "$C"
	try rl run --bundle "$B" "$C"
	refused "already exists" "$C"
	equal "$(pid_of)" "$pid"
	status_is running
	rl delete --force "$C"
}

@test "a program that is not there is an error of create, with its name" {
	bundle_args no-such-program
	try rl create --bundle "$B" "$C"
	refused '"no-such-program": executable file not found in $PATH'
	try rl run --bundle "$B" "$C"
	refused '"no-such-program": executable file not found in $PATH'
	bundle_args /no/such/program
	try rl create --bundle "$B" "$C"
	refused '"/no/such/program"' "no such file or directory"
	bundle_args /etc
	try rl create --bundle "$B" "$C"
	refused '"/etc"' "permission denied"
	bundle_args /etc/passwd
	try rl create --bundle "$B" "$C"
	refused '"/etc/passwd"' "permission denied"
}

@test "a create that is killed anywhere leaves no process, and the ID can be used again" {
	bundle_args sleep 1000
	killed_anywhere 40 create
}

@test "a create that is interrupted cleans up after itself" {
	bundle_args sleep 1000
	for i in $(seq 15); do
		background create --bundle "$B" "$C"
		sleep "0.0$(printf '%02d' $((i + 1)))"
		kill -TERM "$pid" 2>/dev/null || true
		ended "$pid" 2>/dev/null
		[ "$status" -eq 0 ] || [ "$status" -eq 1 ] || [ "$status" -eq 143 ]
		rl delete "$C" 2>/dev/null || true
		wait_for no_marked
	done
	[ ! -e "$T/state/$C" ]
}

@test "config.json may change, or go, between create and start" {
	script 'touch /srv/ran; sleep 100'
	config '.hostname = "before"'
	rl create --bundle "$B" "$C"
	script 'touch /srv/wrong'
	config '.hostname = "after" | .process.user.uid = 77'
	rm "$B/config.json"
	rl start "$C"
	wait_for marker
	[ ! -e "$B/rootfs/srv/wrong" ]
	equal "$(tr '\0' '\n' <"/proc/$(pid_of)/cmdline" | tail -n 1)" 100 ||
		has "$(tr '\0' ' ' <"/proc/$(pid_of)/cmdline")" "touch /srv/ran"
	rl delete --force "$C"
}

@test "--config names another file than config.json, or a pipe" {
	script 'echo original'
	mv "$B/config.json" "$B/other.json"
	try rl run --config "$B/other.json" --bundle "$B" "$C"
	equal "$status$output$stderr" 0original
	try rl run --config <(jq '.process.args = ["echo", "piped"]' "$B/other.json") \
		--bundle "$B" "$C"
	equal "$status$output$stderr" 0piped
}

@test "one ID, many creates at once: one wins" {
	bundle_args sleep 1000
	for i in $(seq 10); do
		rl create --bundle "$B" "$C" 2>"$T/err.$i" </dev/null >/dev/null &
		pids[i]=$!
	done
	won=0
	for i in $(seq 10); do
		if wait "${pids[$i]}"; then
			won=$((won + 1))
		else
			grep -q "already exists" "$T/err.$i"
		fi
	done
	equal "$won" 1
	status_is created
	equal "$(marked | wc -l)" 1
	rl delete "$C"
}

@test "a stale folder of a create that was killed is taken over" {
	mkdir -m 0700 "$T/state"
	mkdir -m 1700 "$T/state/$C"
	touch "$T/state/$C/gate" "$T/state/$C/.config.json.new"
	try rl state "$C"
	refused "does not exist"
	sleeper
	rl create --bundle "$B" "$C"
	status_is created
	rl delete "$C"
}

@test "a created container holds nothing of the state folder, a started one only its streams" {
	sleeper
	rl create --bundle "$B" "$C" </dev/null >/dev/null 2>&1
	not sh -c 'readlink "$@" | grep -F "$0"' "$T/state" "/proc/$(pid_of)"/fd/*
	rl start "$C"
	wait_for marker
	equal "$(readlink "/proc/$(pid_of)"/fd/[0-9] | sort -u)" /dev/null
	rl delete --force "$C"
}
