# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154,SC2153,SC2016,SC2034,SC2119,SC2120
# lifecycle: containers in each of their states, for the files of the commands that make and end
# them.

# The container tells that its program ran by a file in its root.
marker() {
	[ -e "$B/rootfs/srv/ran" ]
}

# sleeper [TEXT]: a container that does TEXT, leaves the marker and then runs until it is told to
# end.
sleeper() {
	script "${1:-} trap 'exit 42' TERM; touch /srv/ran; while :; do sleep 0.1; done"
}

# detached [ID]: that container in the background, and its program does run.
detached() {
	rl run --detach --bundle "$B" "${1:-$C}" >/dev/null </dev/null
	wait_for marker
}

# background COMMAND...: `pid` is the process itself, not a subshell that waits for it: what it was
# forked from is replaced. Bats' own descriptor would keep bats waiting.
background() {
	env "ROOTLET_TEST=$C" "$ROOTLET" --root "$T/state" "$@" >"$T/out" 2>"$T/err" 3>&- &
	pid=$!
}

# ended PID: its status is in `status`.
ended() {
	status=0
	wait "$1" || status=$?
}

# gone PID: it has ended. Its parent may be taking it away just now.
gone() {
	local state
	state=$(sed 's/.*) //;s/ .*//' "/proc/$1/stat" 2>/dev/null) || return 0
	[[ $state == [ZX] || -z $state ]]
}

# killed_anywhere ROUNDS COMMAND...: from its first instant to after its end, which is measured.
# What is left must be complete, or dead; never a process that nobody knows of.
killed_anywhere() {
	local rounds=$1 before span i kept=0
	shift
	before=${EPOCHREALTIME/./}
	rl "$@" --bundle "$B" "$C" </dev/null >/dev/null
	span=$(((${EPOCHREALTIME/./} - before) * 5 / 4))
	rl delete --force "$C"
	for ((i = 0; i < rounds; i++)); do
		background "$@" --bundle "$B" "$C"
		sleep "$(printf '0.%06d' $((i * span / rounds)))"
		kill -KILL "$pid" 2>/dev/null || true
		ended "$pid" 2>/dev/null
		if [ -e "$T/state/$C/state.json" ]; then
			kept=$((kept + 1))
			rl state "$C" | jq \
				-e '.status | . == "created" or . == "running" or . == "stopped"' \
				>/dev/null
			rl delete --force "$C"
		fi
		wait_for no_marked
	done
	echo "$kept of $rounds were complete, within $span us"
	# Whatever a killed one left of its folder, the ID is free.
	rl "$@" --bundle "$B" "$C" </dev/null >/dev/null
	rl delete --force "$C"
}

# two_containers: one running, one created; a third that ended.
two_containers() {
	script 'exec sleep 60'
	config '.annotations = {"org.example.key": "value \"quoted\""}'
	rl run --detach --bundle "$B" "$C" >"$T/out" 2>&1
	rl create --bundle "$B" "$C-2" >"$T/out2" 2>&1
	bundle_args true
	rl run --keep --bundle "$B" "$C-3"
}

delete_all() {
	local id
	for id in $(rl list -q); do
		rl delete --force "$id"
	done
}
