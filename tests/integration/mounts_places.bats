#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Programs for the container's shell and for jq; output, stderr: of helpers' `try`
# shellcheck disable=SC2016,SC2154
# Sources and destinations of every type of file, and what stands in where a filesystem can't be
# mounted.

load helpers

# own_mounts COMMAND...: in a mount namespace where this user may mount: "the host" of the test.
own_mounts() {
	unshare --map-root-user --map-auto --mount "$@"
}

@test "sources of every type: directory, file, socket, FIFO, device, and links to them" {
	mkdir "$T/src"
	cd "$T/src"
	mkdir dir
	echo text >file
	mkfifo fifo
	python3 -c 'import socket; s = socket.socket(socket.AF_UNIX); s.bind("socket")'
	ln -s file to-file
	ln -s dir to-dir
	for name in dir file fifo socket to-file to-dir; do
		mount_add "/srv/$name" none "$T/src/$name" bind
	done
	mount_add /srv/device none /dev/zero bind
	inside 'cd /srv; stat -c "%n %F" *; head -c 2 device | od -An -tx1; (echo through >fifo &) ;
		cat fifo'
	equal "$output" "device character special file
dir directory
fifo fifo
file regular file
socket socket
to-dir directory
to-file regular file
 00 00
through"
}

@test "src-nofollow binds a symlink itself, dest-nofollow mounts over one" {
	echo outside >"$T/file"
	ln -s /etc/group "$T/link"
	touch "$B/rootfs/srv/place"
	ln -s /etc/passwd "$B/rootfs/srv/dest"
	ln -s /nowhere "$B/rootfs/srv/dangling"
	mount_add /srv/place none "$T/link" bind src-nofollow
	mount_add /srv/dest none "$T/file" bind dest-nofollow
	mount_add /srv/dangling none "$T/link" bind src-nofollow dest-nofollow
	inside 'cd /srv; readlink place; cat dest; readlink dangling; head -n 1 place'
	equal "$output" "/etc/group
outside
/etc/group
root:x:0:"
	equal "$(readlink "$B/rootfs/srv/dangling")" /nowhere
	[ ! -e "$B/rootfs/nowhere" ]
}

@test "dest-nofollow: a directory does not fit on a symlink" {
	mkdir "$T/dir"
	ln -s /etc "$B/rootfs/srv/dest"
	mount_add /srv/dest none "$T/dir" bind dest-nofollow
	try rl run --bundle "$B" "$C"
	refused "/mounts/7: destination /srv/dest is not a directory"
}

@test "copy-symlink: the same link in the container, anything else is bound" {
	echo outside >"$T/file"
	ln -s ../some/where "$T/link"
	mount_add /srv/new/link none "$T/link" bind copy-symlink
	mount_add /srv/file none "$T/file" bind copy-symlink
	inside 'readlink /srv/new/link; cat /srv/file; grep -c " /srv/" /proc/self/mountinfo'
	equal "$output" $'../some/where\noutside\n1'
	# Once more over what is there by now; then over something else.
	inside 'readlink /srv/new/link'
	equal "$output" ../some/where
	ln -sfn elsewhere "$B/rootfs/srv/new/link"
	try rl run --bundle "$B" "$C"
	refused \
		"/mounts/7: destination /srv/new/link exists and is not the symbolic link to \
../some/where"
	equal "$(readlink "$B/rootfs/srv/new/link")" elsewhere
}

@test "a destination that can't be made on a read-only root filesystem" {
	mkdir "$T/dir"
	mount_add /not/there none "$T/dir" bind
	try own_mounts sh \
		-ec 'mount --bind "$3/rootfs" "$3/rootfs"; mount -o remount,bind,ro "$3/rootfs"
		exec "$1" --root "$2.state" run -b "$3" "$4"' sh "$ROOTLET" "$T/dir" "$B" "$C"
	rmdir "$T/dir.state"
	refused "/mounts/7: destination /not/there: Read-only file system" \
		"create it in the root filesystem"
}

@test "a mount over a file, and one below another mount" {
	echo one >"$T/one"
	echo two >"$T/two"
	mkdir "$T/dir"
	mount_add /etc/passwd none "$T/one" bind
	mount_add /etc/passwd none "$T/two" bind ro
	mount_add /run tmpfs tmpfs mode=755
	mount_add /run/a none "$T/dir" rbind
	mount_add /run/a/b tmpfs tmpfs
	mount_add /run/a/b/c none "$T/one" bind
	inside 'cat /etc/passwd /run/a/b/c; grep -c " /run" /proc/self/mountinfo'
	equal "$output" $'two\none\n4'
	[ -d "$T/dir/b" ] && [ ! -e "$T/dir/b/c" ]
}

@test "the mounts that podman writes" {
	mkdir "$T/shm" "$T/run"
	for file in resolv.conf hosts .containerenv hostname; do
		echo "$file" >"$T/run/$file"
	done
	config '.mounts = [
		{destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec",
		"nodev"]},
		{destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid",
		"strictatime", "mode=755", "size=65536k"]},
		{destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec",
		"nodev", "ro"]},
		{destination: "/dev/pts", type: "devpts", source: "devpts", options: ["nosuid",
		"noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]},
		{destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: ["nosuid",
		"noexec", "nodev"]},
		{destination: "/etc/resolv.conf", type: "bind", source: ($t + "/run/resolv.conf"),
		options: ["bind", "rprivate"]},
		{destination: "/etc/hosts", type: "bind", source: ($t + "/run/hosts"),
		options: ["bind", "rprivate"]},
		{destination: "/dev/shm", type: "bind", source: ($t + "/shm"), options: ["bind",
		"rprivate", "nosuid", "noexec", "nodev"]},
		{destination: "/run/.containerenv", type: "bind",
		source: ($t + "/run/.containerenv"), options: ["bind", "rprivate"]},
		{destination: "/etc/hostname", type: "bind", source: ($t + "/run/hostname"),
		options: ["bind", "rprivate"]},
		{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup",
		options: ["rprivate", "nosuid", "noexec", "nodev", "relatime", "ro"]},
		{destination: "/tmp", type: "tmpfs", source: "tmpfs", options: ["rprivate",
		"nosuid", "nodev", "tmpcopyup"]}]
		| .linux.maskedPaths = ["/proc/acpi", "/proc/kcore", "/proc/keys", "/sys/firmware"]
		| .linux.readonlyPaths = ["/proc/bus", "/proc/sys"]' --arg t "$T"
	inside 'cat /etc/resolv.conf /etc/hosts /etc/hostname /run/.containerenv;
		echo x >/dev/shm/x; stat -c %a /tmp
		awk "\$5 == \"/sys/fs/cgroup\" || \$5 == \"/dev/shm\" { print \$6 }" \
		/proc/self/mountinfo'
	equal "$output" "resolv.conf
hosts
hostname
.containerenv
1777
rw,nosuid,nodev,noexec,relatime
ro,nosuid,nodev,noexec,relatime"
	equal "$stderr" ""
	equal "$(cat "$T/shm/x")" x
}

@test "a surrounding /proc that is partly covered: an error, and the one that is there on request" {
	chmod 0755 "$T"
	script 'readlink /proc/self >/dev/null && [ -e /proc/uptime ] && ls -A /proc/tty;
		grep -c " /proc " /proc/self/mountinfo'
	cat >"$T/outer" <<-'END'
		mount -t tmpfs -o ro none /proc/tty
		exec "$1" --root "$2/outer.state" run -b "$3" "$4"
	END
	try own_mounts sh -e "$T/outer" "$ROOTLET" "$T" "$B" "$C"
	refused "/mounts/0: mounting proc on /proc" "partly covered" "unmask=ALL" \
		"org.rootlet.proc=bind"
	config '.annotations["org.rootlet.proc"] = "bind"'
	try own_mounts sh -e "$T/outer" "$ROOTLET" "$T" "$B" "$C"
	rmdir "$T/outer.state"
	equal "$output" 1
	equal "$(wc -l <"$T/try.err")" 1
	has "$stderr" "the host's /proc is bound: the annotation org.rootlet.proc asks for it"
}

# This machine's or a room's cgroups; the test's shell may be in the root of them, or below.
@test "without a cgroup of its own the container sees no more than its caller's" {
	local group
	[ "$(id -u)" -ne 0 ] || skip "as root there is a cgroup"
	script 'ls -R /sys/fs/cgroup | grep :$ | wc -l;
		cat /sys/fs/cgroup/cgroup.procs 2>/dev/null | wc -l; mkdir /sys/fs/cgroup/x 2>&1
		sed -n \
		"s/^[^ ]* [^ ]* [^ ]* [^ ]* \\/sys\\/fs\\/cgroup \\([^ ,]*\\).* - \\([^ ]*\\) '\
'.*/\\1 \\2/p" /proc/self/mountinfo'
	try rl --cgroup-manager disabled run --bundle "$B" "$C"
	equal "$stderr" ""
	group=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)$(sed -n 's/^0:://p' \
		/proc/self/cgroup)
	if [ -e "$group/cgroup.type" ]; then
		equal "$(tail -n 1 <<<"$output")" "ro cgroup2"
	else
		equal "$output" "1
0
mkdir: can't create directory '/sys/fs/cgroup/x': Read-only file system
ro tmpfs"
	fi
}
