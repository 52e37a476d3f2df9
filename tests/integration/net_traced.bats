#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A container without a pid namespace finds the processes of its network by their numbers, and may
# signal them; it gets nothing of what they have.
#
# rooms: host session
#
# ROUNDS: of newcomers.bash
# shellcheck disable=SC2016,SC2030,SC2031,SC2153,SC2154

load helpers
load net_helpers
load newcomers

# attacked NAME OPTION...: a container in the host's pid namespace, with a network and all
# capabilities, attacks the helper and its children, and kills those of that name as soon as they
# come; $1 times they have come back then.
attacked() {
	local name=$1
	shift
	cp "$ROOTLET_BUILDDIR/tests/guest/watchguest" "$B/rootfs/bin"
	touch "$T/marker"
	config 'del(.linux.namespaces[] | select(.type == "pid"))
		| .process.capabilities |= map_values(["CAP_SYS_PTRACE", "CAP_SYS_ADMIN", "CAP_KILL",
			"CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_NET_ADMIN"])'
	script "while [ ! -e /srv/helper ]; do sleep 0.05; done
		exec watchguest '$T/marker' not-for-the-container /srv/stop \$(cat /srv/helper) $name"
	rl run --detach --bundle "$B" "$@" "$C" </dev/null >"$T/gained" 2>&1
	helper=$(helper_pid)
	ROOTLET_TEST=$C "$ROOTLET" --root "$T/state" events --interval 1h "$C" >"$T/events" \
		2>&1 3>&- &
	events=$!
	wait_for follows "$events"
	echo "$helper" >"$B/rootfs/srv/helper.new"
	mv "$B/rootfs/srv/helper.new" "$B/rootfs/srv/helper"
}

came_back() {
	[ "$(grep -c "$1 restarted" "$T/events")" -ge "$2" ]
}

nothing_gained() {
	touch "$B/rootfs/srv/stop"
	wait_for grep -q '^seen' "$T/gained"
	rl delete --force "$C"
	wait "$events" || true
	equal "$(sed -n '/^up$/d; /^seen/!p' "$T/gained" | sort | uniq -c)" ""
	[[ $(tail -n 1 "$T/gained") =~ ^seen\ [1-9][0-9]*\ traced\ 0$ ]] ||
		fail "$(tail -n 1 "$T/gained")"
}

@test "the forwarder, while it starts: not to be traced nor looked into" {
	attacked rootlet-ports --publish "127.0.0.1:$P:80"
	wait_for came_back "port forwarder" 40
	nothing_gained
}
