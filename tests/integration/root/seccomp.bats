#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Seccomp as real root: there a profile is what stands between the container and the machine's own
# rights, since nothing of the kernel's refuses what the capabilities allow.

load ../helpers
load ../profiles

debians=/usr/share/containers/seccomp.json

setup() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	unshare --mount true || skip "needs mount namespaces"
	[ -r "$debians" ] || skip "needs the package golang-github-containers-common"
	container_setup
	cp "$testguest" "$B/rootfs/bin"
}

@test "root: Debian's profile, with an engine's ordinary capabilities" {
	profile_apply "$debians" "$ordinary_caps"
	profile_holds
}

@test "root: Debian's profile, without any capability" {
	profile_apply "$debians" '[]'
	profile_holds
}

@test "root: Debian's profile, with all capabilities that it knows" {
	profile_apply "$debians" "$(all_caps "$debians")"
	profile_holds
	# They are the machine's: what the profile lets through for them, the kernel does not
	# refuse.
	grep -qx 'settimeofday 0 0: 0' "$T/expected"
	grep -qx 'sethostname 0 -1: -22' "$T/expected"
	profile_apply "$debians" "$ordinary_caps"
	profile_holds true
	grep -qx 'settimeofday 0 0: -1' "$T/expected"
	grep -qx 'sethostname 0 -1: -1' "$T/expected"
}

@test "root: Debian's profile in a user namespace" {
	config '.linux.namespaces += [{type: "user"}] | .linux += {uidMappings: [{containerID: 0,
		hostID: 100000, size: 65536}],
		gidMappings: [{containerID: 0, hostID: 100000, size: 65536}]}'
	chown -R 100000:100000 "$B/rootfs"
	chmod 711 "$T"
	profile_apply "$debians" "$ordinary_caps"
	profile_holds
}
