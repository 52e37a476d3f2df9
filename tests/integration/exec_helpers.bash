# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # output, stderr, status: of helpers' `try`
#
# exec_helpers: what the tests of exec have in common: a container that is there, and what becomes
# of an exec. After helpers and held_exec.

tool=$ROOTLET_BUILDDIR/tests/guest/testguest

setup() {
	container_setup
	cp "$tool" "$B/rootfs/bin"
	bundle_args sleep 1000
}

teardown() {
	held_end
	rl delete --force "$C" 2>/dev/null || true
	rl delete --force "$C-2" 2>/dev/null || true
	container_teardown
}

# running: the container, in the background.
running() {
	rl run --detach --bundle "$B" "$C"
}

# exe ARGUMENT-OF-EXEC...: must exit with 0 and write nothing to stderr; its stdout is `output`.
exe() {
	try rl exec "$@"
	[ "$status$stderr" = 0 ] || fail "status $status: $stderr$output"
}

# says EXPECTED ARGUMENT-OF-EXEC...
says() {
	local expected=$1
	shift
	exe "$@"
	equal "$output" "$expected"
}

# not_started PART...: the exec of the last `try` failed before its program: 255, and one line with
# every part.
not_started() {
	local part
	equal "$status" 255
	equal "$output" ""
	equal "$(wc -l <"$T/try.err")" 1
	for part in "$@"; do
		has "$stderr" "$part"
	done
}
