#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Programs for the container's shell and for jq; output, stderr: of helpers' `try`
# shellcheck disable=SC2016,SC2154,SC2030,SC2031
# Mounts that only root can have: idmapped trees of the host.

load ../helpers

setup() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	container_setup --rootless=false
	config '.process.capabilities |= map_values(. + ["CAP_CHOWN"])'
	mkdir "$T/dir"
	touch "$T/dir/zero" "$T/dir/seven"
	chown 7:8 "$T/dir/seven"
}

# mapped UID GID: the container gets a user namespace with 1000 ids from there, and the bundle is
# its root's.
mapped() {
	config '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: $u, size: 1000}]
		| .linux.gidMappings = [{containerID: 0, hostID: $g, size: 1000}]' --argjson u \
			"$1" --argjson g "$2"
	chown -R "$1:$2" "$B/rootfs"
	chmod 0755 "$T"
}

@test "root: a tree of the host, idmapped without a user namespace" {
	mount_add /mnt none "$T/dir" rbind "idmap=uids=0-1000-1#7-5-1;gids=0-2000-1#8-6-1"
	inside 'stat -c "%u:%g" /mnt/zero /mnt/seven;
		grep -c " /mnt .*idmapped" /proc/self/mountinfo
		chown 5:2000 /mnt/zero'
	equal "$output" $'1000:2000\n5:6\n1'
	equal "$(stat -c %u:%g "$T/dir/zero")" 7:0
}

@test "root: without a user namespace idmap needs mappings" {
	mount_add /mnt none "$T/dir" rbind idmap
	try rl run --bundle "$B" "$C"
	refused "/mounts/$(jq '.mounts |
		length - 1' "$B/config.json")/options: idmap without uidMappings" \
		"no user namespace"
}

@test "root: idmap with the container's own map: the files keep their ids inside" {
	mapped 300000 400000
	mount_add /mnt none "$T/dir" rbind idmap
	mount_add /plain none "$T/dir" rbind
	inside 'stat -c "%u:%g" /mnt/zero /mnt/seven /plain/seven; touch /mnt/new;
		chown 3:4 /mnt/new'
	equal "$output" $'0:0\n7:8\n65534:65534'
	equal "$(stat -c %u:%g "$T/dir/new")" 3:4
}

@test "root: mappings of a mount are in the host's ids, with @ in the container's" {
	mapped 300000 400000
	mount_add /mnt none "$T/dir" rbind idmap
	config '.mounts[-1].uidMappings = [{containerID: 7, hostID: 300012, size: 1}]
		| .mounts[-1].gidMappings = [{containerID: 8, hostID: 400034, size: 1}]'
	mount_add /relative none "$T/dir" rbind ro "ridmap=uids=@7-56-1;gids=@8-78-1"
	inside 'stat -c "%u:%g" /mnt/seven /mnt/zero /relative/seven; touch /relative/zero 2>&1;
		true'
	equal "$(head -n 3 <<<"$output")" $'12:34\n65534:65534\n56:78'
	has "$output" "Read-only file system"
}

@test "root: a source that does not exist, and a filesystem that can't be idmapped" {
	mapped 300000 400000
	mount_add /mnt none "$T/none" rbind idmap
	try rl run --bundle "$B" "$C"
	refused "source $T/none: No such file or directory"
	config 'del(.mounts[-1])'
	mount_add /mnt none /proc rbind idmap
	try rl run --bundle "$B" "$C"
	refused "mapping the ids of /proc: Invalid argument" "can't be idmapped"
}

@test "root: idmap into a user namespace that is joined takes its map" {
	mapped 300000 400000
	script 'echo up; exec sleep 30'
	rl run --bundle "$B" "$C-2" >"$T/out" &
	runner=$!
	wait_for grep up "$T/out"
	mount_add /mnt none "$T/dir" rbind idmap
	config 'del(.linux.uidMappings, .linux.gidMappings)
		| (.linux.namespaces[] | select(.type == "user")).path = $p' --arg p \
			"/proc/$(pid_of "$C-2")/ns/user"
	script 'stat -c "%u:%g" /mnt/seven; cut -c1-80 /proc/self/uid_map'
	try rl run --bundle "$B" "$C"
	rl kill "$C-2" KILL
	wait "$runner" || true
	equal "$stderr" ""
	equal "$(head -n 1 <<<"$output")" 7:8
}

@test "root: without a user namespace a shared mount is shared with the host" {
	config '.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])'
	mkdir "$T/dir/below"
	mount_add /shared none "$T/dir" rbind rshared
	mount_add /slave none "$T/dir" rbind rslave
	mount_add /private none "$T/dir" rbind
	script 'mount -t tmpfs -o size=64k none /shared/below; mkdir /shared/below/x;
		ls /slave/below /private/below'
	cat >"$T/outer" <<-'END'
		mount --bind "$2" "$2"
		mount --make-shared "$2"
		"$1" --root "$2.state" run -b "$3" "$4"
		grep -c " $2/below .*size=64k" /proc/self/mountinfo
	END
	try unshare --mount --propagation private env "ROOTLET_TEST=$C" sh -e "$T/outer" \
		"$ROOTLET" "$T/dir" "$B" "$C"
	rmdir "$T/dir.state"
	equal "$stderr" ""
	equal "$output" $'/private/below:\n\n/slave/below:\nx\n1'
}

# ---------------------------------------------------------------- rootlet mounts

# added_in ID: what the container's program sees after `mounts add` of T/mounts.json, then after
# `mounts remove`.
added_in() {
	mkdir "$T/answers"
	chmod 0777 "$T/answers"
	mount_add /answers none "$T/answers" bind
	script "look() { $1; }; touch /answers/up; while [ ! -e /answers/added ]; do sleep 0.02;
		done; look >/answers/one 2>&1; touch /answers/looked
		while [ ! -e /answers/removed ]; do sleep 0.02; done; look >/answers/two 2>&1; true"
	rl run --bundle "$B" "$C" >"$T/out" 2>&1 &
	runner=$!
	wait_for test -e "$T/answers/up"
	try rl mounts add "$C" "$T/mounts.json"
	equal "$status$stderr" 0
	touch "$T/answers/added"
	wait_for test -e "$T/answers/looked"
	try rl mounts remove "$C" "$T/mounts.json"
	equal "$status$stderr" 0
	touch "$T/answers/removed"
	wait "$runner"
}

@test "root: mounts add and remove without a user namespace: nothing of it on the host" {
	jq -n '[{destination: "/srv/dir", source: ($t + "/dir"), options: ["bind",
		"idmap=uids=0-5-1;gids=0-6-1"]},
		{destination: "/srv/t", type: "tmpfs"}, {destination: "/srv/proc", type: "proc"}]' \
			--arg t "$T" >"$T/mounts.json"
	cat /proc/self/mountinfo >"$T/before"
	added_in \
		'stat -c %u:%g /srv/dir/zero; readlink /srv/proc/1/exe; grep -c /srv '\
'/proc/self/mountinfo'
	cmp "$T/before" /proc/self/mountinfo
	equal "$(cat "$T/answers/one")" $'5:6\n/bin/busybox\n3'
	has "$(cat "$T/answers/two")" "No such file"
	equal "$(tail -n 1 "$T/answers/two")" 0
}

@test "root: mounts add of a procfs without a user namespace: the container's own alone" {
	local spoil
	config '.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])
		| .mounts |= map(select(.destination != "/proc"))
		| .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	echo '[{"destination": "/srv", "type": "proc"}]' >"$T/mounts.json"
	script 'exec sleep 1000'
	rl run --detach --bundle "$B" "$C"
	# A folder; a folder of a procfs; a link to the root of one.
	for spoil in 'mkdir -p /proc /x' 'mount -t proc proc /x; mount --bind /x/1 /proc' \
		'umount /proc; rmdir /proc; ln -s /x /proc'; do
		rl exec "$C" sh -c "$spoil"
		try rl mounts add "$C" "$T/mounts.json"
		equal "$status" 1
		has "$stderr" "/0: the container has no procfs at /proc"
		rl exec "$C" sh -c '[ ! -e /srv/1 ]'
	done
	rl exec "$C" sh -c 'rm /proc; mkdir /proc; mount -t proc proc /proc'
	echo '[{"destination": "/srv", "type": "proc", "options": ["hidepid=2"]}]' \
		>"$T/options.json"
	try rl mounts add "$C" "$T/options.json"
	equal "$status" 1
	has "$stderr" "/0: without a user namespace"
	has "$stderr" "hidepid=2"
	try rl mounts add "$C" "$T/mounts.json"
	equal "$status$stderr" 0
	equal "$(rl exec "$C" readlink /srv/1/exe)" /bin/busybox
	rl delete --force "$C"
}

@test "root: mounts add into a user namespace: ids are mapped by the host side" {
	mapped 300000 400000
	jq -n '[{destination: "/srv/own", source: ($t + "/dir"), options: ["bind", "idmap"]},
		{destination: "/srv/given", source: ($t + "/dir"), options: ["bind",
		"ridmap=uids=7-300003-1;gids=@8-4-1"]},
		{destination: "/srv/plain", source: ($t + "/dir"), options: ["bind"]}]' --arg t \
			"$T" >"$T/mounts.json"
	added_in 'stat -c %u:%g /srv/own/seven /srv/given/seven /srv/plain/seven'
	equal "$(cat "$T/answers/one")" $'7:8\n3:4\n65534:65534'
	[ "$(grep -c "No such file" "$T/answers/two")" -eq 3 ]
}
