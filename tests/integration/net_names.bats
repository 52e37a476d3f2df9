# SPDX-License-Identifier: Apache-2.0
# /etc/hosts and /etc/resolv.conf of a container with a network of rootlet's, by an ordinary user:
# net_names.bash says how each was tried.

load helpers
load odd_files
load net_names

@test "FIFO, socket, device, link, folder, sparse file as etc/hosts: only a file is read" {
	names_odd_hosts
}

@test "hosts and resolv.conf are the container's to write, and small" {
	names_bounded
}

@test "hosts and resolv.conf are read-only where the root is" {
	names_readonly
}

@test "hosts: the image's entries go before rootlet's, and the image's file stays" {
	names_merged
}

# The state folder is the caller's alone, and these are other users.
@test "hosts and resolv.conf of a container that has none of the caller's ids" {
	local start gstart inside
	start=$(awk -F: -v n="$(id -un)" '$1 == n { print $2; exit }' /etc/subuid)
	gstart=$(awk -F: -v n="$(id -un)" '$1 == n { print $2; exit }' /etc/subgid)
	chmod -R a+rX "$B"
	chmod 0755 "$T"
	touch "$B"/rootfs/etc/{hosts,resolv.conf}
	mkdir -m 0700 "$T/state"
	for inside in 0 1000; do
		# shellcheck disable=SC2016 # jq's variables
		config '.linux.uidMappings = [{containerID: $i, hostID: $u, size: 100}]
			| .linux.gidMappings = [{containerID: $i, hostID: $g, size: 100}]
			| .process.user = {uid: $i, gid: $i}' --argjson i "$inside" \
			--argjson u "$start" --argjson g "$gstart"
		script 'grep -c localhost /etc/hosts; grep -c nameserver /etc/resolv.conf; id -u'
		try rl run --net slirp4netns --bundle "$B" "$C"
		equal "$status$stderr" 0
		[ "$(sed -n 1p <<<"$output")" -gt 0 ]
		[ "$(sed -n 2p <<<"$output")" -gt 0 ]
		equal "$(sed -n 3p <<<"$output")" "$inside"
	done
}
