#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Programs for the container's shell and for jq; output, stderr: of helpers' `try`
# shellcheck disable=SC2016,SC2154
# Idmapped mounts, as far as the container's user owns the filesystem. What only root can do is in
# root/.

load helpers

@test "idmap with mappings in crun's spelling: the ids inside are those of the second number" {
	mount_add /t tmpfs tmpfs mode=1777 "idmap=uids=@0-10-1#1000-2000-5;gids=@0-20-1#1000-3000-5"
	inside 'stat -c "%u:%g" /t
		chown 2000:3000 /t && stat -c "%u:%g" /t
		touch /t/root 2>&1; grep " /t " /proc/self/mountinfo'
	# The root directory of a tmpfs belongs to 0:0 of the filesystem, which the map shows as
	# 10:20.
	equal "$(sed -n 1,2p <<<"$output")" $'10:20\n2000:3000'
	# Root of the container is not in the map: nothing can be written as it.
	has "$output" "Value too large"
	has "$output" "idmapped"
}

@test "uidMappings and gidMappings: hostID is an id of the host" {
	local first
	first=$(awk -F: -v u="$(id -un)" '$1 == u { print $2; exit }' /etc/subuid)
	mount_add /t tmpfs tmpfs mode=1777 idmap
	# The user itself is 0 inside, the first id of the range is 1.
	config '.mounts[-1].uidMappings = [{containerID: 0, hostID: $f, size: 1}, {containerID: 5,
		hostID: $u, size: 1}]
		| .mounts[-1].gidMappings = [{containerID: 0, hostID: $g, size: 1}]' \
		--argjson f "$first" --argjson u "$(id -u)" --argjson g "$(id -g)"
	inside 'stat -c "%u:%g" /t; touch /t/x; stat -c "%u:%g" /t/x; chown 1 /t/x; stat -c %u /t/x;
		chown 2 /t/x 2>&1; true'
	equal "$(head -n 3 <<<"$output")" $'1:0\n0:0\n1'
	has "$output" "Value too large"
}

@test "mappings without the option are applied too" {
	mount_add /t tmpfs tmpfs
	config '.mounts[-1].uidMappings = [{containerID: 0, hostID: $u, size: 1}]
		| .mounts[-1].gidMappings = [{containerID: 0, hostID: $g, size: 1}]' --argjson u \
			"$(id -u)" --argjson g "$(id -g)"
	inside 'grep -c " /t .*idmapped" /proc/self/mountinfo'
	equal "$output" 1
}

@test "idmap alone on a filesystem made in the container: its ids are the container's already" {
	mount_add /t tmpfs tmpfs idmap
	inside 'stat -c "%u:%g" /t; touch /t/x; grep -c " /t .*idmapped" /proc/self/mountinfo ||
		true'
	equal "$output" $'0:0\n0'
}

@test "a tree of the host can't be idmapped by its user: said, with the way round" {
	mkdir "$T/dir"
	mount_add /mnt none "$T/dir" rbind idmap
	try rl run --bundle "$B" "$C"
	refused "/mounts/7: mapping the ids of /mnt: Operation not permitted" "keep-id" \
		"/linux/uidMappings"
	config '.mounts[-1].options = ["rbind", "ridmap=uids=@0-0-1;gids=@0-0-1"]'
	try rl run --bundle "$B" "$C"
	refused "/mounts/7: mapping the ids of /mnt: Operation not permitted" "keep-id"
}

@test "root of a user namespace idmaps what that namespace mounted, into one of the container's" {
	mkdir "$T/dir"
	chmod 0755 "$T"
	mount_add /mnt none "$T/dir" rbind idmap
	config '.linux.uidMappings = [{containerID: 0, hostID: 100, size: 50}]
		| .linux.gidMappings = [{containerID: 0, hostID: 200, size: 50}]'
	script 'stat -c "%u:%g" /mnt/zero /mnt/seven; touch /mnt/new; chown 3:4 /mnt/new'
	cat >"$T/outer" <<-'END'
		chown -R 100:200 "$3/rootfs"
		mount -t tmpfs none "$2"
		touch "$2/zero" "$2/seven"
		chown 7:8 "$2/seven"
		"$1" --root "$2.state" run -b "$3" "$4"
		stat -c "host %u:%g" "$2/new"
		chown -R 0:0 "$3/rootfs"
	END
	try unshare --map-root-user --map-auto --mount sh -e "$T/outer" "$ROOTLET" "$T/dir" "$B" \
		"$C"
	rmdir "$T/dir.state"
	equal "$stderr$output" $'0:0\n7:8\nhost 3:4'
}

@test "ridmap maps what is mounted below, idmap only the top" {
	mkdir -p "$T/dir/below"
	chmod 0755 "$T"
	mount_add /one none "$T/dir" rbind "idmap=uids=0-103-1;gids=0-203-1"
	mount_add /all none "$T/dir" rbind "ridmap=uids=0-103-1;gids=0-203-1"
	config '.linux.uidMappings = [{containerID: 0, hostID: 100, size: 50}]
		| .linux.gidMappings = [{containerID: 0, hostID: 200, size: 50}]'
	script 'stat -c "%u:%g" /one /one/below /all /all/below'
	cat >"$T/outer" <<-'END'
		chown -R 100:200 "$3/rootfs"
		mount -t tmpfs none "$2"
		mkdir "$2/below"
		mount -t tmpfs none "$2/below"
		"$1" --root "$2.state" run -b "$3" "$4"
		chown -R 0:0 "$3/rootfs"
	END
	try unshare --map-root-user --map-auto --mount sh -e "$T/outer" "$ROOTLET" "$T/dir" "$B" \
		"$C"
	rmdir "$T/dir.state"
	equal "$stderr$output" $'3:3\n65534:65534\n3:3\n3:3'
}

@test "id maps that can't be: refused, each with its place" {
	local text
	for text in "idmap=uids=0-1;gids=0-0-1" "idmap=uids=0-0-x" "idmap=uids=0-0-4294967296" \
		"idmap=uids=0-0-1#" \
		"idmap=users=0-0-1" "ridmap=uids=0-0-1;uids=0-0-1" "idmap=uids=@0-0-0;gids=@0-0-1" \
		"idmap=uids=0-4000000000-1"; do
		config '.mounts[7] = {destination: "/t", type: "tmpfs", source: "tmpfs",
			options: [$t]}' --arg t "$text"
		try rl run --bundle "$B" "$C"
		refused "/mounts/7/options: "
	done
	has "$stderr" "uid 4000000000 of the host is not in the container's map"
	config '.mounts[7] = {destination: "/tmp", options: ["remount", "idmap"]}'
	try rl run --bundle "$B" "$C"
	refused "/mounts/7/options: ids are mapped when a mount is made"
	config '.mounts[7] = {destination: "/t", type: "tmpfs",
		options: ["idmap=uids=@0-0-5#2-2-1"]}'
	try rl run --bundle "$B" "$C"
	refused "/mounts/7: a user namespace with the map of /t" "Invalid argument"
}
