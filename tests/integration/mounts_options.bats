#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Programs for the container's shell and for jq; output, stderr: of helpers' `try`
# shellcheck disable=SC2016,SC2154
# Every option string of config.md, seen in mountinfo inside, and what the flags do.

load helpers
load lifecycle

guest=${ROOTLET_BUILDDIR:-$(dirname "$ROOTLET")}/tests/guest/testguest

setup() {
	container_setup
	cp "$guest" "$B/rootfs/bin/testguest"
}

# own_mounts COMMAND...: in a mount namespace where this user may mount: "the host" of the test.
own_mounts() {
	unshare --map-root-user --map-auto --mount "$@"
}

# Inside: for each mount below /o its last part, the mount's flags, and the filesystem's without
# what a tmpfs has of itself.
show='awk "\$5 ~ \"^/o/\" { for (i = 7; \$i != \"-\"; i++); s = \$(i + 3); '\
'gsub(/,?(inode64|uid=[0-9]*|gid=[0-9]*)/, \"\", s)
	sub(\"^/o/\", \"\", \$5); print \$5, \$6, s }" /proc/self/mountinfo'

# options_give KIND: for each line of stdin, "option option … : flags filesystem-flags", a mount of
# its own.
options_give() {
	local kind=$1 line name wanted=""
	local -a options
	while read -r line; do
		read -ra options <<<"${line%%:*}"
		name=$(tr ' ' + <<<"${options[*]}")
		if [ "$kind" = tmpfs ]; then
			mount_add "/o/$name" tmpfs tmpfs "${options[@]}"
		else
			mount_add "/o/$name" none "$T/dir" bind "${options[@]}"
		fi
		wanted+="$name${line##*:}"$'\n'
	done
	inside "$show"
	[ "$kind" = tmpfs ] || output=$(cut -d' ' -f1,2 <<<"$output")
	equal "$output" "${wanted%$'\n'}"
}

@test "options of a new filesystem: each with its flag" {
	options_give tmpfs <<-'END'
		async: rw,relatime rw
		atime: rw,relatime rw
		defaults: rw,relatime rw
		dev: rw,relatime rw
		diratime: rw,relatime rw
		dirsync: rw,relatime rw,dirsync
		exec: rw,relatime rw
		iversion: rw,relatime rw
		lazytime: rw,relatime rw,lazytime
		loud: rw,relatime rw
		mand: rw,relatime rw
		noatime: rw,noatime rw
		nodev: rw,nodev,relatime rw
		nodiratime: rw,nodiratime,relatime rw
		noexec: rw,noexec,relatime rw
		noiversion: rw,relatime rw
		nolazytime: rw,relatime rw
		nomand: rw,relatime rw
		norelatime: rw,relatime rw
		nostrictatime: rw,relatime rw
		nosuid: rw,nosuid,relatime rw
		nosymfollow: rw,relatime,nosymfollow rw
		relatime: rw,relatime rw
		ro: ro,relatime ro
		rw: rw,relatime rw
		silent: rw,relatime rw
		strictatime: rw rw
		suid: rw,relatime rw
		symfollow: rw,relatime rw
		sync: rw,relatime rw,sync
	END
}

@test "options of mount(8): what users may mount is safe, what is for other programs is left out" {
	options_give tmpfs <<-'END'
		user: rw,nosuid,nodev,noexec,relatime rw
		users exec: rw,nosuid,nodev,relatime rw
		owner: rw,nosuid,nodev,relatime rw
		group suid: rw,nodev,relatime rw
		nouser: rw,relatime rw
		auto noauto nofail _netdev: rw,relatime rw
		x-systemd.automount X-mount.mkdir comment=mine: rw,relatime rw
	END
	equal "$stderr" ""
}

@test "options of a bind: each with its flag, the last word wins" {
	mkdir "$T/dir"
	options_give bind <<-'END'
		nodev: rw,nodev,relatime
		noexec: rw,noexec,relatime
		nosuid: rw,nosuid,relatime
		nosymfollow: rw,relatime,nosymfollow
		nosymfollow symfollow: rw,relatime
		ro: ro,relatime
		ro rw: rw,relatime
		noexec exec nodev dev nosuid suid: rw,relatime
		rnodev: rw,nodev,relatime
		rnosymfollow rnoexec rnosuid: rw,nosuid,noexec,relatime,nosymfollow
		rro: ro,relatime
		rro rrw: rw,relatime
	END
}

@test "recursive options reach what is mounted below, also those of the access time" {
	local options=(rnoatime rnodiratime rstrictatime rrelatime rnodev rnoexec rnosuid rro \
		rnosymfollow ratime rdiratime
		rnorelatime rnostrictatime rdev rexec rsuid rrw rsymfollow) option
	mkdir "$T/dir"
	chmod 0755 "$T"
	for option in "${options[@]}"; do
		mount_add "/o/$option" none "$T/dir" rbind "$option"
	done
	script "$show"' | grep /below | cut -d" " -f1,2'
	# Without a user namespace of its own the container's mounts are not locked: the flags can
	# be cleared too.
	config 'del(.linux.namespaces[] | select(.type == "user"), .linux.uidMappings,
		.linux.gidMappings)'
	try own_mounts sh -ec 'mount -t tmpfs none "$2"; mkdir "$2/below"
		mount -t tmpfs -o noatime,nodiratime,nodev,noexec,nosuid none "$2/below"
		exec "$1" --root "$2.state" run -b "$3" "$4"' sh "$ROOTLET" "$T/dir" "$B" "$C"
	rmdir "$T/dir.state"
	equal "$output" "rnoatime/below rw,nosuid,nodev,noexec,noatime,nodiratime
rnodiratime/below rw,nosuid,nodev,noexec,noatime,nodiratime
rstrictatime/below rw,nosuid,nodev,noexec,nodiratime
rrelatime/below rw,nosuid,nodev,noexec,nodiratime,relatime
rnodev/below rw,nosuid,nodev,noexec,noatime,nodiratime
rnoexec/below rw,nosuid,nodev,noexec,noatime,nodiratime
rnosuid/below rw,nosuid,nodev,noexec,noatime,nodiratime
rro/below ro,nosuid,nodev,noexec,noatime,nodiratime
rnosymfollow/below rw,nosuid,nodev,noexec,noatime,nodiratime,nosymfollow
ratime/below rw,nosuid,nodev,noexec,nodiratime,relatime
rdiratime/below rw,nosuid,nodev,noexec,noatime
rnorelatime/below rw,nosuid,nodev,noexec,nodiratime,relatime
rnostrictatime/below rw,nosuid,nodev,noexec,nodiratime,relatime
rdev/below rw,nosuid,noexec,noatime,nodiratime
rexec/below rw,nosuid,nodev,noatime,nodiratime
rsuid/below rw,nodev,noexec,noatime,nodiratime
rrw/below rw,nosuid,nodev,noexec,noatime,nodiratime
rsymfollow/below rw,nosuid,nodev,noexec,noatime,nodiratime"
}

@test "what the flags do: noexec, nosymfollow, noatime, strictatime" {
	mount_add /noexec tmpfs tmpfs noexec
	mount_add /nosymfollow tmpfs tmpfs nosymfollow
	mount_add /noatime tmpfs tmpfs noatime
	mount_add /strictatime tmpfs tmpfs strictatime
	inside 'cp /bin/testguest /noexec/; /noexec/testguest getcwd 2>&1
		ln -s /etc/passwd /nosymfollow/link; cat /nosymfollow/link 2>&1;
		readlink /nosymfollow/link
		for d in /noatime /strictatime; do
			echo x >$d/f; touch -a -d "2001-01-01" $d/f; cat $d/f >/dev/null;
			touch -a -d "2031-01-01" $d/f; cat $d/f >/dev/null
			stat -c %x $d/f | cut -c1-4 | grep -c 2031
		done; true'
	has "$output" "noexec/testguest: Permission denied"
	has "$output" $'Too many levels of symbolic links\n/etc/passwd'
	equal "$(tail -n 2 <<<"$output")" $'1\n0'
}

@test "options of a filesystem on a bind mount: not dropped in silence" {
	mkdir "$T/dir"
	mount_add /mnt none "$T/dir" bind size=5m
	inside 'grep -c " /mnt " /proc/self/mountinfo'
	equal "$output" 1
	equal "$(wc -l <"$T/try.err")" 1
	has "$stderr" '/mounts/7: "size=5m" is not applied: a bind mount'
}

@test "remount changes the filesystem's own options too" {
	mount_add /o/t tmpfs tmpfs size=1m
	mount_add /o/t none none remount size=64k nosuid
	inside "$show"'; dd if=/dev/zero of=/o/t/x bs=1k count=100 2>&1; stat -c %s /o/t/x'
	has "$output" "t rw,nosuid,relatime rw,size=64k"
	equal "$(tail -n 1 <<<"$output")" 65536
	config '.mounts[-1].options = ["remount", "nosuchoption=1"]'
	try rl run --bundle "$B" "$C"
	refused "/mounts/8: remounting /o/t" "nosuchoption" "Unknown parameter"
}

@test "a read-only tmpfs is filled first: mounts, files, devices, cwd and copies below it" {
	echo hello >"$T/file"
	mkdir "$B/rootfs/cu"
	echo copied >"$B/rootfs/cu/f"
	mount_add /x tmpfs tmpfs ro
	mount_add /x/in tmpfs tmpfs
	mount_add /x/file none "$T/file" bind ro
	mount_add /cu tmpfs tmpfs ro tmpcopyup
	mount_add /rro tmpfs tmpfs rro
	mount_add /rro/in tmpfs tmpfs
	config '(.mounts[] | select(.destination == "/dev").options) += ["ro"]
		| .process.cwd = "/x/w/d"'
	inside 'pwd; for d in /x /dev /cu /rro; do touch $d/no 2>&1; done
		touch /x/in/y /rro/in/y && cat /x/file /cu/f && echo there >/dev/null &&
		ls -d /dev/null /dev/pts'
	equal "$output" "/x/w/d
touch: /x/no: Read-only file system
touch: /dev/no: Read-only file system
touch: /cu/no: Read-only file system
touch: /rro/no: Read-only file system
hello
copied
/dev/null
/dev/pts"
}

@test "mounts add: a read-only tmpfs with a copy of what was there" {
	mkdir "$B/rootfs/cu"
	echo copied >"$B/rootfs/cu/f"
	sleeper
	detached
	echo '[{"destination": "/cu", "type": "tmpfs", "options": ["ro", "tmpcopyup"]}]' \
		>"$T/mounts.json"
	rl mounts add "$C" "$T/mounts.json"
	equal "$(rl exec "$C" sh -c 'cat /cu/f; touch /cu/no 2>&1')" "copied
touch: /cu/no: Read-only file system"
	rl delete --force "$C"
}

@test "a tmpfs without a mode has that of the directory below it; a new one is everybody's" {
	mkdir -m 0700 "$B/rootfs/closed" "$B/rootfs/given"
	mkdir -m 2750 "$B/rootfs/group"
	mount_add /closed tmpfs tmpfs
	mount_add /given tmpfs tmpfs mode=711
	mount_add /group tmpfs tmpfs tmpcopyup ro
	mount_add /new tmpfs tmpfs
	inside 'stat -c %a /closed /given /group /new'
	equal "$output" $'700\n711\n2750\n1777'
}

# layers N: that many folders with a file each, colon by colon, in 70 bytes and more each.
layers() {
	local i name list=
	name=$(printf 'layer%.0s' 1 2 3 4 5 6 7 8 9 10 11 12)
	for ((i = 1; i <= $1; i++)); do
		mkdir -p "$T/$name$i"
		echo "$i" >"$T/$name$i/f$i"
		list+=:$T/$name$i
	done
	echo "${list#:}"
}

@test "options of more than 255 bytes: an overlay of many layers, read-only and with an upper one" {
	mkdir "$T/upper" "$T/work"
	mount_add /low overlay overlay "lowerdir=$(layers 9)" nosuid
	mount_add /both overlay overlay "lowerdir=$(layers 9)" "upperdir=$T/upper" \
		"workdir=$T/work" noatime sync
	mount_add /long tmpfs "$(printf 's%.0s' {1..300})" size=64k ro
	inside 'cat /low/* | tr "\\n" " "; ls /both | wc -l; echo >/both/new
		touch /long/no /low/no 2>&1; grep -E " /(low|both|long) " /proc/self/mountinfo |
		sed "s/^[^/]*[^ ]* //; s/ - .*//"
		grep -o " - tmpfs sss*" /proc/self/mountinfo | wc -c'
	equal "$output" "1 2 3 4 5 6 7 8 9 9
touch: /long/no: Read-only file system
touch: /low/no: Read-only file system
/low rw,nosuid,relatime
/both rw,noatime
/long ro,relatime
310"
	[ -e "$T/upper/new" ]
	cat /proc/self/mountinfo >"$T/after"
	not grep -q "lowerdir=$T" "$T/after"
}

@test "options of more than a page together are named, with a remedy" {
	mount_add /low overlay overlay "lowerdir=$(layers 60)"
	try rl run --bundle "$B" "$C"
	refused "/mounts/7" "options of more than 4095 bytes" "shorter paths"
}

# A type that is mounted as asked, or bound from the host because its namespace is shared.
@test "an option that a filesystem does not know: an error or a note that names it" {
	local type plain
	plain=$(<"$B/config.json")
	for type in tmpfs proc sysfs mqueue devpts cgroup cgroup2 overlay; do
		printf '%s' "$plain" >"$B/config.json"
		mount_add /o "$type" "$type" nosuchoption
		config '.linux.namespaces |= (map(select(.type != "cgroup")) + [{type: "cgroup"}])'
		try rl run --bundle "$B" "$C"
		refused nosuchoption /mounts/
	done
	for type in sysfs:network mqueue:ipc; do
		printf '%s' "$plain" >"$B/config.json"
		config 'del(.linux.namespaces[] | select(.type == $n))' --arg n "${type#*:}"
		config 'del(.hostname)'
		mount_add /o "${type%:*}" none nosuchoption
		inside true
		has "$stderr" '"nosuchoption" is not applied'
	done
	printf '%s' "$plain" >"$B/config.json"
	config '.linux.namespaces |= map(select(.type != "cgroup"))'
	mount_add /o cgroup cgroup nosuchoption
	try rl run --bundle "$B" "$C"
	refused '"nosuchoption" is no option of cgroup'
}

@test "recursive options of a new filesystem are its own" {
	local type all=ro,nosuid,nodev,noexec,noatime,nodiratime,nosymfollow
	for type in tmpfs proc sysfs mqueue devpts; do
		mount_add "/o/$type" "$type" "$type" rnosuid rnodev rnoexec rnoatime rnodiratime \
			rnosymfollow rro
		mount_add "/o/$type-not" "$type" "$type" nosuid nodev noexec noatime ro rsuid rdev \
			rexec rrelatime rrw
	done
	inside 'for t in tmpfs proc sysfs mqueue devpts; do for p in /o/$t /o/$t-not; do
		echo "$p $(awk -v p=$p "\$5 == p { print \$6 }" /proc/self/mountinfo)"; done; done
		touch /o/tmpfs/x 2>&1; touch /o/tmpfs-not/x && echo made'
	for type in tmpfs mqueue devpts; do
		has "$output" "/o/$type $all"
		has "$output" "/o/$type-not rw,relatime"
	done
	# The kernel may lock how these keep access times; then a line says so.
	for type in proc sysfs; do
		has "$output" "/o/$type ro,nosuid,nodev,noexec,"
		[[ $output == *"/o/$type $all"* ]] ||
			has "$stderr" "/o/$type keeps the access time option"
		has "$output" "/o/$type-not rw,"
	done
	has "$output" "Read-only file system"$'\n'made
}
