#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# tree: the Debian 12 that both test rooms boot: what is in it, and how it is set up.
#
#   tree.sh TREE SCRATCH      makes it; as root
#
# Sourced for the names in it. The cache's key is the sum of this file: whatever changes the tree
# stands here.

# Both rooms have the same tree. What only the machine with a kernel of its own needs is in the last
# line.
# shellcheck disable=SC2034 # for outside.sh
room_packages='systemd systemd-sysv dbus dbus-user-session libpam-systemd
	uidmap slirp4netns libcap2-bin bats jq busybox-static procps psmisc tmux sudo cron iproute2 strace python3 less
	golang-github-containers-common podman crun runc conmon fuse-overlayfs
	linux-image-cloud-amd64 initramfs-tools udev kmod zstd'

# The ordinary user with a lingering manager, and one without.
room_user=rootlet-test
room_other=rootlet-other

# room_tree_image TREE: TREE/srv/debian.tar, from which tests make containers that are a whole
# Debian: this one, before it is set up, without what is big and what an engine would start in
# there.
room_tree_image() {
	local name
	local -a without=(--exclude=./srv/debian.tar)
	for name in boot 'dev/*' 'etc/systemd/system/*.wants/podman*' usr/bin/crun usr/bin/podman \
		'usr/bin/python3*' usr/sbin/runc \
		usr/lib/cni usr/lib/modules usr/lib/podman 'usr/lib/python3*' usr/lib/udev \
		'usr/lib/*/perl' usr/share/doc usr/share/locale usr/share/man usr/share/perl \
		var/cache var/lib/apt; do
		without+=("--exclude=./$name")
	done
	tar -C "$1" --numeric-owner "${without[@]}" -cf "$1/srv/debian.tar" .
}

# room_tree_setup TREE: what packages don't do.
room_tree_setup() {
	local tree=$1 unit
	room_tree_image "$tree"
	# shellcheck disable=SC2016 # for the inner shell
	chroot "$tree" sh -euc '
		useradd --create-home --shell /bin/bash --uid 1000 "$1"
		useradd --create-home --shell /bin/bash --uid 1001 "$2"
		printf "%s:100000:65536\n%s:165536:65536\n" "$1" "$2" >/etc/subuid
		cp /etc/subuid /etc/subgid
		mkdir -p /var/lib/systemd/linger
		touch "/var/lib/systemd/linger/$1"
		head -c 16 /dev/urandom | md5sum | cut -d" " -f1 >/etc/machine-id
		' sh "$room_user" "$room_other"
	echo "$room_user ALL=(ALL:ALL) NOPASSWD: ALL" >"$tree/etc/sudoers.d/$room_user"
	echo room >"$tree/etc/hostname"
	printf '127.0.0.1 localhost room\n::1 localhost\n' >"$tree/etc/hosts"
	: >"$tree/etc/fstab"
	: >"$tree/etc/motd"
	# No server is reached from there; the file is, so that a test can put its own over it.
	: >"$tree/etc/resolv.conf"
	# For the kernel of the virtual machine.
	printf 'overlay\ntun\nfuse\n' >"$tree/etc/modules-load.d/room.conf"

	# Nothing that wakes up by itself, nothing that an engine or a key agent starts by itself,
	# nothing that only takes time: an emulated processor is slow.
	for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer \
		fstrim.timer logrotate.timer \
		systemd-tmpfiles-clean.timer podman-auto-update.timer podman-auto-update.service \
		podman-restart.service podman.service podman.socket podman-clean-transient.service \
		getty@.service serial-getty@.service console-getty.service \
		modprobe@.service systemd-binfmt.service proc-sys-fs-binfmt_misc.automount \
		proc-sys-fs-binfmt_misc.mount systemd-firstboot.service systemd-sysusers.service \
		systemd-update-utmp.service systemd-pstore.service systemd-random-seed.service \
		systemd-ask-password-console.path systemd-ask-password-wall.path; do
		ln -sf /dev/null "$tree/etc/systemd/system/$unit"
	done
	rm -f "$tree"/etc/systemd/user/*.wants/*
	for unit in system-generators user-generators user-environment-generators; do
		mkdir -p "$tree/etc/systemd/$unit"
		find "$tree/usr/lib/systemd/$unit" -type f ! -name '*environment-d*' \
			! -name 'systemd-debug-generator' -printf '%f\n' |
			xargs -I NAME ln -s /dev/null "$tree/etc/systemd/$unit/NAME"
	done

	# The user's manager may have every controller that this machine has.
	mkdir -p "$tree/etc/systemd/system/user@.service.d"
	printf '[Service]\nDelegate=cpu cpuset io memory pids\n' \
		>"$tree/etc/systemd/system/user@.service.d/delegate.conf"
	mkdir -p "$tree/etc/systemd/journald.conf.d"
	printf '[Journal]\nStorage=volatile\nRateLimitBurst=0\n' \
		>"$tree/etc/systemd/journald.conf.d/room.conf"

	# The whole machine: up to a user's session, and then what room-ready.service does, which is
	# each room's own.
	cat >"$tree/etc/systemd/system/room.target" <<-END
		[Unit]
		Description=Test room
		Requires=basic.target
		Wants=dbus.socket systemd-logind.service systemd-user-sessions.service user@1000.service room-ready.service
		After=basic.target
		AllowIsolate=yes
	END
	# The virtual machine's job, which the kernel's command line asks for.
	cat >"$tree/etc/systemd/system/room-vm.service" <<-END
		[Unit]
		Description=Job of the test room
		After=user@1000.service systemd-user-sessions.service systemd-logind.service dbus.socket
		[Service]
		Type=oneshot
		ExecStart=/bin/sh -c 'mount -o ro /dev/vdb /srv/rootlet && exec /srv/rootlet/source/tests/vm/job.sh'
		ExecStopPost=/bin/systemctl poweroff --force
	END
	mkdir -p "$tree/srv/rootlet/source" "$tree/srv/rootlet/build"
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	set -eu
	# shellcheck source=tests/lib/debian.sh
	. "$(dirname "$0")/../lib/debian.sh"
	# The list is words.
	# shellcheck disable=SC2086
	debian_make "$1" apt "$2" $room_packages
	room_tree_setup "$1"
fi
