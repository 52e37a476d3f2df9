#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# run: tests in a real systemd user session, on a Debian 12 that boots in namespaces of this machine
# within seconds.
#
# The machine's system is a cached tree under an overlay in memory, its pid 1 is systemd, and an
# ordinary user with lingering has a manager there. Scopes, delegation, freezing and killing are
# real; of the controllers there are those that this machine has on cgroup v2. Sources and build are
# bound in, read-only. It has no network.
#
# Two processes stay outside: this one, and a keeper, which waits for the end of this one, whatever
# ends it, and then removes the cgroup and the scratch folder. Everything else is in the pid
# namespace, and mounts are in the mount namespace, that end with the machine.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
self=$here/$(basename "$0")
# shellcheck disable=SC2034 # machine.sh's name for messages
machine_name=session/run.sh

# ---------------------------------------------------------------- inside: from the namespaces to
# systemd

# Already pid 1. Alone in the cgroup that is to be the root of this machine's: where there are
# controllers, systemd can hand them out only from a cgroup without other processes.
if [ "${1:-}" = --enter ]; then
	scratch=$2 cgroup=$3
	# As the outer /proc has it.
	read -r pid _ </proc/self/stat
	echo 0 >"$cgroup/cgroup.procs"
	echo "$pid" >"$scratch/pid"
	exec unshare --cgroup "$self" --boot "${@:2}"
fi

# dev_make: devices of our own, so that what a test makes there is not the outer machine's.
dev_make() {
	local name type major minor
	mount -t tmpfs -o nosuid,mode=0755,size=1m tmpfs dev
	mkdir dev/net dev/pts dev/shm
	while read -r name type major minor; do
		mknod -m 0666 "dev/$name" "$type" "$major" "$minor" 2>/dev/null || {
			# Root of a container, perhaps.
			[ -e "/dev/$name" ] || continue
			: >"dev/$name"
			mount --bind "/dev/$name" "dev/$name"
		}
	done <<-END
		null c 1 3
		zero c 1 5
		full c 1 7
		random c 1 8
		urandom c 1 9
		tty c 5 0
		fuse c 10 229
		net/tun c 10 200
	END
	mount -t devpts -o newinstance,nosuid,noexec,gid=5,mode=0620,ptmxmode=0666 devpts dev/pts
	mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs dev/shm
	ln -s pts/ptmx dev/ptmx
	ln -s /proc/self/fd dev/fd
	ln -s /proc/self/fd/0 dev/stdin
	ln -s /proc/self/fd/1 dev/stdout
	ln -s /proc/self/fd/2 dev/stderr
}

# bind_ro FROM TO
bind_ro() {
	mount --bind "$1" "$2"
	mount -o remount,bind,ro,nosuid,nodev,exec "$2"
}

if [ "${1:-}" = --boot ]; then
	scratch=$2 tree=$4 build=$5
	mount --make-rprivate /
	mount -t tmpfs -o mode=0755 tmpfs "$scratch/memory"
	cd "$scratch/memory"
	mkdir upper work root
	mount -t overlay -o "lowerdir=$tree,upperdir=upper,workdir=work" room root
	cd root
	bind_ro "$top" srv/rootlet/source
	bind_ro "$build" srv/rootlet/build
	mount -t proc -o nosuid,nodev,noexec proc proc
	mount -t sysfs -o nosuid,nodev,noexec sysfs sys
	mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 sys/fs/cgroup
	mount -t tmpfs -o nosuid,nodev,mode=0755 tmpfs run
	# Container engines and bundles want a file system that can be an overlay's upper layer.
	for folder in tmp var/tmp var/lib/containers home; do
		mkdir -p "$folder"
		cp -a "$folder" "../$(basename "$folder")"
		mode=$(stat -c %a "$folder")
		mount -t tmpfs -o "mode=$mode" tmpfs "$folder"
		cp -a "../$(basename "$folder")/." "$folder"
	done
	dev_make
	mkdir -p run/room run/systemd/system
	mount --bind "$scratch/shared" run/room
	# The kernel and its devices are not this machine's.
	for unit in systemd-udevd.service systemd-udevd-control.socket systemd-udevd-kernel.socket \
		systemd-udev-trigger.service \
		systemd-modules-load.service systemd-sysctl.service kmod-static-nodes.service \
		dev-hugepages.mount sys-kernel-config.mount sys-kernel-debug.mount \
		sys-kernel-tracing.mount; do
		ln -s /dev/null "run/systemd/system/$unit"
	done
	# systemd raises some of the kernel's limits early; that would be the outer machine's.
	# Afterwards the cover must go: under a /proc with covered parts, the kernel lets no user
	# namespace have its own.
	mount --bind proc/sys proc/sys
	mount -o remount,bind,ro proc/sys
	cat >run/systemd/system/room-ready.service <<-END
		[Unit]
		After=user@1000.service systemd-user-sessions.service systemd-logind.service
		After=dbus.socket
		[Service]
		Type=oneshot
		ExecStart=/bin/sh -c 'umount -l /proc/sys && echo ready >/run/room/ready'
	END
	pivot_root . "$PWD/mnt"
	cd /
	umount -l /mnt
	# As every systemd has it, but for one in a container, which leaves it to whoever started
	# that.
	mount --make-rshared /
	exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		container=rootlet-room \
		/lib/systemd/systemd --system --unit=room.target --log-target=journal
fi

# ---------------------------------------------------------------- outside

# shellcheck source=tests/lib/machine.sh
. "$top/tests/lib/machine.sh"
# shellcheck disable=SC2034 # for outside.sh
room=session
# shellcheck source=tests/room/outside.sh
. "$top/tests/room/outside.sh"

usage() {
	cat <<END
tests/session/run.sh [OPTION...] [FILE.bats... | -- COMMAND...], as root

  --shell          a shell of the ordinary user in a session of theirs
$room_options
END
}

room_parse "$@"

for tool in unshare nsenter setpriv flock; do
	command -v "$tool" >/dev/null || room_skip "needs $tool"
done
is_root || room_skip "needs root"

# On a machine that systemd manages, the cgroup is to come from there, in a scope of ours with
# everything that may be delegated; it follows us to the end.
if [ -d /run/systemd/system ] && [ -z "${ROOTLET_ROOM_SCOPE:-}" ]; then
	ROOTLET_ROOM_SCOPE=1 exec systemd-run --scope --quiet --collect --slice=system.slice \
		-p Delegate=yes "$self" "$@"
fi

room_tree

# cgroup_own: prints the folder of this process's cgroup in the v2 hierarchy.
cgroup_own() {
	local mount path
	mount=$(awk '{
		for (i = 7; i < NF; i++) if ($i == "-" && $(i + 1) == "cgroup2") {
			print $5
			exit
		}
	}' /proc/self/mountinfo)
	path=$(sed -n 's/^0:://p' /proc/self/cgroup)
	[ -n "$mount" ] && [ -n "$path" ] && printf '%s\n' "${mount}${path%/}"
}

# cgroup_make: sets cgroup, the machine's root cgroup to be.
cgroup_make() {
	local own name
	local -a names
	own=$(cgroup_own) || room_skip "needs cgroup v2, if only as a hierarchy beside v1"
	if [ -n "${ROOTLET_ROOM_SCOPE:-}" ]; then
		# The scope is ours: leave its top, so that it can hand out its controllers.
		mkdir "$own/supervisor"
		echo $$ >"$own/supervisor/cgroup.procs"
		read -r -a names <"$own/cgroup.controllers"
		for name in ${names[@]+"${names[@]}"}; do
			echo "+$name" >"$own/cgroup.subtree_control" ||
				say "no controller $name" >&2
		done
	fi
	cgroup=$own/rootlet-room.$$
	mkdir "$cgroup" 2>/dev/null || room_skip "can't make a cgroup in $own"
}

# in_room COMMAND...: in the machine's namespaces, but in no unit of its systemd; inside.sh sees to
# that.
in_room() {
	local name
	local -a passed=()
	for name in "${!ROOTLET_KILLS@}"; do
		passed+=("$name=${!name}")
	done
	nsenter --target "$(<"$scratch/pid")" --mount --uts --ipc --net --pid --cgroup -- \
		env -i PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin \
		HOME=/root LANG=C.UTF-8 "TERM=${TERM:-dumb}" ROOTLET_ROOM=session \
		"ROOM_USER=$room_user" "ROOM_OTHER=$room_other" "ROOM_LIMIT=$room_limit" \
		"ROOM_TEST_LIMIT=$((room_limit / 2))" \
		"ROOM_FILTER=$room_filter" ROOM_RESULTS=/run/room \
		${passed[@]+"${passed[@]}"} "$@" {keeper_in}>&- {ready}>&-
}
top_inside=/srv/rootlet/source/tests/room/inside.sh

machine=
# shellcheck disable=SC2317 # called by the trap
finish() {
	local status=$?
	trap - EXIT
	trap '' INT TERM HUP
	# With it goes its pid 1, with that every process, and with those every mount.
	if [ -n "$machine" ]; then
		kill -KILL "$machine" 2>/dev/null || true
		wait "$machine" 2>/dev/null || true
	fi
	exec {keeper_in}>&-
	room_kept "$scratch"
	exit "$status"
}

cgroup_make
scratch=$(mktemp -d "${TMPDIR:-/tmp}/rootlet-session.XXXXXX")
exec {keeper_in}> \
	>(exec {room_lock}>&- && exec setsid "$top/tests/room/keeper.sh" "$scratch" "$cgroup")
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

mkdir "$scratch/memory" "$scratch/shared"
mkfifo -m 0600 "$scratch/shared/ready"
exec {ready}<>"$scratch/shared/ready"

room_start
setpriv --pdeathsig KILL unshare --mount --propagation private --pid --fork --kill-child --uts \
	--ipc --net \
	"$self" --enter "$scratch" "$cgroup" "$room_cache/tree" "$room_build" \
	>"$scratch/console" 2>&1 </dev/null {keeper_in}>&- {ready}>&- {room_lock}>&- &
machine=$!
for ((i = 0; i < 60; i++)); do
	! read -r -t 0.5 -u "$ready" _ || break
	[ -d "/proc/$machine" ] || i=60
done
if [ "$i" -ge 60 ]; then
	sed 's/^/    | /' "$scratch/console" >&2
	[ ! -d "/proc/$machine" ] || in_room journalctl --no-pager --boot | tail -n 100 |
		sed 's/^/    | /' >&2
	die "the session room doesn't come up"
fi

if [ "${#room_command[@]}" -gt 0 ]; then
	how='command'
	! [ -t 0 ] || ! [ -t 1 ] || how=terminal
	status=0
	in_room "$top_inside" "$how" "$room_as" "${room_command[@]}" || status=$?
	exit "$status"
fi

room_up
results=$room_results
room_results=$scratch/results
mkdir "$room_results"
room_tap < <(in_room "$top_inside" tests "${room_files[@]}" 2>&1 </dev/null)
if [ "$room_failed" -gt 0 ]; then
	in_room journalctl --no-pager --boot >"$room_results/journal" || true
	[ ! -d "$scratch/shared/cores" ] || cp -r "$scratch/shared/cores" "$room_results"
fi
room_keep "$results"
[ "$room_failed" -eq 0 ] || exit 1
exit 0
