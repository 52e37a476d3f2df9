#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # output, stderr: of helpers' `try`
# checkpoint and restore as an ordinary user, for whom CRIU can't work, and what clients ask
# beforehand.

load helpers

@test "checkpoint and restore: refused first of all, with the capability" {
	[ "$(id -u)" -ne 0 ] || skip "root may"
	try rl checkpoint "$C"
	refused "checkpoint: CRIU needs CAP_SYS_ADMIN"
	try rl restore --bundle "$B" "$C"
	refused "restore: CRIU needs CAP_SYS_ADMIN"
	script 'sleep 100'
	rl run --detach --bundle "$B" "$C" >/dev/null </dev/null
	try rl checkpoint --image-path "$T/images" "$C"
	refused "CAP_SYS_ADMIN"
	status_is running
	[ ! -e "$T/images" ]
	rl delete --force "$C"
	# Not for root of a user namespace of one's own either: all its capabilities are of no use
	# to CRIU.
	try unshare --user --map-root-user "$ROOTLET" --root "$T/inner" checkpoint "$C"
	refused "CAP_SYS_ADMIN" "in the initial user namespace"
}

@test "checkpoint and restore: what podman asks to know whether they are there" {
	try rl checkpoint --help
	equal "$status$stderr" 0
	has "$output" "--image-path"
	try rl restore --lsm-mount-context
	refused "option --lsm-mount-context requires an argument"
	try rl features
	equal "$(jq -r '.annotations["run.oci.checkpoint.enabled"]' <<<"$output")" true
}
