#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Programs for the container's shell and for jq; output, stderr: of helpers' `try`
# shellcheck disable=SC2016,SC2154
# What is mounted in a container, with which flags, and that none of it reaches the host.

load helpers

guest=${ROOTLET_BUILDDIR:-$(dirname "$ROOTLET")}/tests/guest/testguest

setup() {
	container_setup
	cp "$guest" "$B/rootfs/bin/testguest"
}

# own_mounts COMMAND...: in a mount namespace where this user may mount: "the host" of the test.
own_mounts() {
	unshare --map-root-user --map-auto --mount "$@"
}

# Inside: mountinfo PATH prints "flags of the mount - type - flags of the filesystem", of the
# topmost there.
mountinfo='mountinfo() { awk -v p="$1" "\$5 == p { for (i = 7; \$i != \"-\"; i++) o = o \" \" \$i
	r = \$6 \" -\" o \" \" \$(i + 1) \" - \" \$(i + 3); o = \"\" } END { print r }" '\
'/proc/self/mountinfo; }; '

@test "the mounts that spec writes are there, with their flags" {
	inside "$mountinfo"'for p in /proc /dev /dev/pts /dev/shm /dev/mqueue /sys;
		do echo "$p: $(mountinfo $p)"; done'
	has "$output" "/proc: rw,relatime - proc - rw"
	has "$output" "/dev: rw,nosuid - tmpfs - rw,size=65536k,mode=755"
	has "$output" "/dev/pts: rw,nosuid,noexec,relatime - devpts - rw,"
	has "$output" "mode=620,ptmxmode=666"
	has "$output" "/dev/shm: rw,nosuid,nodev,noexec,relatime - tmpfs - rw,size=65536k"
	has "$output" "/dev/mqueue: rw,nosuid,nodev,noexec,relatime - mqueue - rw"
	has "$output" "/sys: ro,nosuid,nodev,noexec,relatime - sysfs - ro"
}

@test "nothing that a container mounts is seen on the host" {
	cat /proc/self/mountinfo >"$T/before"
	script 'echo up; sleep 30'
	rl run --bundle "$B" "$C" >"$T/out" &
	runner=$!
	wait_for grep up "$T/out"
	cat /proc/self/mountinfo >"$T/during"
	rl kill "$C" KILL
	wait "$runner" || equal $? 137
	cmp "$T/before" "$T/during"
}

@test "nothing of the host's mounts is seen inside" {
	inside 'cut -d" " -f4,5 /proc/self/mountinfo; ls -a /;
		[ "$(stat -c %i /)" = "$(stat -c %i /..)" ]'
	[[ $output != *"$T/state"* ]]
	# The root is the bundle's tree; all else is new, or the devices.
	[ "$(grep -c ' /$' <<<"$output")" -eq 1 ]
	has "$output" "/bundle/rootfs /"
}

@test "bind of a directory and of a file" {
	mkdir "$T/dir"
	echo one >"$T/dir/file"
	echo two >"$T/alone"
	mount_add /mnt/dir none "$T/dir" bind
	mount_add /mnt/alone none "$T/alone" bind
	inside 'cat /mnt/dir/file /mnt/alone; echo written >/mnt/dir/new; echo more >>/mnt/alone'
	equal "$output" $'one\ntwo'
	equal "$(cat "$T/dir/new")" written
	equal "$(cat "$T/alone")" $'two\nmore'
}

@test "type bind without the option is a bind too" {
	mkdir "$T/dir"
	echo one >"$T/dir/file"
	config '.mounts += [{destination: "/mnt", type: "bind", source: $s}]' --arg s "$T/dir"
	inside 'cat /mnt/file'
	equal "$output" one
}

@test "a read-only bind: EROFS inside, and the host's place stays writable" {
	mkdir "$T/dir"
	mount_add /mnt none "$T/dir" bind ro
	inside 'testguest try open-write /mnt/x; touch /mnt/x 2>&1; testguest try remount-rw /mnt;
		touch /mnt/x; true'
	has "$output" "Read-only file system"
	has "$output" "EPERM"
	[ ! -e "$T/dir/x" ]
	touch "$T/dir/x"
}

@test "the options of a bind: nosuid, nodev, noexec; the last word wins" {
	mkdir "$T/dir"
	cp "$guest" "$T/dir/prog"
	mount_add /mnt none "$T/dir" bind nosuid nodev noexec
	mount_add /mnt2 none "$T/dir" bind ro rw noexec exec
	inside "$mountinfo"'mountinfo /mnt; mountinfo /mnt2; /mnt/prog getcwd 2>&1;
		/mnt2/prog getcwd'
	has "$output" "rw,nosuid,nodev,noexec,relatime - "
	has "$output" "Permission denied"
	equal "$(tail -n 1 <<<"$output")" /
	equal "$(sed -n 2p <<<"$output" | cut -d' ' -f1)" "rw,relatime"
}

@test "read-only on a tree that is nosuid, nodev, noexec: the locked flags stay, and ro is added" {
	mkdir "$T/dir"
	mount_add /mnt none "$T/dir" bind ro
	mount_add /mnt-rw none "$T/dir" bind
	script "$mountinfo"'mountinfo /mnt; mountinfo /mnt-rw; touch /mnt/x 2>&1; touch /mnt-rw/y'
	try own_mounts sh \
		-ec 'mount -t tmpfs -o nosuid,nodev,noexec none "$2";
		exec "$1" --root "$2.state" run -b "$3" "$4"' \
		sh "$ROOTLET" "$T/dir" "$B" "$C"
	equal "$status" 0
	rmdir "$T/dir.state"
	has "$(sed -n 1p <<<"$output")" "ro,nosuid,nodev,noexec,relatime - "
	has "$(sed -n 2p <<<"$output")" "rw,nosuid,nodev,noexec,relatime - "
	has "$output" "Read-only file system"
}

@test "options that would unlock what the host locked are said, and not done" {
	mkdir "$T/dir"
	mount_add /mnt none "$T/dir" bind suid dev
	script "$mountinfo"'mountinfo /mnt'
	try own_mounts sh \
		-ec 'mount -t tmpfs -o nosuid,nodev none "$2";
		exec "$1" --root "$2.state" run -b "$3" "$4"' \
		sh "$ROOTLET" "$T/dir" "$B" "$C"
	equal "$status" 0
	rmdir "$T/dir.state"
	has "$output" "rw,nosuid,nodev"
	has "$stderr" "/mounts/7: /mnt keeps mount options"
}

@test "how the access time is kept is locked by the host: said, and the rest is done" {
	mkdir "$T/dir"
	mount_add /mnt none "$T/dir" bind ro noatime
	mount_add /t tmpfs tmpfs noatime
	inside "$mountinfo"'mountinfo /mnt; mountinfo /t'
	has "$output" "ro,relatime - "
	has "$output" "rw,noatime - tmpfs"
	has "$stderr" "/mounts/7: /mnt keeps"
}

@test "rbind brings what is mounted below, bind of such a tree is refused with a hint" {
	mkdir -p "$T/dir/below"
	mount_add /mnt none "$T/dir" rbind
	script 'cat /mnt/below/file'
	cat >"$T/outer" <<-'END'
		mount -t tmpfs none "$2/below"
		echo deep >"$2/below/file"
		exec "$1" --root "$2.state" run -b "$3" "$4"
	END
	try own_mounts sh -e "$T/outer" "$ROOTLET" "$T/dir" "$B" "$C"
	equal "$status$output" 0deep
	config '.mounts[-1].options = ["bind"]'
	try own_mounts sh -e "$T/outer" "$ROOTLET" "$T/dir" "$B" "$C"
	refused "/mounts/7: source $T/dir" "use rbind"
	rmdir "$T/dir.state"
}

@test "rro is read-only all the way down, ro only on top" {
	mkdir -p "$T/dir/below"
	mount_add /ro none "$T/dir" rbind ro
	mount_add /rro none "$T/dir" rbind rro
	script 'touch /ro/a 2>/dev/null || echo 1; touch /ro/below/b && echo 2;
		touch /rro/c 2>/dev/null || echo 3
		touch /rro/below/d 2>/dev/null || echo 4'
	try own_mounts sh \
		-ec 'mount -t tmpfs none "$2/below"; exec "$1" --root "$2.state" run -b "$3" "$4"' \
		sh "$ROOTLET" "$T/dir" "$B" "$C"
	rmdir "$T/dir.state"
	equal "$output" $'1\n2\n3\n4'
}

@test "a relative source is the bundle's, a relative destination is below the root" {
	mkdir "$B/data"
	echo here >"$B/data/file"
	mount_add srv/data none data bind
	(cd / && script 'cat /srv/data/file' && try rl run --bundle "$B" "$C" &&
		equal "$output" here)
}

@test "missing destinations are made, files and directories" {
	mkdir "$T/dir"
	touch "$T/file"
	mount_add /a/b/c none "$T/dir" bind
	mount_add /d/e/f none "$T/file" bind
	mount_add /g/h tmpfs tmpfs
	inside 'stat -c "%F %n" /a/b/c /d/e/f /g/h'
	equal "$output" $'directory /a/b/c\nregular empty file /d/e/f\ndirectory /g/h'
}

@test "later mounts go on top of earlier ones, in their order" {
	mkdir "$T/one" "$T/two"
	echo 1 >"$T/one/file"
	echo 2 >"$T/two/file"
	mount_add /mnt none "$T/one" bind
	mount_add /mnt none "$T/two" bind
	mount_add /t tmpfs tmpfs
	mount_add /t/in/side none "$T/one" bind
	inside 'cat /mnt/file /t/in/side/file'
	equal "$output" $'2\n1'
	[ ! -e "$B/rootfs/t/in" ]
}

@test "a directory on a file, and a file on a directory, are refused" {
	mkdir "$T/dir"
	touch "$T/file" "$B/rootfs/file"
	mount_add /file none "$T/dir" bind
	try rl run --bundle "$B" "$C"
	refused "/mounts/7: destination /file" "not a directory"
	config '.mounts[-1] = {destination: "/tmp", type: "none", source: $f, options: ["bind"]}' \
		--arg f "$T/file"
	try rl run --bundle "$B" "$C"
	refused "/mounts/7: destination /tmp is a directory"
}

@test "a missing source is refused, and named" {
	mount_add /mnt none "$T/none" bind
	try rl run --bundle "$B" "$C"
	refused "/mounts/7: source $T/none" "No such file or directory"
}

@test "tmpfs with size and mode" {
	mount_add /t tmpfs tmpfs size=64k mode=1750 nr_inodes=7
	inside "$mountinfo"'mountinfo /t; stat -c %a /t;
		dd if=/dev/zero of=/t/x bs=1k count=100 2>&1; stat -c %s /t/x'
	has "$output" "rw,size=64k,nr_inodes=7,mode=1750"
	has "$output" $'\n1750\n'
	has "$output" "No space left on device"
	equal "$(tail -n 1 <<<"$output")" 65536
}

@test "tmpcopyup: a tmpfs with what was there before" {
	mkdir -p "$B/rootfs/data/sub/deep"
	echo text >"$B/rootfs/data/sub/deep/file"
	chmod 4751 "$B/rootfs/data/sub/deep/file"
	chmod 2700 "$B/rootfs/data/sub"
	ln -s ../nowhere "$B/rootfs/data/link"
	ln -s /etc/passwd "$B/rootfs/data/absolute"
	mkfifo -m 640 "$B/rootfs/data/fifo"
	head -c 300000 /dev/urandom >"$B/rootfs/data/big"
	mount_add /data tmpfs tmpfs tmpcopyup mode=755
	inside "$mountinfo"'cd /data; mountinfo /data; stat -c "%a %F" sub sub/deep/file fifo;
		cat sub/deep/file
		readlink link; readlink absolute; md5sum <big; echo new >sub/deep/file'
	has "$output" " - tmpfs - "
	has "$output" $'2700 directory\n4751 regular file\n640 fifo\ntext\n../nowhere\n/etc/passwd'
	has "$output" "$(md5sum <"$B/rootfs/data/big")"
	equal "$(cat "$B/rootfs/data/sub/deep/file")" text
}

# Tried: all that a file says it holds is copied, as before: there was no room for it.
@test "tmpcopyup: holes stay holes, and a file of a terabyte takes no memory" {
	mkdir "$B/rootfs/data"
	truncate -s 1T "$B/rootfs/data/empty"
	truncate -s 3M "$B/rootfs/data/parts"
	printf begin | dd of="$B/rootfs/data/parts" conv=notrunc status=none
	printf middle | dd of="$B/rootfs/data/parts" conv=notrunc bs=1 seek=1500000 status=none
	printf end | dd of="$B/rootfs/data/parts" conv=notrunc bs=1 seek=3145725 status=none
	truncate -s 2M "$B/rootfs/data/tail"
	printf front | dd of="$B/rootfs/data/tail" conv=notrunc status=none
	: >"$B/rootfs/data/nothing"
	mount_add /data tmpfs tmpfs tmpcopyup size=256k
	inside 'cd /data; stat -c "%n %s" *; md5sum <parts; md5sum <tail
		[ $(stat -c %b empty) -eq 0 ] && [ $(stat -c %b parts) -lt 256 ] && echo small'
	equal "$output" "empty 1099511627776
nothing 0
parts 3145728
tail 2097152
$(md5sum <"$B/rootfs/data/parts")
$(md5sum <"$B/rootfs/data/tail")
small"
}

@test "tmpcopyup on anything but a tmpfs is refused" {
	mount_add /mnt none "$T" bind tmpcopyup
	try rl run --bundle "$B" "$C"
	refused "/mounts/7/options: tmpcopyup works only with a tmpfs"
}

@test "propagation of mounts: private, shared, slave, unbindable" {
	mount_add /private tmpfs tmpfs private
	mount_add /shared tmpfs tmpfs shared
	mount_add /slave tmpfs tmpfs rslave
	mount_add /unbindable tmpfs tmpfs unbindable
	mkdir "$T/dir"
	mount_add /bind none "$T/dir" rbind rshared
	inside "$mountinfo"'for p in /private /shared /unbindable /bind;
		do echo "$p: $(mountinfo $p)"; done'
	has "$output" "/private: rw,relatime - tmpfs"
	[[ $output == *"/shared: rw,relatime - shared:"*" tmpfs"* ]]
	has "$output" "/unbindable: rw,relatime - unbindable tmpfs"
	[[ $output == *"/bind: rw,relatime - shared:"* ]]
}

@test "a later entry without a type changes an earlier mount: remount and propagation" {
	mount_add /t tmpfs tmpfs
	mount_add /t none none remount ro nosuid
	mount_add /p tmpfs tmpfs
	config '.mounts += [{destination: "/p", options: ["rshared"]}]'
	inside "$mountinfo"'mountinfo /t; mountinfo /p; touch /t/x 2>&1; true'
	has "$output" "ro,nosuid,relatime - tmpfs"
	has "$output" "rw,relatime - shared:"
	has "$output" "Read-only file system"
}

@test "a remount of what is no mount is refused" {
	mount_add /etc none none remount ro
	try rl run --bundle "$B" "$C"
	refused "/mounts/7: "
	mount_add /nowhere none none remount ro
	config 'del(.mounts[7])'
	try rl run --bundle "$B" "$C"
	refused "/mounts/7: /nowhere" "No such file"
}

@test "an unknown filesystem type is refused by name" {
	mount_add /mnt nosuchfs none
	try rl run --bundle "$B" "$C"
	refused "/mounts/7: mounting nosuchfs on /mnt" 'filesystem type "nosuchfs" is not known'
}

@test "an unknown option of a filesystem: the kernel's own words are in the error" {
	mount_add /mnt tmpfs tmpfs nosuchoption=1
	try rl run --bundle "$B" "$C"
	refused "/mounts/7: mounting tmpfs on /mnt" "nosuchoption" "Unknown parameter"
}

@test "a filesystem that a user may not mount is refused with a hint" {
	mount_add /mnt ext4 /dev/null
	try rl run --bundle "$B" "$C"
	refused "/mounts/7: mounting ext4 on /mnt" "a bind mount"
}

@test "a destination through symlinks of the root filesystem stays inside" {
	mkdir -p "$T/outside" "$T/dir" "$B/rootfs$T/outside"
	echo mine >"$T/dir/file"
	ln -s "$T/outside" "$B/rootfs/absolute"
	ln -s ../../../../../../../../../../../../etc "$B/rootfs/relative"
	mount_add /absolute/a none "$T/dir" bind
	mount_add /relative/b none "$T/dir" bind
	mount_add "/../../../../../../../../../tmp/c" none "$T/dir" bind
	inside 'cat /absolute/a/file /etc/b/file /tmp/c/file; readlink -f /absolute'
	equal "$output" $'mine\nmine\nmine\n'"$T/outside"
	equal "$(ls -A "$T/outside")" ""
	[ -d "$B/rootfs$T/outside/a" ]
	[ ! -e /etc/b ] && [ ! -e /tmp/c ]
}

@test "a destination through a link to nowhere is made inside, nothing outside" {
	ln -s "$T/outside" "$B/rootfs/link"
	mount_add /link/a tmpfs tmpfs
	inside "grep -c ' $T/outside/a ' /proc/self/mountinfo"
	equal "$output" 1
	[ ! -e "$T/outside" ]
	[ -d "$B/rootfs$T/outside/a" ]
}

@test "proc and sysfs on a symlink of the root filesystem are refused" {
	rmdir "$B/rootfs/proc" "$B/rootfs/sys"
	mkdir "$B/rootfs/elsewhere" "$B/rootfs/sys"
	ln -s elsewhere "$B/rootfs/proc"
	try rl run --bundle "$B" "$C"
	refused "/mounts/0: /proc is a symbolic link"
	rm "$B/rootfs/proc"
	rmdir "$B/rootfs/sys"
	mkdir "$B/rootfs/proc"
	ln -s elsewhere "$B/rootfs/sys"
	try rl run --bundle "$B" "$C"
	refused ": /sys is a symbolic link"
}

@test "a link in a circle is refused, not followed for ever" {
	ln -s loop "$B/rootfs/loop"
	mount_add /loop/x tmpfs tmpfs
	try rl run --bundle "$B" "$C"
	refused "/mounts/7: destination /loop/x" "circle"
}

@test "a mount on / is refused" {
	local destination
	for destination in / // /. /.. /../ .; do
		config '.mounts[7] = {destination: $d, type: "tmpfs", source: "tmpfs"}' --arg d \
			"$destination"
		try rl run --bundle "$B" "$C"
		refused "/mounts/7/destination: a mount on \"/\""
	done
}

@test "root.readonly: EROFS on the root, mounts on it stay writable" {
	mount_add /t tmpfs tmpfs
	config '.root.readonly = true'
	inside "$mountinfo"'mountinfo / | cut -c1-3; touch /x 2>&1; touch /t/x && echo fine;
		testguest try remount-rw /'
	has "$output" "ro,"
	has "$output" "Read-only file system"
	has "$output" $'fine\nEPERM'
	touch "$B/rootfs/x"
}

@test "a root that is not read-only is written to, by ids of the range" {
	inside 'echo a >/mine; echo b >/theirs; chown 1000:65534 /theirs;
		stat -c "%u:%g" /mine /theirs'
	equal "$output" $'0:0\n1000:65534'
	equal "$(stat -c %u "$B/rootfs/mine")" "$(id -u)"
	[ "$(stat -c %u "$B/rootfs/theirs")" -gt 65536 ]
}

@test "sysfs without a network namespace: the host's, read-only, and a note" {
	config 'del(.linux.namespaces[] | select(.type == "network"))'
	inside "$mountinfo"'mountinfo /sys;
		awk "\$5 ~ \"^/sys(/|$)\" && \$6 !~ /^ro/" /proc/self/mountinfo
		ls /sys/class/net; testguest try remount-rw /sys'
	has "$output" "ro,nosuid,nodev,noexec,relatime - "
	[[ $output != *$'\n'[0-9]*" /sys"* ]] || fail "something below /sys is writable: $output"
	has "$output" "EPERM"
	has "$stderr" "the host's /sys is bound read-only"
}

# CVE-2023-25809. Tried: the bind of adapt_cgroup made a writable one: each hierarchy was.
@test "the cgroup mount is never writable without a cgroup namespace" {
	local options
	for options in '["ro"]' '["rw"]' '[]'; do
		config 'del(.linux.namespaces[] | select(.type == "cgroup"))
			| (.mounts[] | select(.type == "cgroup")).options = $o' --argjson o \
				"$options"
		inside 'n=0; while read -r _ _ _ _ where flags _; do case $where in
			/sys/fs/cgroup | /sys/fs/cgroup/*) n=$((n + 1));
			case $flags in ro,*) ;; *) echo "$where $flags" ;; esac ;;
			esac; done </proc/self/mountinfo; echo "n=$((n > 0))";
			mkdir /sys/fs/cgroup/x 2>/dev/null && echo writable; true'
		equal "$output" "n=1"
	done
}

@test "proc without a pid namespace: the host's is bound, and a note" {
	config 'del(.linux.namespaces[] | select(.type == "pid"))'
	inside 'readlink /proc/self; [ -d /proc/$PPID ] && echo parent'
	[ "$(head -n 1 <<<"$output")" -gt 1 ]
	has "$stderr" "the host's /proc is bound"
}

@test "mqueue without an ipc namespace: the host's or none, and a note" {
	config 'del(.linux.namespaces[] | select(.type == "ipc"))'
	inside 'true'
	has "$stderr" "the host's /dev/mqueue is bound"
}

@test "overlay: written to the upper directory, the lower one untouched" {
	mkdir "$T/lower" "$T/upper" "$T/work"
	echo below >"$T/lower/file"
	echo gone >"$T/lower/removed"
	mount_add /mnt overlay overlay "lowerdir=$T/lower" "upperdir=$T/upper" "workdir=$T/work"
	inside "$mountinfo"'mountinfo /mnt; cat /mnt/file; echo above >/mnt/file; rm /mnt/removed;
		ls /mnt'
	has "$output" " - overlay - "
	has "$output" "userxattr"
	equal "$(tail -n 2 <<<"$output")" $'below\nfile'
	equal "$(cat "$T/lower/file" "$T/upper/file")" $'below\nabove'
	[ -e "$T/lower/removed" ]
}

@test "devpts with a gid that is not mapped: left out" {
	config '(.mounts[] | select(.type == "devpts")).options += ["gid=4000000"]'
	inside "$mountinfo"'mountinfo /dev/pts'
	has "$output" "devpts"
	[[ $output != *gid=* ]]
}
