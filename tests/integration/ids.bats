#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Which ids a container has, and what its files are outside. For an ordinary user with at least one
# range. status, output and stderr come from `try`; what is between single quotes is for the shell
# inside or for jq.
# shellcheck disable=SC2154,SC2153,SC2016,SC2030,SC2031

load helpers

setup() {
	[ "$(id -u)" -ne 0 ] || skip "for an ordinary user"
	container_setup
}

# ranges FILE: "start count" of each range of this user, by name or number, in the file's order.
ranges() {
	awk -F: -v name="$(id -un)" -v uid="$(id -u)" '$1 == name || $1 == uid { print $2, $3 }' \
		"$1"
}

# whole_map OWN-ID FILE: the map that a user's whole set makes, in /proc's columns without their
# padding.
whole_map() {
	echo "0 $1 1"
	ranges "$2" | awk 'BEGIN { inside = 1 } { print inside, $1, $2; inside += $2 }'
}

# outside ID FILE: what an id of the container is outside.
outside() {
	whole_map 0 "$2" | awk -v id="$1" 'id >= $1 && id < $1 + $3 { print $2 + id - $1 }'
}

# single: one id, mapped to root, as the peers' rootless templates have it.
single() {
	config '.linux.uidMappings = [{containerID: 0, hostID: $u, size: 1}]
		| .linux.gidMappings = [{containerID: 0, hostID: $g, size: 1}]' --argjson u \
			"$(id -u)" --argjson g "$(id -g)"
}

maps='sed "s/  */ /g;s/^ //" /proc/self/uid_map; echo; sed "s/  */ /g;s/^ //" /proc/self/gid_map'

@test "the whole set of ranges is mapped" {
	inside "$maps"
	equal "$output" "$(whole_map "$(id -u)" /etc/subuid)

$(whole_map "$(id -g)" /etc/subgid)"
	inside 'cat /proc/self/setgroups; id -u; id -g'
	equal "$output" "allow
0
0"
}

@test "files of every id: 65534, 1000, root, as seen inside and outside" {
	[ -n "$(outside 65534 /etc/subuid)" ] ||
		skip "$(id -un) has fewer than 65534 subordinate ids"
	inside 'cd /srv; touch a b c; chown 65534:65534 a; chown 1000:1 b; stat -c "%u %g" a b c'
	equal "$output" "65534 65534
1000 1
0 0"
	equal "$(stat -c '%u %g' "$B"/rootfs/srv/{a,b,c})" \
		"$(outside 65534 /etc/subuid) $(outside 65534 /etc/subgid)
$(outside 1000 /etc/subuid) $(outside 1 /etc/subgid)
$(id -u) $(id -g)"
	config '.process.user = {uid: 1000, gid: 1000, umask: 23}'
	inside 'id -u; id -g; touch /tmp/mine; mkdir /tmp/dir;
		stat -c "%u %g %a" /tmp/mine /tmp/dir; not=/srv/no; touch $not 2>/dev/null ||
		echo denied'
	equal "$output" "1000
1000
1000 1000 640
1000 1000 750
denied"
	equal "$(stat -c '%u %g' "$B/rootfs/tmp/mine")" \
		"$(outside 1000 /etc/subuid) $(outside 1000 /etc/subgid)"
}

@test "ids of the host that are not in the map are nobody's inside, and out of reach" {
	config '.mounts += [{destination: "/host", type: "bind", source: "/etc", options: ["rbind",
		"ro"]}]'
	inside 'stat -c "%u %g" /host/passwd; cat /host/shadow 2>/dev/null || echo denied'
	equal "$output" "65534 65534
denied"
}

@test "additional groups, and none of the caller's" {
	config '.process.user = {uid: 1000, gid: 1000, additionalGids: [1000, 5, 20, 65534]}'
	inside 'sed -n "s/^Groups:\t//p" /proc/self/status'
	equal "$(tr ' ' '\n' <<<"$output" | grep . | sort -n | tr '\n' ' ')" "5 20 1000 65534 "
	config '.process.user = {uid: 0, gid: 0}'
	inside 'sed -n "s/^Groups:[[:space:]]*//p" /proc/self/status'
	equal "${output// /}" ""
}

@test "a user with a name space of ids may become any of them" {
	inside 'cp /bin/busybox /srv/su; chown 0:0 /srv/su; chmod 4755 /srv/su
		su bob -c "id -u; id -g"; chroot --userspec=7:8 / id -u 2>/dev/null ||
		setuidgid 7 id -u 2>/dev/null || echo 7'
	has "$output" "1000
1000"
}

@test "an unmapped uid or gid of the process is refused by its number, with the remedy" {
	config '.process.user.uid = 4000000000'
	try rl create --bundle "$B" "$C"
	refused "/process/user/uid" "uid 4000000000" "not mapped" "/etc/subuid"
	config '.process.user = {uid: 0, gid: 4000000001}'
	try rl create --bundle "$B" "$C"
	refused "/process/user/gid" "gid 4000000001" "not mapped" "/etc/subgid"
	config '.process.user = {uid: 0, gid: 0, additionalGids: [1, 4000000002]}'
	try rl create --bundle "$B" "$C"
	refused "/process/user/additionalGids" "gid 4000000002" "not mapped"
}

@test "a single id: no helper, setgroups denied, and what it can't do is said" {
	single
	# No helper can be found, so none was needed.
	inside "$maps; cat /proc/self/setgroups; id -u; touch /srv/mine;
		chown 1:1 /srv/mine 2>/dev/null || echo no"
	equal "$output" "0 $(id -u) 1

0 $(id -g) 1
deny
0
no"
	config '.process.user.uid = 1'
	try rl create --bundle "$B" "$C"
	refused "/process/user/uid" "uid 1 " "/linux/uidMappings"
	config '.process.user = {uid: 0, gid: 0, additionalGids: [0]}'
	try rl create --bundle "$B" "$C"
	[ "$status" -eq 0 ] || refused "additionalGids" "setgroups"
	[ "$status" -ne 0 ] || rl delete "$C"
}

@test "many extents, carved out of the own range in any order" {
	local start gstart
	start=$(ranges /etc/subuid | awk 'NR == 1 { print $1 }')
	gstart=$(ranges /etc/subgid | awk 'NR == 1 { print $1 }')
	# More than crun and runc can hand to newuidmap.
	config '.linux.uidMappings = [{containerID: 0, hostID: $own, size: 1}]
			+ [range(0; 40) | {containerID: (. * 100 + 1),
			hostID: ($start + 5000 - . * 100), size: (. + 1)}]
		| .linux.gidMappings = [{containerID: 0, hostID: $gown, size: 1}, {containerID: 1,
		hostID: $gstart, size: 10}]
		| .process.user.uid = 3905' \
		--argjson own "$(id -u)" --argjson gown "$(id -g)" --argjson start "$start" \
		--argjson gstart "$gstart"
	inside "$maps; id -u; touch /tmp/mine"
	{
		echo "0 $(id -u) 1"
		for i in $(seq 0 39); do
			echo "$((i * 100 + 1)) $((start + 5000 - i * 100)) $((i + 1))"
		done
		printf '\n0 %s 1\n1 %s 10\n3905\n' "$(id -g)" "$gstart"
	} >"$T/expected"
	# The kernel sorts a map of more than five lines by its outside ids when it is looked up,
	# not when it is shown.
	diff <(sort "$T/expected") <(sort <<<"$output")
	equal "$(stat -c %u "$B/rootfs/tmp/mine")" $((start + 5000 - 3900 + 4))
}

@test "root inside may be a subordinate id: nothing of the own id is in there" {
	local start gstart
	start=$(ranges /etc/subuid | awk 'NR == 1 { print $1 }')
	gstart=$(ranges /etc/subgid | awk 'NR == 1 { print $1 }')
	config '.linux.uidMappings = [{containerID: 0, hostID: $u, size: 1000}]
		| .linux.gidMappings = [{containerID: 0, hostID: $g, size: 1000}]' --argjson u \
			"$start" --argjson g "$gstart"
	chmod 0777 "$B/rootfs/srv"
	chmod -R a+rX "$B"
	chmod 0755 "$T"
	inside 'id -u; touch /srv/mine'
	equal "$output" 0
	equal "$(stat -c '%u %g' "$B/rootfs/srv/mine")" "$start $gstart"
}

# mapped UID-INSIDE UID-OUTSIDE GID-INSIDE GID-OUTSIDE: 100 of each; the process is the sixth of
# each.
mapped() {
	config '.linux.uidMappings = [{containerID: $i, hostID: $o, size: 100}]
		| .linux.gidMappings = [{containerID: $j, hostID: $p, size: 100}]
		| .process.user = {uid: ($i + 5), gid: ($j + 5)}' \
		--argjson i "$1" --argjson o "$2" --argjson j "$3" --argjson p "$4"
}

# What the set-up makes needs an owner: 0, or where it is not mapped who the process is.
@test "maps without 0, or with it on one side, none with the own id: run, exec, mounts add" {
	local uid gid start gstart
	start=$(ranges /etc/subuid | awk 'NR == 1 { print $1 }')
	gstart=$(ranges /etc/subgid | awk 'NR == 1 { print $1 }')
	chmod 0777 "$B/rootfs" "$B/rootfs/srv"
	chmod -R a+rX "$B"
	chmod 0755 "$T"
	printf '[{"destination": "/more/deep", "type": "tmpfs"}]\n' >"$T/mounts.json"
	bundle_args sleep 1000
	mount_add /made/here tmpfs tmpfs
	for uid in 0 1000; do
		for gid in 0 2000; do
			mapped "$uid" "$start" "$gid" "$gstart"
			rl run --detach --bundle "$B" "$C" </dev/null >/dev/null
			rl mounts add "$C" "$T/mounts.json"
			try rl exec "$C" sh -c 'id -u; id -g; touch /srv/mine; : >/dev/null
				stat -c "%u %g" /made /dev /srv/mine /more'
			equal "$stderr" ""
			# root's where there is one, else the process's own
			made="$((uid ? uid + 5 : 0)) $((gid ? gid + 5 : 0))"
			equal "$output" "$((uid + 5))
$((gid + 5))
$made
$made
$((uid + 5)) $((gid + 5))
$made"
			equal "$(stat -c '%u %g' "$B/rootfs/srv/mine")" \
				"$((start + 5)) $((gstart + 5))"
			rl exec --user "$((uid + 7)):$((gid + 8))" "$C" \
				sh -c 'id -u; id -g' >"$T/out"
			equal "$(<"$T/out")" "$((uid + 7))
$((gid + 8))"
			rl exec "$C" rm /srv/mine
			rl delete --force "$C"
			remove_tree "$B/rootfs/made"
			remove_tree "$B/rootfs/more"
		done
	done
}

@test "a user namespace without 0 is joined by its path" {
	local start gstart
	start=$(ranges /etc/subuid | awk 'NR == 1 { print $1 }')
	gstart=$(ranges /etc/subgid | awk 'NR == 1 { print $1 }')
	chmod -R a+rX "$B"
	chmod 0755 "$T"
	mapped 1000 "$start" 2000 "$gstart"
	bundle_args sleep 1000
	rl run --detach --bundle "$B" "$C-2" </dev/null >/dev/null
	config 'del(.linux.uidMappings, .linux.gidMappings) | .linux.namespaces |= map(
		if .type == "user" then .path = $ns else . end)' --arg ns \
			"/proc/$(pid_of "$C-2")/ns/user"
	inside 'id -u; id -g; stat -c "%u %g" /dev'
	equal "$output" "1005
2005
1005 2005"
	config '.process.user.uid = 0'
	try rl run --bundle "$B" "$C"
	refused "/process/user/uid" "uid 0" "maps neither"
	rl delete --force "$C-2"
}

@test "host ids that are not ours are refused, and the mapping is named" {
	config '.linux.uidMappings = [{containerID: 0, hostID: $u, size: 1}, {containerID: 1,
		hostID: 4000000000, size: 10}]
		| .linux.gidMappings = [{containerID: 0, hostID: $g, size: 1}]' --argjson u \
			"$(id -u)" --argjson g "$(id -g)"
	try rl create --bundle "$B" "$C"
	refused "/linux/uidMappings/1" "4000000000 to 4000000009" "not yours" "/etc/subuid"
	config '.linux.uidMappings[1].hostID = 0'
	try rl create --bundle "$B" "$C"
	refused "/linux/uidMappings/1" "0 to 9" "not yours"
	single
	config '.linux.gidMappings[0].hostID = 0'
	try rl create --bundle "$B" "$C"
	refused "/linux/gidMappings/0" "not yours" "/etc/subgid"
}

@test "mappings without a user namespace are refused" {
	single
	config '.linux.namespaces |= map(select(.type != "user"))'
	try rl create --bundle "$B" "$C"
	[ "$status" -eq 0 ] || refused "/linux/uidMappings"
	[ "$status" -ne 0 ] || rl delete "$C"
}

@test "uid mappings without gid mappings are refused" {
	single
	config 'del(.linux.gidMappings)'
	try rl create --bundle "$B" "$C"
	refused "/linux" "gidMappings"
}

# ---------------------------------------------------------------- bundles of the peers

# peer_bundle COMMAND...: what it writes, run as it is but for the terminal, which a test has not.
peer_bundle() {
	command -v "$1" >/dev/null || skip "needs $1"
	rm "$B/config.json"
	(cd "$B" && "$@")
	config '.process.terminal = false | .process.env += ["ROOTLET_TEST=" + $c]' --arg c "$C"
	echo "$2" >"$T/stdin"
	# As an ordinary user may not read the bundle's folder otherwise.
	try rl run --bundle "$B" "$C" <<'END'
id -u
cat /proc/self/uid_map
readlink /proc/self/ns/user
hostname
ls -d /sys/kernel
ls /dev/null /dev/pts/ptmx
touch /x 2>/dev/null || echo read-only
END
}

# ran HOSTNAME: as root in a user namespace of its own, on a read-only root.
ran() {
	equal "$status" 0
	equal "$(sed -n 1p <<<"$output")" 0
	not grep -qF "$(readlink /proc/self/ns/user)" <<<"$output"
	has "$output" "$1"
	has "$output" "/sys/kernel"
	has "$output" "/dev/pts/ptmx"
	has "$output" "read-only"
}

@test "the bundle of runc spec --rootless runs unchanged" {
	peer_bundle runc spec --rootless
	ran runc
	equal "$(sed -n 2p <<<"$output" | tr -s ' ')" " 0 $(id -u) 1"
}

@test "the bundle of crun spec --rootless runs unchanged" {
	peer_bundle crun spec --rootless
	ran crun
}

@test "the bundle of a rootful runc spec runs, with what was adapted" {
	peer_bundle runc spec
	ran runc
	# No user namespace, and no mappings: the whole set of ranges takes their place.
	has "$output" "65536"
	# At most a line each.
	equal "$(grep -cv '^rootlet: warning: /' <<<"$stderr" || true)" 0 || equal "$stderr" ""
	[ "$(wc -l <<<"$stderr")" -le 5 ]
}

@test "the bundle of rootlet spec --rootless=false runs" {
	peer_bundle "$ROOTLET" spec --rootless=false
	ran rootlet
}

# ---------------------------------------------------------------- already root in a user namespace

@test "in a user namespace of its own, rootlet maps what that has, without helpers" {
	# No uidmap package in there: an empty PATH for helpers, and nosuid would forbid them
	# anyway.
	script "$maps; id -u; touch /srv/a; chown 77:78 /srv/a; stat -c '%u %g' /srv/a"
	try unshare --map-root-user --map-auto env "ROOTLET_TEST=$C" setpriv --no-new-privs \
		"$ROOTLET" --root "$T/state" run --bundle "$B" "$C"
	equal "$status$stderr" 0
	# Each id to itself: that namespace's root is this one's.
	equal "$(sed -n 1p <<<"$output" | cut -d' ' -f1,2)" "0 0"
	equal "$(tail -n 2 <<<"$output")" "0
77 78"
	equal "$(stat -c '%u %g' "$B/rootfs/srv/a")" \
		"$(outside 77 /etc/subuid) $(outside 78 /etc/subgid)"
}

@test "in a user namespace of one id, the container has that one" {
	script "$maps; id -u"
	try unshare --map-root-user env "ROOTLET_TEST=$C" "$ROOTLET" --root "$T/state" run \
		--bundle "$B" "$C"
	equal "$status" 0
	equal "$output" "0 0 1

0 0 1
0"
}

@test "in a user namespace, ids that it lacks are refused by name" {
	single
	config '.linux.uidMappings = [{containerID: 0, hostID: 4000000000, size: 1}]'
	try unshare --map-root-user --map-auto env "ROOTLET_TEST=$C" "$ROOTLET" --root "$T/state" \
		create --bundle "$B" "$C"
	refused "/linux/uidMappings/0" "4000000000" "does not exist in the user namespace"
}

@test "a container in a container" {
	mkdir -p "$B/rootfs/inner"
	cp "$ROOTLET" "$B/rootfs/bin/rootlet"
	command -v ldd >/dev/null || skip "needs ldd"
	# Its libraries, and a bundle of its own in there.
	for lib in $(ldd "$ROOTLET" | grep -oE '/[^ ]+'); do
		mkdir -p "$B/rootfs${lib%/*}"
		cp -L "$lib" "$B/rootfs$lib"
	done
	cp -a "$BATS_FILE_TMPDIR/rootfs" "$B/rootfs/inner/rootfs"
	jq '.process.args = ["sh", "-c",
		"echo inner $$; id -u; cut -d: -f1 /etc/passwd | head -n 1"] |
		.linux.maskedPaths = []
		| .linux.readonlyPaths = []' "$B/config.json" >"$B/rootfs/inner/config.json"
	config '.linux.maskedPaths = [] | .linux.readonlyPaths = [] |
		.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])'
	inside 'rootlet --root /tmp/state run --bundle /inner in; echo "outer $?"; ls /tmp/state'
	equal "$output" "inner 1
0
root
outer 0"
}

@test "joining a user namespace of one id, where setgroups is denied for good" {
	single
	bundle_args sleep 1000
	rl run --detach --bundle "$B" "$C-2" </dev/null >/dev/null
	config 'del(.linux.uidMappings, .linux.gidMappings) | .linux.namespaces |= map(
		if .type == "user" or .type == "pid" then .path = $ns + .type
		elif .type == "network" then .path = $ns + "net" else . end)' --arg ns \
			"/proc/$(pid_of "$C-2")/ns/"
	inside 'id -u; cat /proc/self/setgroups; readlink /proc/self/ns/user'
	equal "$output" "0
deny
$(readlink "/proc/$(pid_of "$C-2")/ns/user")"
	# Asked for by name, it can't be had: said, not passed over.
	config '.process.user.additionalGids = [0]'
	try rl run --bundle "$B" "$C"
	refused "/process/user/additionalGids"
	rl delete --force "$C-2"
}
