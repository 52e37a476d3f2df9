#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Every command on a container that is not there, and on one that is in the wrong state for it. What
# each must say is in a table; what a command may do in a state is proved elsewhere. Paused
# containers: root/bad_input_paused.bats. status, output and stderr come from `try`.
# rooms: host session
# shellcheck disable=SC2154,SC2153,SC2016,SC2030,SC2031

load helpers

# each TABLE-ON-STDIN: lines of "EXIT-STATUS | COMMAND with @ for the container | PART of the
# message". A status of 0 is a success without a word on stderr.
each() {
	local want command part expanded n=0
	echo '[{"destination": "/mnt", "type": "tmpfs", "source": "x"}]' >"$T/mounts.json"
	while IFS='|' read -r want command part; do
		want=${want// /}
		expanded=${command//@/$C}
		# shellcheck disable=SC2086 # several words
		try rl ${expanded//MOUNTS/$T/mounts.json}
		n=$((n + 1))
		[ "$status" -eq "$want" ] || fail "$expanded: status $status, not $want: $stderr"
		if [ "$want" -eq 0 ]; then
			equal "$stderr" ""
			continue
		fi
		status=1
		part=${part//@/$C}
		refused "${part# }"
	done
	[ "$n" -gt 5 ]
}

start_sleeping() {
	script 'exec sleep 1000'
	rl run --detach --bundle "$B" "$C"
}

@test "a container that does not exist: the words that clients look for" {
	each <<-'END'
		1   | start @ | container `@` does not exist
		1   | state @ | container `@` does not exist
		1   | kill @ | container `@` does not exist
		1   | kill --all @ KILL | container `@` does not exist
		1   | delete @ | container `@` does not exist
		0   | delete --force @ |
		1   | ps @ | container `@` does not exist
		1   | ps --format json @ | container `@` does not exist
		255 | exec @ true | container `@` does not exist
		1   | pause @ | container `@` does not exist
		1   | resume @ | container `@` does not exist
		1   | update --pids-limit 5 @ | container `@` does not exist
		1   | events @ | container `@` does not exist
		1   | events --stats @ | container `@` does not exist
		1   | wait @ | container `@` does not exist
		1   | mounts add @ MOUNTS | container `@` does not exist
		1   | mounts remove @ MOUNTS | container `@` does not exist
		1   | port list @ | container `@` does not exist
		1   | port add @ 8080:80 | container `@` does not exist
		1   | port remove @ 8080:80 | container `@` does not exist
	END
	# Nothing was made of it either.
	equal "$(find "$T/state" -mindepth 1 2>/dev/null)" ""
}

@test "a container that is created: what needs a started one says so" {
	script 'exec sleep 1000'
	rl create --bundle "$B" "$C"
	each <<-'END'
		1 | pause @ | cannot pause container `@`: it is created, not running
		1 | resume @ | cannot resume container `@`: it is created, not paused
	1 | port list @ | container `@` has no network of rootlet's: start it with --net=slirp4netns
		1 | port add @ 8080:80 | has no network of rootlet's
		0 | state @ |
		0 | ps @ |
		0 | kill @ 0 |
		0 | exec @ true |
		0 | mounts add @ MOUNTS |
		0 | mounts remove @ MOUNTS |
	END
	try rl create --bundle "$B" "$C"
	refused "container with given ID already exists: \`$C\`"
	try rl run --bundle "$B" "$C"
	refused "container with given ID already exists: \`$C\`"
	# None of this has changed it.
	status_is created
	rl start "$C"
	status_is running
	rl delete --force "$C"
}

@test "a container that runs: it can't be started, resumed, deleted or made again" {
	start_sleeping
	local pid
	pid=$(pid_of)
	each <<-'END'
		1 | start @ | cannot start container `@`: it is running, not created
		1 | resume @ | cannot resume container `@`: it is running, not paused
		1 | delete @ | cannot delete container @ that is not stopped: running
	1 | port list @ | container `@` has no network of rootlet's: start it with --net=slirp4netns
		1 | port remove @ 8080:80 | container `@` has no network of rootlet's
		0 | kill @ 0 |
		0 | ps @ |
	END
	try rl create --bundle "$B" "$C"
	refused "container with given ID already exists"
	try rl run --detach --bundle "$B" "$C"
	refused "container with given ID already exists"
	status_is running
	equal "$(pid_of)" "$pid"
	rl delete --force "$C"
}

@test "a container that has stopped: \"container not running\" for whatever needs a process" {
	start_sleeping
	rl kill "$C" KILL
	wait_for status_is stopped
	each <<-'END'
		1   | start @ | cannot start container `@`: it is stopped, not created
		1   | kill @ | container not running: `@`
		1   | kill @ 0 | container not running: `@`
		0   | kill --all @ |
		255 | exec @ true | container not running: it is not running, but stopped
		1   | pause @ | cannot pause container `@`: container not running
		1   | resume @ | cannot resume container `@`: container not running
		1   | update --pids-limit 5 @ | cannot update container `@`: container not running
		1   | events @ | container not running: `@`
		1   | events --stats @ | container not running: `@`
		1   | mounts add @ MOUNTS | container not running
		1   | mounts remove @ MOUNTS | container not running
		0   | state @ |
		0   | ps --format json @ |
	END
	equal "$(rl ps --format json "$C")" '[]'
	equal "$(rl ps "$C" | wc -l)" 1
	try rl create --bundle "$B" "$C"
	refused "container with given ID already exists"
	try rl wait "$C"
	equal "$status$output$stderr" 137137
	rl delete "$C"
}

@test "the end of one that was created only: wait and delete" {
	rl create --bundle "$B" "$C"
	rl kill "$C" KILL
	wait_for status_is stopped
	try rl start "$C"
	refused "cannot start container \`$C\`: it is stopped, not created"
	try rl exec "$C" true
	equal "$status" 255
	status=1
	refused "container not running"
	rl delete "$C"
	try rl delete "$C"
	refused "container \`$C\` does not exist"
}

@test "ports of a container that has stopped" {
	script 'exec sleep 1000'
	rl run --detach --net slirp4netns --bundle "$B" "$C"
	try rl port list "$C"
	equal "$status$output$stderr" 0
	rl kill "$C" KILL
	wait_for status_is stopped
	for command in "list $C" "add $C 127.0.0.1:45678:80" "remove $C 127.0.0.1:45678:80"; do
		# shellcheck disable=SC2086 # several words
		try rl port $command
		refused "the network of container \`$C\`: container not running"
	done
	rl delete "$C"
}

# ---------------------------------------------------------------- names

@test "IDs: 255 bytes are possible, 256 are not" {
	local longest
	longest=$(printf '%255s' '' | tr ' ' x)
	bundle_args true
	try rl run --bundle "$B" "$longest"
	equal "$status$stderr" 0
	rl create --bundle "$B" "$longest"
	status_is created "$longest"
	rl delete --force "$longest"
	for command in create run; do
		try rl "$command" --bundle "$B" "x$longest"
		refused "the container ID is 256 bytes long: at most 255 are allowed"
	done
	for command in start state kill delete ps pause resume update events wait; do
		try rl "$command" "x$longest"
		refused "the container ID is 256 bytes long: at most 255 are allowed"
	done
}

@test "bad IDs, by every command that takes one: nothing outside of the state folder is touched" {
	mkdir -p "$T/state/real" "$T/beside"
	echo keep >"$T/beside/file"
	echo '[]' >"$T/mounts.json"
	for id in "" . .. ../beside a/b /etc ./x "a b" " a" ünïcode $'a\nb' $'a\tb' $'\e[31m' \
		'a%b' '*' "$C\\"; do
		for command in start state kill delete "delete --force" ps pause resume update \
			events wait "exec ID true" "mounts add ID $T/mounts.json" \
			"mounts remove ID $T/mounts.json" "port list" "port add ID 80:80"; do
			case $command in
			*ID*)
				# shellcheck disable=SC2086 # several words
				set -- ${command%%ID*}
				# shellcheck disable=SC2086 # several words
				try rl "$@" -- "$id" ${command##*ID}
				;;
			*)
				# shellcheck disable=SC2086 # several words
				try rl $command -- "$id"
				;;
			esac
			[ "$status" -ne 255 ] || status=1
			refused "container ID"
		done
	done
	equal "$(cat "$T/beside/file")" keep
	rmdir "$T/state/real"
}

@test "names that look like options or patterns are names" {
	bundle_args true
	for id in -x -- --help - -1; do
		try rl run --bundle "$B" -- "$id"
		equal "$status$stderr" 0
	done
	script 'exec sleep 1000'
	rl run --detach --bundle "$B" "$C"
	# A pattern is one with --regex only.
	try rl kill "${C%?}." KILL
	refused "does not exist"
	try rl kill --regex '(' KILL
	refused '--regex: `(`'
	try rl delete --regex '['
	refused '--regex: `[`'
	try rl delete --regex 'nothing matches this'
	equal "$status$output$stderr" 0
	status_is running
	rl delete --force --regex "^${C%?}.\$"
	try rl state "$C"
	refused "does not exist"
}
