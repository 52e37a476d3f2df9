# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # for the tests; of helpers
#
# cve: what cve.bats, by an ordinary user, and root/cve.bats have in common. After
# net_helpers.

tool=$ROOTLET_BUILDDIR/tests/guest/testguest

# cve_setup [OPTION-OF-SPEC...]
cve_setup() {
	container_setup "$@"
	cp "$tool" "$B/rootfs/bin"
	# What no container may touch or read: a folder of the host's.
	mkdir -p "$T/outside/dir"
	for name in file dir/file null console ptmx secret passwd; do
		echo "of the host" >"$T/outside/$name"
	done
	chmod 0640 "$T/outside/file"
	sentinel=$(outside)
}

cve_teardown() {
	if [ -n "${swapper:-}" ]; then
		kill -KILL "$swapper" 2>/dev/null || true
	fi
	container_teardown
}

# outside: all of T/outside: names, types, modes, owners, times of change, contents, and what is
# mounted there.
outside() {
	(cd "$T/outside" && find . -printf '%p %y %m %U:%G %C@\n' | sort &&
		find . -type f -exec cksum {} + | sort)
	grep -F "$T" /proc/self/mountinfo || true
}

untouched() {
	equal "$(outside)" "$sentinel"
}

# on_terminal: the bundle with a terminal, whose client is the test's tool. Its output is T/screen.
on_terminal() {
	config '.process.terminal = true'
	rm -f "$T/socket"
	timeout 20 "$tool" receive "$T/socket" "" >"$T/screen" 3>&- &
	wait_for test -S "$T/socket"
	try rl run --detach --console-socket "$T/socket" --bundle "$B" "$C"
	if [ "$status" -eq 0 ]; then
		wait_for status_is stopped
		rl delete "$C"
		wait "$!"
	else
		kill "$!" 2>/dev/null || true
		wait "$!" || true
	fi
}
