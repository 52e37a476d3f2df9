#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# start: how long it takes from typing `run` to the end of /bin/true, for rootlet and the peers
# installed here.
#
# All OCI runtimes get the same bundle: the same namespaces, mounts, masks and capabilities, and no
# cgroup (the machines that run this differ most in that). "full": the whole subordinate range, so
# that each of them calls newuidmap and newgidmap; "one": the user's own id only. Runs are
# interleaved. What can't run here is named with its reason. Started by root, it measures as the
# ordinary user rootlet-test.
#
# --scope: with a scope of the user's own systemd instead, and systemd-run's own time beside it; to
# be run in a login session, as `tests/session/run.sh -- tests/bench/start.sh --scope` does. --block
# and --pause are startbench's: 6 and 100 for a manager that finds everything cold.
#
# --before BINARY: an older rootlet stands beside the new one in place of the peers, and both
# execute in a container too: what a change costs, seen in one run.
set -eu

machine_name=bench
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/machine.sh
. "$here/../lib/machine.sh"

arguments=("$@")
rounds=50
rootlet=rootlet
driver=
before=
scope=
pace=()
while [ $# -gt 0 ]; do
	case $1 in
	--rounds) rounds=$2 && shift ;;
	--rootlet) rootlet=$2 && shift ;;
	--driver) driver=$2 && shift ;;
	--scope) scope=1 ;;
	--block | --pause) pace+=("$1" "$2") && shift ;;
	--before) before=$(readlink -f "$2") && shift ;;
	*)
		cat >&2 <<'END'
usage: tests/bench/start.sh [--rounds N] [--rootlet BINARY] [--driver BINARY] [--before BINARY]
                            [--scope] [--block N] [--pause MS]
       make bench BENCH_ARGS='--rounds 100'
END
		exit 1
		;;
	esac
	shift
done

[ -x /bin/busybox ] || die \
	"the container's /bin/true is Debian's busybox-static: apt-get install busybox-static"
if is_root; then
	machine_user rootlet-test
else
	machine_user "$(id -un)"
fi

# Root can make this one process and its children a machine as users have it: state folders on a
# tmpfs, as under /run/user, and cgroup v2 alone (crun refuses v1 beside v2, even when it is to use
# none). All runtimes run under it alike.
if is_root && [ -z "${ROOTLET_BENCH_NESTED:-}" ]; then
	exec env ROOTLET_BENCH_NESTED=1 unshare --mount --propagation private "$here/start.sh" \
		${arguments[@]+"${arguments[@]}"}
fi
if is_root && [ -d /sys/fs/cgroup/unified ]; then
	say "cgroup v1 here: measuring in a mount namespace with v2 alone"
	mount -t cgroup2 cgroup2 /sys/fs/cgroup || say "no cgroup2 could be mounted"
fi

work=
# shellcheck disable=SC2317 # called by the trap
finish() {
	cd /
	if [ -n "$work" ]; then
		for name in ${before:+rootlet before}; do
			as_user "$work/$name" --root "$work/state/$name" delete --force held
		done
		! is_root || umount "$work/state" 2>/dev/null || true
		rm -rf "$work" 2>/dev/null || as_user unshare --map-auto --map-root-user rm \
			-rf "$work"
	fi
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
work=$(mktemp -d "${TMPDIR:-/tmp}/rootlet-bench.XXXXXX")
chmod 0755 "$work"
mkdir -p "$work/rootfs/bin" "$work/full" "$work/one" "$work/state"
cp /bin/busybox "$work/rootfs/bin/true"
if is_root; then
	mount -t tmpfs -o mode=0755 tmpfs "$work/state"
fi
mkdir "$work/rootfs/proc" "$work/rootfs/dev" "$work/rootfs/sys" "$work/rootfs/tmp"

# Copies, so that the user may execute them wherever they were built.
if [ -n "$driver" ]; then
	cp "$driver" "$work/startbench"
else
	cc -D_GNU_SOURCE -O2 -o "$work/startbench" "$here/startbench.c"
fi
if found=$(command -v "$rootlet"); then
	cp "$found" "$work/rootlet"
fi
[ -z "$before" ] || cp "$before" "$work/before"

# extents FILE: the user's own id as 0, and all their ranges from 1, as JSON.
extents() {
	awk -F: -v name="$user" -v id="$user_uid" -v own="$2" '
		BEGIN { printf "{\"containerID\": 0, \"hostID\": %d, \"size\": 1}", own;
			next_id = 1 }
		$1 == name || $1 == id {
			printf ", {\"containerID\": %d, \"hostID\": %d, \"size\": %d}",
				next_id, $2, $3
			next_id += $3
		}' "$1"
}

cgroup_namespace=
cgroup_mount=
if [ -n "$scope" ]; then
	cgroup_namespace=', { "type": "cgroup" }'
	cgroup_mount=', { "destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup",
			"options": [ "nosuid", "noexec", "nodev", "relatime", "ro" ] }'
fi

# bundle NAME UIDS GIDS
bundle() {
	cat >"$work/$1/config.json" <<END
{
	"ociVersion": "1.0.2",
	"process": {
		"terminal": false,
		"user": { "uid": 0, "gid": 0 },
		"args": [ "/bin/true" ],
		"env": [ "PATH=/bin" ],
		"cwd": "/",
		"capabilities": {
			"bounding": [ "CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE" ],
			"effective": [ "CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE" ],
			"permitted": [ "CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE" ]
		},
		"noNewPrivileges": true
	},
	"root": { "path": "$work/rootfs", "readonly": true },
	"hostname": "bench",
	"mounts": [
		{ "destination": "/proc", "type": "proc", "source": "proc" },
		{ "destination": "/dev", "type": "tmpfs", "source": "tmpfs",
			"options": [ "nosuid", "strictatime", "mode=755", "size=65536k" ] },
		{ "destination": "/dev/pts", "type": "devpts", "source": "devpts",
			"options": [ "nosuid", "noexec", "newinstance", "ptmxmode=0666",
				"mode=0620" ] },
		{ "destination": "/dev/shm", "type": "tmpfs", "source": "shm",
			"options": [ "nosuid", "noexec", "nodev", "mode=1777", "size=65536k" ] },
		{ "destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue",
			"options": [ "nosuid", "noexec", "nodev" ] },
		{ "destination": "/sys", "type": "sysfs", "source": "sysfs",
			"options": [ "nosuid", "noexec", "nodev", "ro" ] }$cgroup_mount
	],
	"linux": {
		"uidMappings": [ $2 ],
		"gidMappings": [ $3 ],
		"namespaces": [
			{ "type": "user" }, { "type": "pid" }, { "type": "network" },
			{ "type": "ipc" }, { "type": "uts" }, { "type": "mount" }$cgroup_namespace
		],
		"maskedPaths": [
			"/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys",
			"/proc/latency_stats",
			"/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi",
			"/sys/firmware"
		],
		"readonlyPaths": [
			"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger" ]
	}
}
END
}
bundle full "$(extents /etc/subuid "$user_uid")" "$(extents /etc/subgid "$user_gid")"
bundle one "{\"containerID\": 0, \"hostID\": $user_uid, \"size\": 1}" \
	"{\"containerID\": 0, \"hostID\": $user_gid, \"size\": 1}"
if [ -n "$before" ]; then
	mkdir "$work/held"
	cp /bin/busybox "$work/rootfs/bin/sleep"
	sed 's|"args": .*|"args": [ "/bin/sleep", "3600" ],|' "$work/full/config.json" \
		>"$work/held/config.json"
fi
if is_root; then
	chown -R "$user_uid:$user_gid" "$work"
	# As the peers' are: a binary that its own user may write first copies itself where no
	# container can.
	[ ! -e "$work/rootlet" ] || chown 0:0 "$work" "$work/rootlet"
	[ ! -e "$work/before" ] || chown 0:0 "$work/before"
fi

oci_ids="full one"

# oci LABEL PATH OPTION...: the runtime with both bundles. The path must be absolute.
oci() {
	local label=$1 path=$2 ids
	shift 2
	for ids in $oci_ids; do
		printf '%s\t%s --root %s %s run --bundle %s bench-{}\n' "$label, ids: $ids" \
			"$path" \
			"$work/state/$(basename "$path")" "$*" "$work/$ids"
	done
}

# held BINARY: a container of that one's, to execute in.
held() {
	as_user "$work/$1" --root "$work/state/$1" --cgroup-manager=disabled run --detach \
		--bundle "$work/held" held
	printf '%s\t%s --root %s exec held /bin/true\n' "$1, exec" "$work/$1" "$work/state/$1"
}

# Those with a scope. systemd-run: what systemd needs for one.
scope_commands() {
	local name path
	oci_ids=full
	oci rootlet "$work/rootlet" --cgroup-manager=systemd
	[ -z "$before" ] || oci before "$work/before" --cgroup-manager=systemd
	for name in crun runc; do
		path=$(command -v $name) || continue
		oci "$name $($name --version | awk 'NR == 1 { print $NF }')" "$path" \
			--systemd-cgroup
	done
	printf '%s\t%s\n' "systemd-run --user --scope" \
		"$(command -v systemd-run) --user --scope --quiet --collect $work/rootfs/bin/true"
	oci "rootlet without a cgroup" "$work/rootlet" --cgroup-manager=disabled
}

# All the commands, rootlet's first: the ratios refer to the first that runs.
commands() {
	local path
	if [ -n "$scope" ]; then
		scope_commands
		return
	fi
	if [ -n "$before" ]; then
		oci before "$work/before" --cgroup-manager=disabled
		oci rootlet "$work/rootlet" --cgroup-manager=disabled
		held before
		held rootlet
		return
	fi
	if [ -x "$work/rootlet" ]; then
		oci rootlet "$work/rootlet" --cgroup-manager=disabled
	else
		say "left out: rootlet: no binary $rootlet" >&2
	fi
	if path=$(command -v crun); then
		oci "crun $(crun --version | awk 'NR == 1 { print $NF }')" "$path" \
			--cgroup-manager=disabled
	else
		say "left out: crun: not installed" >&2
	fi
	if path=$(command -v runc); then
		oci "runc $(runc --version | awk 'NR == 1 { print $NF }')" "$path" --rootless=true
	else
		say "left out: runc: not installed" >&2
	fi
	if path=$(command -v bwrap); then
		printf '%s\t%s\n' "bwrap $(bwrap --version | awk '{ print $NF }'), ids: one" \
			"$path --unshare-all \
--uid 0 --gid 0 --hostname bench --ro-bind $work/rootfs / --proc /proc --dev /dev \
--mqueue /dev/mqueue --tmpfs /tmp \
--new-session --die-with-parent /bin/true"
	else
		say "left out: bwrap: not installed" >&2
	fi
	printf '%s\t%s\n' "/bin/true by itself" "$work/rootfs/bin/true"
}

say "$rounds rounds as $user, $(nproc) processors, Linux $(uname -r)"
commands >"$work/commands"
cd "$work"
as_user "$work/startbench" ${pace[@]+"${pace[@]}"} "$rounds" <"$work/commands"
