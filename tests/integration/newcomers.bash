# SPDX-License-Identifier: Apache-2.0
# stderr, status: of helpers' `try`
# shellcheck shell=bash disable=SC2154
#
# After helpers, and net_helpers for ports_come_and_go.
#
# newcomers: a container whose first process attacks whatever comes into its pid namespace, beside
# commands that put something there (tests/guest/watchguest.c).

ROUNDS=200

# watched [OPTION...]: starts it. The marker is a file of the host's, the secret stands in the
# environment of the commands and in that of a hook of the container.
watched() {
	cp "$ROOTLET_BUILDDIR/tests/guest/watchguest" "$B/rootfs/bin"
	touch "$T/marker"
	config '.process.capabilities |= map_values(. + ["CAP_SYS_PTRACE", "CAP_SYS_ADMIN",
			"CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_KILL"])
		| .hooks.poststop = [{path: "/bin/true", env: ["HOOK=not-for-the-container"]}]'
	bundle_args watchguest "$T/marker" not-for-the-container /srv/stop
	rl run --bundle "$B" "$@" "$C" >"$T/gained" 2>"$T/watcher.err" 3>&- &
	watcher=$!
	wait_for grep -q up "$T/gained"
}

# beside ARGUMENT...: that command of rootlet's, again and again.
beside() {
	local i
	for ((i = 0; i < ROUNDS; i++)); do
		SECRET=not-for-the-container try rl "$@"
		[ "$status$stderr" = 0 ] || fail "round $i: status $status: $stderr"
	done
}

# watched_end: nothing was gained. `seen` and `traced` are how many came, and how many were held.
# shellcheck disable=SC2034 # for the tests
watched_end() {
	local last
	touch "$B/rootfs/srv/stop"
	wait "$watcher"
	last=$(tail -n 1 "$T/gained")
	[[ $last =~ ^seen\ ([0-9]+)\ traced\ ([0-9]+)$ ]] || fail "$(cat "$T/gained")"
	seen=${BASH_REMATCH[1]}
	traced=${BASH_REMATCH[2]}
	equal "$(sed '1d;$d' "$T/gained" | sort | uniq -c)" ""
}

# ports_come_and_go: nothing comes into the pid namespace.
ports_come_and_go() {
	local n P
	P=$(free_port)
	watched --net=slirp4netns
	ROUNDS=1
	for ((n = 0; n < 100; n++)); do
		beside port add "$C" "127.0.0.1:$P:80"
		beside port remove "$C" "127.0.0.1:$P:80"
	done
	watched_end
	equal "$seen" 0
}

# checkpoints_come_and_go: nothing comes into the pid namespace. criu(8) freezes the container, but
# rootlet works before and after. One stands in its place that does not need a kernel it knows: it
# stops the watcher, goes where criu goes, and lets it run again.
checkpoints_come_and_go() {
	mkdir "$T/bin"
	cat >"$T/bin/criu" <<-'END'
		#!/bin/sh
		while [ $# -gt 0 ] && [ "$1" != --tree ]; do
			shift
		done
		[ $# -gt 0 ] || exit 0
		kill -STOP "$2"
		nsenter --target "$2" --ipc --net --uts true
		result=$?
		kill -CONT "$2"
		exit $result
	END
	chmod 755 "$T/bin/criu"
	watched
	PATH=$T/bin:$PATH beside checkpoint --leave-running --image-path "$T/images" "$C"
	watched_end
	equal "$seen" 0
}

# mounts_come_and_go [MOUNT]: a tmpfs, and MOUNT; nothing comes into the pid namespace.
mounts_come_and_go() {
	local n
	printf '[{"destination": "/srv/t", "type": "tmpfs"}%s]' "${1:+, $1}" >"$T/mounts.json"
	watched
	ROUNDS=1
	for ((n = 0; n < 100; n++)); do
		beside mounts add "$C" "$T/mounts.json"
		beside mounts remove "$C" "$T/mounts.json"
	done
	watched_end
	equal "$seen" 0
}
