#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Programs for jq, and words of its output; output, stderr: of helpers' `try`
# shellcheck disable=SC2016,SC2046,SC2154
# The Features structure, held against what the runtime really does with each thing that it claims.

load helpers

@test "the shape of features.md" {
	try rl features
	equal "$status" 0
	jq -e '.ociVersionMin == "1.0.0" and .ociVersionMax == "1.3.0"
		and (.hooks | length) == 6 and (.annotations | all(type == "string"))
		and (.linux.seccomp.actions | index("SCMP_ACT_NOTIFY")) and .linux.seccomp.enabled
		and (.linux | has("cgroup") and has("apparmor") and has("selinux") and
		has("intelRdt") and has("netDevices"))
		and .linux.cgroup.v1 == false and .linux.cgroup.v2 and .linux.cgroup.rdma and
		(.linux.cgroup.systemdUser | type) == "boolean"
		and (.potentiallyUnsafeConfigAnnotations | length) > 0' <<<"$output"
}

@test "both versions it names are taken as ociVersion" {
	local version
	for version in $(rl features | jq -r '.ociVersionMin, .ociVersionMax'); do
		config '.ociVersion = $v' --arg v "$version"
		inside 'echo "$0"'
	done
}

@test "every mount option it names is taken by a bind mount or a tmpfs" {
	local option kind
	cp "$B/config.json" "$T/whole"
	for option in $(rl features | jq -r '.mountOptions[]'); do
		kind='{destination: "/x", type: "tmpfs", source: "tmpfs", options: [$o]}'
		case $option in
		# These make it a bind mount; remount changes what is there already.
		bind | rbind) \
			kind='{destination: "/x", type: "none", source: $t, options: ["rbind", '\
'$o]}' ;;
		remount) \
			kind='{destination: "/tmp", type: "none", source: $t, options: ["bind"]}, '\
'{destination: "/tmp", options: [$o, "nosuid"]}' ;;
		copy-symlink | src-nofollow) \
			kind='{destination: "/x", type: "none", source: $t, options: ["rbind", '\
'$o]}' ;;
		esac
		cp "$T/whole" "$B/config.json"
		config ".mounts += [$kind]" --arg o "$option" --arg t "$T"
		inside 'true'
	done
}

@test "every namespace, capability and hook it names is taken; others are not" {
	config '.linux.namespaces = [$ARGS.positional[] | {type: .}]' --args \
		-- $(rl features | jq -r '.linux.namespaces[]')
	config '.process.capabilities = {bounding: $ARGS.positional, permitted: $ARGS.positional}' \
		--args -- $(rl features | jq -r '.linux.capabilities[]')
	inside 'grep CapBnd /proc/self/status'
	equal "$stderr" ""
	config '.linux.namespaces += [{type: "nothing"}]'
	try rl run --bundle "$B" "$C"
	refused "/linux/namespaces/" "nothing"
}
