#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rooms: session
# What waits for a service manager ends by a signal, and leaves nothing.
# status, output and stderr come from `try`; what is between single quotes is for jq or the shell
# inside.
# shellcheck disable=SC2154,SC2153,SC2016,SC2030,SC2031,SC2034

load helpers
load waits

setup() {
	container_setup
}

teardown() {
	waits_teardown
}

# silent_bus: one that takes connections and says nothing; T/bus.came tells of each.
silent_bus() {
	python3 -ISc 'import socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen(9)
kept = []
while True:
    kept.append(s.accept())
    open(sys.argv[1] + ".came", "w").close()' "$T/bus" 3>&- &
	listener=$!
	wait_for test -S "$T/bus"
}

@test "a bus that never answers" {
	local command
	silent_bus
	script 'exec sleep 1000'
	for command in create run "run --detach"; do
		rm -f "$T/bus.came"
		# shellcheck disable=SC2086 # options
		DBUS_SESSION_BUS_ADDRESS=unix:path=$T/bus hanging --cgroup-manager systemd \
			$command --bundle "$B" "$C"
		wait_for test -e "$T/bus.came"
		ends TERM 143
		no_trace
	done
	rl --cgroup-manager systemd run --detach --bundle "$B" "$C" </dev/null >/dev/null
	rm -f "$T/bus.came"
	DBUS_SESSION_BUS_ADDRESS=unix:path=$T/bus hanging update --pids-limit 5 "$C"
	wait_for test -e "$T/bus.came"
	ends INT 130
	rl delete --force "$C"
}
