#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Ids where only root can make the circumstances: other ranges, broken helpers, and root's own
# containers.
#
# Files under /etc and /usr/bin are covered by bind mounts in a mount namespace of the test's own;
# the machine's are never changed.
# status, output and stderr come from `try`; what is between single quotes is for the shell inside.
# shellcheck disable=SC2154,SC2153,SC2016,SC2030,SC2031

load ../helpers

setup() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	# Bind mounts in a namespace, and real device nodes: what CAP_SYS_ADMIN in a container
	# lacks.
	unshare --mount true || skip "needs mount namespaces"
	[ -n "${ROOTLET_TEST_USER:-}" ] || skip "needs an ordinary user: ROOTLET_TEST_USER"
	user=$ROOTLET_TEST_USER
	user_uid=$(id -u "$user")
	user_gid=$(id -g "$user")
	container_setup --rootless
	chmod 0755 "$T"
	chown -R "$user:" "$T"
	maps='sed "s/  */ /g;s/^ //" /proc/self/uid_map; echo; sed "s/  */ /g;s/^ //" '\
'/proc/self/gid_map'
}

# subid uid|gid LINE...: what /etc/subuid or /etc/subgid will hold for `as_user`.
subid() {
	local file=$T/sub$1
	shift
	printf '%s\n' "$@" >"$file"
	chmod 0644 "$file"
}

# cover FILE TARGET: for as_user, TARGET is FILE.
cover() {
	printf '%s\n' "mount --bind '$1' '$2'" >>"$T/cover"
}

# as_user COMMAND...: as the test user, with those files in place of the machine's.
as_user() {
	local sub
	[ -e "$T/cover" ] || : >"$T/cover"
	for sub in uid gid; do
		[ ! -e "$T/sub$sub" ] || cover "$T/sub$sub" "/etc/sub$sub"
	done
	unshare --mount sh -ec '. "$0"; exec "$@"' "$T/cover" \
		setpriv "--reuid=$user_uid" "--regid=$user_gid" --init-groups --inh-caps=-all \
		env -i PATH=/usr/local/bin:/usr/bin:/bin HOME=/ "ROOTLET_TEST=$C" "$@" 3>&-
}

# user_run: the bundle, as that user.
user_run() {
	try as_user "$ROOTLET" --root "$T/state" run --bundle "$B" "$C"
}

# mapped UID-LINES GID-LINES: what the container's maps are, and no note.
mapped() {
	equal "$status" 0
	equal "$output" "$1

$2"
}

@test "one range" {
	subid uid "$user:300000:1000"
	subid gid "$user:400000:2000"
	script "$maps"
	user_run
	mapped "0 $user_uid 1
1 300000 1000" "0 $user_gid 1
1 400000 2000"
	equal "$stderr" ""
}

@test "three ranges, by name and by number, among those of others" {
	subid uid "# a comment" "somebody:1000:5" "$user:300000:1000" "" "$user_uid:310000:500" \
		"1$user_uid:77:7" "$user:290000:10" \
		"x$user:1:1" "$user:garbage:1" "$user:320000:0"
	subid gid "$user_uid:400000:65536"
	script "$maps; touch /srv/a; chown 1505:0 /srv/a"
	user_run
	mapped "0 $user_uid 1
1 300000 1000
1001 310000 500
1501 290000 10" "0 $user_gid 1
1 400000 65536"
	equal "$(stat -c '%u %g' "$B/rootfs/srv/a")" "290004 $user_gid"
}

@test "twelve ranges: more than the peers hand to newuidmap" {
	local -a lines=()
	local expected="0 $user_uid 1" gexpected="0 $user_gid 1" i
	for i in $(seq 0 11); do
		lines+=("$user:$((300000 + i * 1000)):100")
		expected+=$'\n'"$((1 + i * 100)) $((300000 + i * 1000)) 100"
		gexpected+=$'\n'"$((1 + i * 100)) $((300000 + i * 1000)) 100"
	done
	subid uid "${lines[@]}"
	subid gid "${lines[@]}"
	script "$maps; touch /srv/a; chown 1150:1150 /srv/a"
	user_run
	mapped "$expected" "$gexpected"
	equal "$(stat -c '%u %g' "$B/rootfs/srv/a")" "311049 311049"
}

@test "ids above 2^31" {
	subid uid "$user:3000000000:1000"
	subid gid "$user:4294900000:1000"
	script "$maps; touch /srv/a; chown 1000:1000 /srv/a"
	user_run
	mapped "0 $user_uid 1
1 3000000000 1000" "0 $user_gid 1
1 4294900000 1000"
	equal "$(stat -c '%u %g' "$B/rootfs/srv/a")" "3000000999 4294900999"
}

@test "no range: one id, and a note with the remedy" {
	subid uid "somebody:100000:65536"
	subid gid "somebody:100000:65536"
	script "$maps; cat /proc/self/setgroups"
	user_run
	mapped "0 $user_uid 1" "0 $user_gid 1
deny"
	equal "$(wc -l <"$T/try.err")" 1
	has "$stderr" "warning"
	has "$stderr" "/etc/subuid"
	has "$stderr" "$user"
	has "$stderr" "usermod --add-subuids"
}

@test "no range of gids: one id, and the note names that file" {
	subid uid "$user:300000:1000"
	: >"$T/subgid"
	script "$maps"
	user_run
	mapped "0 $user_uid 1" "0 $user_gid 1"
	equal "$(wc -l <"$T/try.err")" 1
	has "$stderr" "/etc/subgid"
}

@test "a range that holds the own id, and ranges that overlap, are left out with a note" {
	subid uid "$user:$((user_uid - 1)):100" "$user:300000:1000" "$user:300500:1000" \
		"$user:310000:10"
	subid gid "$user:300000:1000"
	script "$maps"
	user_run
	mapped "0 $user_uid 1
1 300000 1000
1001 310000 10" "0 $user_gid 1
1 300000 1000"
	equal "$(wc -l <"$T/try.err")" 2
	has "$stderr" "$((user_uid - 1)):100"
	has "$stderr" "300500:1000"
}

# Each of these lines is one that newuidmap passes over.
@test "malformed lines of one's own: told by file and line, and the others count" {
	local bad why
	script "$maps"
	while read -r why bad; do
		# shellcheck disable=SC2059 # formats of the table below
		subid uid "somebody:1000:5" "$(printf "$bad" "$user")" "$user:300000:1000"
		subid gid "$user:400000:2000"
		user_run
		mapped "0 $user_uid 1
1 300000 1000" "0 $user_gid 1
1 400000 2000"
		equal "$(wc -l <"$T/try.err")" 1
		has "$stderr" "line 2 of /etc/subuid"
		has "$stderr" "${why//_/ }"
	done <<-'END'
		carriage_return %s:500000:1000\r
		the_form %s:500000
		two_decimal_numbers %s:500000:1000\040
		two_decimal_numbers %s:500000:0x
		before_or_behind \357\273\277%s:500000:1000
		before_or_behind \040%s:500000:1000
		no_ids %s:500000:0
	END
}

@test "a whole file with carriage returns: one id, and each line is told" {
	subid uid "somebody:1000:5"$'\r' "$user:300000:1000"$'\r'
	subid gid "$user:400000:2000"$'\r'
	script "$maps"
	user_run
	mapped "0 $user_uid 1" "0 $user_gid 1"
	has "$stderr" "line 2 of /etc/subuid"
	has "$stderr" "line 1 of /etc/subgid"
	has "$stderr" "carriage return"
	config '.linux.uidMappings = [{containerID: 0, hostID: 300000, size: 5}]
		| .linux.gidMappings = .linux.uidMappings'
	try as_user "$ROOTLET" --root "$T/state" run --bundle "$B" "$C"
	refused /linux/uidMappings/0 "not yours" "line 2 of /etc/subuid" "carriage return"
}

@test "no newline at the end; numbers beyond the last id; a range twice" {
	printf '# all\n\n%s:4294960000:4294967296' "$user_uid" >"$T/subuid"
	printf '%s:400000:10\n%s:400000:10' "$user" "$user" >"$T/subgid"
	chmod 0644 "$T"/sub?id
	script "$maps"
	user_run
	mapped "0 $user_uid 1
1 4294960000 7295" "0 $user_gid 1
1 400000 10"
	equal "$(wc -l <"$T/try.err")" 1
	has "$stderr" "the range 400000:10 of /etc/subgid (line 2) is left out"
}

# A map is written at once, shorter than a page.
@test "more ranges than a map can hold: as many as it can, and a note" {
	local -a lines=()
	local i count
	for i in $(seq 0 400); do
		lines+=("$user:$((3000000000 + i * 1000)):100")
	done
	subid uid "${lines[@]}"
	subid gid "$user:400000:2000"
	script 'wc -l </proc/self/uid_map; tail -n 1 /proc/self/uid_map'
	user_run
	equal "$status" 0
	count=$(head -n 1 <<<"$output")
	[ "$count" -gt 150 ] || fail "only $count"
	equal "$(wc -l <"$T/try.err")" 1
	has "$stderr" "(line $count) and what follows are left out"
	config '.linux.uidMappings = [range(0; 340) | {containerID: (1000000000 + . * 1000),
			hostID: (3000000000 + . * 1000), size: 100}]
		| .linux.gidMappings = [{containerID: 0, hostID: 400000, size: 5}]
		| .process.user.uid = 1000000000'
	try as_user "$ROOTLET" --root "$T/state" run --bundle "$B" "$C"
	refused /linux/uidMappings "340 lines" "at most 4095"
}

# fake_libsubid NAME: for as_user, a library of that name in T/lib, which knows other ranges than
# the files, and a `subid:` line that makes them count.
fake_libsubid() {
	command -v cc >/dev/null || skip "needs a compiler"
	mkdir -p "$T/lib"
	cc -shared -fPIC -o "$T/lib/$1" -x c - <<-'END'
		#include <stdlib.h>
		struct subid_range {
			unsigned long start, count;
		};
		static int one(struct subid_range **ret, unsigned long start)
		{
			*ret = malloc(sizeof(**ret));
			**ret = (struct subid_range){ start, 1000 };
			return 1;
		}
		int subid_get_uid_ranges(const char *owner, struct subid_range **ret)
		{
			return one(ret, 300000);
		}
		int subid_get_gid_ranges(const char *owner, struct subid_range **ret)
		{
			return one(ret, 400000);
		}
		void subid_free(void *ranges)
		{
			free(ranges);
		}
	END
	chmod -R a+rX "$T/lib"
	printf 'passwd: files\n%s\n' "$2" >"$T/nsswitch"
	chmod 0644 "$T/nsswitch"
	cover "$T/nsswitch" /etc/nsswitch.conf
}

# The helpers ask by themselves, so that the plan alone is looked at.
@test "ranges by a name service: the libsubid of any shadow" {
	local version line
	subid uid "$user:1000:5"
	subid gid "$user:1000:5"
	config '.linux.uidMappings = [{containerID: 0, hostID: 300000, size: 1001}]
		| .linux.gidMappings = [{containerID: 0, hostID: 400000, size: 1000}]'
	for version in 6 5; do
		for line in "subid: sss" $'Subid:\tsss files'; do
			fake_libsubid "libsubid.so.$version" "$line"
			try as_user env "LD_LIBRARY_PATH=$T/lib" "$ROOTLET" --root "$T/state" \
				create --bundle "$B" "$C"
			refused "/linux/uidMappings/0" "300000 to 301000 are not yours" "NSS"
			rm "$T/lib/"*
		done
	done
	config '.linux.uidMappings[0].size = 1000 | .linux.gidMappings[0].size = 1001'
	fake_libsubid libsubid.so.6 "subid: sss"
	try as_user env "LD_LIBRARY_PATH=$T/lib" "$ROOTLET" --root "$T/state" create \
		--bundle "$B" "$C"
	refused "/linux/gidMappings/0" "host gids 400000 to 401000 are not yours"
}

@test "helpers that are not there" {
	# All that this test runs of /usr/bin, which is not those two.
	mkdir "$T/usr-bin"
	cp -a /usr/bin/env /usr/bin/setpriv "$T/usr-bin/"
	cover "$T/usr-bin" /usr/bin
	try as_user "$ROOTLET" --root "$T/state" create --bundle "$B" "$C"
	refused "newuidmap" "not installed" "apt-get install uidmap"
	# A bundle of one id needs none.
	config '.linux.uidMappings = [{containerID: 0, hostID: $u, size: 1}]
		| .linux.gidMappings = [{containerID: 0, hostID: $g, size: 1}]' --argjson u \
			"$user_uid" --argjson g "$user_gid"
	script "$maps"
	user_run
	mapped "0 $user_uid 1" "0 $user_gid 1"
}

@test "helpers without their setuid bit" {
	for name in newuidmap newgidmap; do
		cp "$(command -v $name)" "$T/$name"
		chmod 0755 "$T/$name"
		chown root: "$T/$name"
		cover "$T/$name" "$(command -v $name)"
		try as_user "$ROOTLET" --root "$T/state" create --bundle "$B" "$C"
		refused "/$name is not setuid root" "chmod u+s"
		rm "$T/cover"
	done
}

@test "helpers with file capabilities instead" {
	command -v setcap >/dev/null || skip "needs setcap"
	for name in newuidmap newgidmap; do
		cp "$(command -v $name)" "$T/$name"
		chown root: "$T/$name"
		chmod 0755 "$T/$name"
		cover "$T/$name" "$(command -v $name)"
	done
	setcap cap_setuid=ep "$T/newuidmap"
	setcap cap_setgid=ep "$T/newgidmap"
	subid uid "$user:300000:1000"
	subid gid "$user:300000:1000"
	script "$maps"
	user_run
	mapped "0 $user_uid 1
1 300000 1000" "0 $user_gid 1
1 300000 1000"
}

@test "helpers on a filesystem that is mounted nosuid" {
	echo "mount --bind /usr/bin /usr/bin; mount -o remount,bind,nosuid /usr/bin" >"$T/cover"
	try as_user "$ROOTLET" --root "$T/state" create --bundle "$B" "$C"
	refused "newuidmap" "nosuid"
}

@test "a helper that fails: its words are in the one line" {
	printf '#!/bin/sh\necho "newgidmap: one line" >&2\necho "and another" >&2\nexit 1\n' \
		>"$T/newgidmap"
	chown root: "$T/newgidmap"
	chmod 4755 "$T/newgidmap"
	cover "$T/newgidmap" "$(command -v newgidmap)"
	try as_user "$ROOTLET" --root "$T/state" create --bundle "$B" "$C"
	refused "newgidmap: one line and another"
}

@test "a caller with no_new_privs" {
	try as_user setpriv --no-new-privs "$ROOTLET" --root "$T/state" create --bundle "$B" "$C"
	refused "no_new_privs" "newuidmap"
}

@test "a caller in another group than that of the login" {
	user_gid=54321 try as_user "$ROOTLET" --root "$T/state" create --bundle "$B" "$C"
	# Some versions of the helpers insist on the login group; those that do not make the
	# container.
	if [ "$status" -eq 0 ]; then
		as_user "$ROOTLET" --root "$T/state" delete "$C"
	else
		refused "newgrp"
	fi
}

@test "a user without a name" {
	subid uid "4242:300000:1000"
	subid gid "4242:300000:1000"
	chown -R 4242:4242 "$B" "$T"
	script "$maps"
	chown -R 4242:4242 "$B"
	user_uid=4242
	user_gid=4242
	as_nameless() {
		unshare --mount sh \
			-ec "mount --bind '$T/subuid' /etc/subuid;
			mount --bind '$T/subgid' /etc/subgid"'; exec "$@"' sh \
			setpriv --reuid=4242 --regid=4242 --clear-groups env -i PATH=/usr/bin:/bin \
			"ROOTLET_TEST=$C" "$@" 3>&-
	}
	try as_nameless "$ROOTLET" --root "$T/state" run --bundle "$B" "$C"
	refused "4242" "password database"
}

# ---------------------------------------------------------------- root's own containers

# rootful: the bundle that root would have.
rootful() {
	rm "$B/config.json"
	"$ROOTLET" spec --rootless=false --bundle "$B"
	config '.process.terminal = false | .root.readonly = false |
		.process.env += ["ROOTLET_TEST=" + $c]' --arg c "$C"
	chown -R root: "$B"
}

@test "root: no user namespace, the host's ids, device nodes" {
	rootful
	config '.linux.devices = [{path: "/dev/extra", type: "c", major: 1, minor: 5, fileMode: 438,
		uid: 7, gid: 8}]
		| .process.capabilities |= map_values(. + ["CAP_CHOWN"])'
	inside "readlink /proc/self/ns/user; $maps; stat -c '%u %g %a %t %T' /dev/extra /dev/null;
		head -c 3 /dev/extra | od -An -tx1
		touch /srv/a; chown 12345:54321 /srv/a"
	has "$output" "$(readlink /proc/self/ns/user)"
	has "$output" "0 0 4294967295"
	has "$output" "7 8 666 1 5"
	has "$output" "0 0 666 1 3"
	has "$output" "00 00 00"
	equal "$(stat -c '%u %g' "$B/rootfs/srv/a")" "12345 54321"
	equal "$stderr" ""
}

@test "root: a user namespace with mappings of its own" {
	rootful
	config '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 500000, size: 1000},
		{containerID: 2000, hostID: 7, size: 1}]
		| .linux.gidMappings = [{containerID: 0, hostID: 600000, size: 1000}]'
	chown 500000:600000 "$B/rootfs/srv" "$B/rootfs"
	inside "$maps; id -u; touch /srv/a"
	equal "$output" "0 500000 1000
2000 7 1

0 600000 1000
0"
	equal "$(stat -c '%u %g' "$B/rootfs/srv/a")" "500000 600000"
}

@test "root: a user namespace without mappings and without a range" {
	rootful
	config '.linux.namespaces += [{type: "user"}]'
	: >"$T/subuid"
	cover "$T/subuid" /etc/subuid
	cover "$T/subuid" /etc/subgid
	as_root() {
		unshare --mount sh -ec '. "$0"; exec "$@"' "$T/cover" env "ROOTLET_TEST=$C" "$@" \
			3>&-
	}
	try as_root "$ROOTLET" --root "$T/state" create --bundle "$B" "$C"
	refused "/linux/uidMappings"
}

@test "root: runc spec's bundle" {
	command -v runc >/dev/null || skip "needs runc"
	rm "$B/config.json"
	(cd "$B" && runc spec)
	config '.process.terminal = false | .process.env += ["ROOTLET_TEST=" + $c]' --arg c "$C"
	chown -R root: "$B"
	inside 'id -u; cat /proc/self/uid_map; mknod /tmp/x c 1 3 2>/dev/null || echo no mknod;
		touch /x 2>/dev/null || echo read-only'
	equal "$(sed -n 1p <<<"$output")" 0
	has "$output" "no mknod"
	has "$output" "read-only"
}

# In such a namespace 0 is root and each id is itself, and yet it may make no device node. Tried:
# the id map asked instead of the namespace's number: mknod failed.
@test "root: a user namespace whose map changes nothing is not the initial one" {
	local there
	rootful
	config '.linux.devices = [{path: "/dev/kmsg", type: "c", major: 1, minor: 11}]'
	# Before it has its map it may write to nothing of ours.
	unshare --user --mount sh -c 'echo $$; exec sleep 60' >"$T/there" 3>&- &
	wait_for test -s "$T/there"
	there=$(cat "$T/there")
	echo "0 0 4294967295" >"/proc/$there/uid_map"
	echo "0 0 4294967295" >"/proc/$there/gid_map"
	script 'stat -c %t:%T /dev/kmsg; cat /proc/self/uid_map'
	try nsenter --target "$there" --user --mount env "ROOTLET_TEST=$C" "$ROOTLET" --debug \
		--root "$T/state" run --bundle "$B" "$C"
	kill "$there"
	equal "$status" 0
	equal "$(head -n 1 <<<"$output")" 1:b
}
