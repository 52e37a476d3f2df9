#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# run: tests in a virtual machine, for what the host and the session room don't have: every cgroup
# controller, delegated to the user's manager by a systemd with a kernel of its own.
#
# QEMU emulates the processor, which is some ten times slower than the host and works everywhere.
# The machine's disks: the system, made once from the tree that the session room boots, and never
# written to; the job, which is the build, the sources and what to run; and the results. It has no
# network. One machine runs at a time.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
# shellcheck disable=SC2034 # machine.sh's name for messages
machine_name=vm/run.sh
# shellcheck source=tests/lib/machine.sh
. "$top/tests/lib/machine.sh"
# shellcheck disable=SC2034 # for outside.sh
room=vm
# shellcheck source=tests/room/outside.sh
. "$top/tests/room/outside.sh"

usage() {
	cat <<END
tests/vm/run.sh [OPTION...] [FILE.bats... | -- COMMAND...], as root

  --shell          a shell of the ordinary user in a session of theirs
$room_options

ROOTLET_VM_ACCEL (default: tcg,thread=multi) is QEMU's -accel; ROOTLET_VM_LIMIT (default: 2400)
the seconds until the machine is ended, whatever it does.
END
}

room_parse "$@"

for tool in qemu-system-x86_64 mke2fs setpriv unshare flock; do
	command -v "$tool" >/dev/null || room_skip "needs $tool"
done
is_root || room_skip "needs root"
room_tree

# ---------------------------------------------------------------- one at a time, and its end

exec {one}>>"$(dirname "$room_cache")/vm.lock"
flock --nonblock "$one" || {
	say "waiting for another virtual machine to end" >&2
	flock "$one"
}

# shellcheck disable=SC2317 # called by the trap
finish() {
	local status=$?
	trap - EXIT
	trap '' INT TERM HUP
	[ ! -s "$scratch/pid" ] || kill -KILL "$(<"$scratch/pid")" 2>/dev/null || true
	exec {keeper_in}>&-
	room_kept "$scratch"
	exit "$status"
}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/rootlet-vm.XXXXXX")
exec {keeper_in}> \
	>(exec {one}>&- {room_lock}>&- && exec setsid "$top/tests/room/keeper.sh" "$scratch")
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# ---------------------------------------------------------------- the disks

# image FILE SIZE FOLDER: an ext4 file system with what is in FOLDER.
image() {
	rm -f "$1"
	truncate -s "$2" "$1"
	mke2fs -q -t ext4 -O ^has_journal -E root_owner=0:0 -m 0 -d "$3" "$1"
}

if [ ! -e "$room_cache/vm" ]; then
	image "$room_cache/vm.new" 4G "$room_cache/tree"
	mv "$room_cache/vm.new" "$room_cache/vm"
fi

job=$scratch/job
mkdir -p "$job/source" "$job/build/tests/guest"
tar -C "$top" -cf - --exclude-vcs --exclude='./build*' --exclude='*.o' --exclude='*.a' . |
	tar -C "$job/source" -xf -
cp "$room_build/rootlet" "$job/build/"
cp "$room_build"/tests/guest/{testguest,netguest,accelguest,watchguest} "$job/build/tests/guest/"
how=tests
if [ "${#room_command[@]}" -gt 0 ]; then
	how='command'
	! [ -t 0 ] || ! [ -t 1 ] || how=terminal
	set -- "$how" "$room_as" "${room_command[@]}"
else
	set -- tests "${room_files[@]}"
fi
{
	printf 'arguments=('
	printf '%q ' "$@"
	printf ')\n'
	printf 'export %s=%q\n' ROOM_USER "$room_user" ROOM_OTHER "$room_other" \
		ROOM_LIMIT "$room_limit" ROOM_TEST_LIMIT 600 ROOM_FILTER "$room_filter" TERM \
		"${TERM:-dumb}"
} >"$job/job"
image "$scratch/job.ext4" $(($(du -sm "$job" | cut -f1) * 2 + 16))M "$job"
truncate -s 256M "$scratch/results.tar"

# ---------------------------------------------------------------- the machine

machine() {
	local kernel
	local -a limit
	for kernel in "$room_cache"/tree/boot/vmlinuz-*; do :; done
	limit=(timeout --foreground -k 5 "${ROOTLET_VM_LIMIT:-2400}")
	echo "$BASHPID" >"$scratch/pid"
	# Nothing that is written reaches the system's disk: the snapshot is a file without a name.
	# Before what else runs on the host, where that is allowed: whatever waits for this machine
	# waits longest, and systemd's own limits inside run out.
	TMPDIR=$scratch exec nice -n -5 "${limit[@]}" setpriv --pdeathsig KILL qemu-system-x86_64 \
		-accel "${ROOTLET_VM_ACCEL:-tcg,thread=multi}" -smp 2 -cpu max,-svm,-vmx,-la57 \
		-m 2048 -nodefaults -no-user-config -display none -no-reboot -nic none \
		-chardev "file,id=console,path=$scratch/console" -serial chardev:console \
		-chardev stdio,id=job,signal=off -serial chardev:job \
		-drive "file=$room_cache/vm,format=raw,if=virtio,snapshot=on" \
		-drive "file=$scratch/job.ext4,format=raw,if=virtio,readonly=on" \
		-drive "file=$scratch/results.tar,format=raw,if=virtio" \
		-kernel "$kernel" -initrd "${kernel/vmlinuz/initrd.img}" \
		-append "console=ttyS0 root=/dev/vda rw quiet panic=-1 \
mitigations=off init_on_alloc=0 \
systemd.show_status=false \
systemd.unit=room.target systemd.wants=room-vm.service" {keeper_in}>&- {one}>&- {room_lock}>&-
}

# machine_waited: the milliseconds for which the machine's busiest thread has waited for a processor
# until now.
machine_waited() {
	local pid
	pid=$(pgrep -P "$(<"$scratch/pid")" qemu) || pid=self
	awk '$2 > most { most = $2 } END { printf "%d\n", most / 1000000 }' \
		/proc/"$pid"/task/*/schedstat
}

# results: what the machine put on its third disk.
results() {
	mkdir "$scratch/results"
	tar -C "$scratch/results" -xf "$scratch/results.tar" 2>/dev/null &&
		[ -r "$scratch/results/status" ]
}

trouble() {
	tail -n 40 "$scratch/console" | tr -d '\r' | sed 's/^/    | /' >&2
}

room_start
if [ "$how" != tests ]; then
	(machine) || say "QEMU ended with status $?" >&2
	results || { trouble && die "the virtual machine ended before the command did"; }
	exit "$(<"$scratch/results/status")"
fi

results=$room_results
room_results=$scratch/logs
mkdir "$room_results"
room_tap < <(machine </dev/null 2>&1)
if ! results; then
	trouble
fi
if [ "$room_failed" -gt 0 ]; then
	cp "$scratch/console" "$room_results"
	cp -r "$scratch/results/." "$room_results"
fi
room_keep "$results"
[ "$room_failed" -eq 0 ] || exit 1
exit 0
