#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154,SC2016 # output, stderr: of helpers' `try`; jq's variables
#
# CVE-2019-5736: a container must not be able to overwrite the runtime's own file. Tried with
# host_self_protect taken
# out: /proc/PID/exe is then the copy below, and the test fails.

load helpers

setup() {
	container_setup
	cp "$ROOTLET" "$T/own"
	before=$(cksum <"$T/own")
}

# own ARGUMENT...: a rootlet whose file belongs to the user, as after a build in the home folder.
own() {
	ROOTLET_TEST=$C "$T/own" --root "$T/state" "$@" 3>&-
}

@test "a container that waits for its start is not the runtime's file, and sealed" {
	try own create --bundle "$B" "$C"
	equal "$status" 0
	has "$(readlink "/proc/$(pid_of)/exe")" "memfd:rootlet"
	# Not even by the user themself, who owns both: its mode and its seals stand in the way.
	not dd if=/dev/zero of="/proc/$(pid_of)/exe" bs=1 count=1 conv=notrunc
	equal "$(cksum <"$T/own")" "$before"
	own delete "$C"
}

@test "pages of the copy that the kernel holds just then are waited for" {
	# The second fcntl asks for the seals of rootlet's own file, those after it put ours on the
	# copy.
	config 'del(.linux.uidMappings, .linux.gidMappings) | .linux.uidMappings = [{containerID: 0,
		hostID: $uid, size: 1}] |
		.linux.gidMappings = [{containerID: 0, hostID: $gid, size: 1}]' --argjson uid \
			"$(id -u)" --argjson gid "$(id -g)"
	bundle_args echo there
	try strace -o "$T/trace" -e trace=fcntl -e inject=fcntl:error=EBUSY:when=3..7 "$T/own" \
		--root "$T/state" run --bundle "$B" "$C"
	equal "$status$output$stderr" 0there
	equal "$(grep -c 'F_ADD_SEALS.*EBUSY' "$T/trace")" 5
	try strace -o "$T/trace" -e trace=fcntl -e inject=fcntl:error=EBUSY:when=3+ "$T/own" \
		--root "$T/state" run --bundle "$B" "$C"
	refused "protected copy" "busy"
}
