#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Programs for the container's shell and for jq; output, stderr: of helpers' `try`
# shellcheck disable=SC2016,SC2154,SC2030,SC2031
# Session keyrings of a user whose quota of keys is used up, or who makes keyrings beforehand. The
# user is one that nobody else is: quotas are for all processes of a user.

load ../helpers

tool=$ROOTLET_BUILDDIR/tests/guest/testguest
U=61871

setup() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	container_setup --rootless
	chmod 0755 "$T"
	mkdir "$T/state"
	cp "$tool" "$B/rootfs/bin"
	# The user has no subordinate ids.
	config '.linux.uidMappings = [{containerID: 0, hostID: $u, size: 1}]
		| .linux.gidMappings = .linux.uidMappings' --argjson u "$U"
	chown -R "$U:$U" "$B" "$T/state"
}

# as_user COMMAND...
as_user() {
	setpriv --reuid "$U" --regid "$U" --clear-groups env -i PATH=/usr/bin:/bin \
		"ROOTLET_TEST=$C" "$@" 3>&-
}

# Tried: the filter taken out of go_without: the caller's keyring was there, and its keys.
@test "root: a quota of keys that is used up: the container has none of its caller's" {
	script 'testguest keyring; for call in add_key request_key keyctl; do
		testguest syscall $call 0 -3 0; done'
	try as_user "$tool" fill-keys "$ROOTLET" --root "$T/state" run --bundle "$B" "$C"
	has "$stderr" "the container has no keys"
	has "$stderr" "kernel.keys.maxkeys"
	[[ $output != *secret* ]] || fail "$output"
	equal "$(head -n 4 <<<"$output" | sort -u)" ENOSYS
}

@test "root: exec, where the quota is used up by then" {
	script 'sleep 60'
	as_user "$ROOTLET" --root "$T/state" run --detach --bundle "$B" "$C" \
		</dev/null >"$T/out" 2>&1
	try as_user "$tool" fill-keys "$ROOTLET" --root "$T/state" exec "$C" testguest keyring
	[[ $output == *" _ses.$C."* ]] || fail "$output$stderr"
	as_user "$ROOTLET" --root "$T/state" delete --force "$C"
}

# In the initial user namespace a keyring's name is everybody's. Tried: the random number taken out
# of keyring_name: the container joined that keyring.
@test "root: a keyring of the container's name that another user made is not joined" {
	as_user "$tool" with-keyring "_ses.$C" sh -c 'echo $$; "$1" keyring; exec sleep 60' \
		sh "$tool" >"$T/other" &
	wait_for grep -q _ses "$T/other"
	rm -rf "$B"
	bundle_make "$B" --rootless=false
	cp "$tool" "$B/rootfs/bin"
	chown 0:0 "$T/state"
	bundle_args testguest keyring
	try rl run --bundle "$B" "$C"
	kill "$(head -n 1 "$T/other")"
	has "$output" "_ses.$C"
	[ "${output%% *}" != "$(sed -n "2s/ .*//p" "$T/other")" ] || fail "$output"
}
