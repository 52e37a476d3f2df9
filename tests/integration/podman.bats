#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Programs for the container's shell; output, stderr: of helpers' `try`
# shellcheck disable=SC2016,SC2154,SC2030,SC2031
# Podman as an ordinary user has it: its command line, its conmon, and rootlet as the runtime, with
# both of podman's ways to have cgroups. The image is a local tree; nothing is fetched.
#
# rooms: session

load helpers
load podman

# Says "started" once its traps are set, and then what it gets.
waits='trap "exit 3" TERM; trap "echo usr1" USR1; echo started; while :; do sleep 0.1; done'

runs() {
	local code
	try pod_run --rm --hostname inside --env A=1 --workdir /srv local sh \
		-c 'id -u; hostname; echo $A; pwd; echo error >&2; exit 5'
	equal "$status" 5
	equal "$output" $'0\ninside\n1\n/srv'
	equal "$stderr" error
	for code in 0 1 255; do
		try pod_run --rm local sh -c "exit $code"
		equal "$status" "$code"
	done
}

@test "podman, cgroupfs: run: output, error, exit codes" {
	runs
}

@test "podman, systemd: run: output, error, exit codes" {
	runs
}

@test "podman, cgroupfs: run: stdin, a terminal, a volume, a user, a read-only root" {
	echo "from outside" >"$T/file"
	try pod_run --rm --interactive local cat <"$T/file"
	equal "$output" "from outside"
	try pod_run --rm --tty local sh -c 'tty; stat -c %t:%T /dev/console'
	equal "$status" 0
	has "$output" /dev/pts/0
	# The container's uid 1000 is another than ours.
	mkdir -m 0755 "$T/volume"
	mv "$T/file" "$T/volume"
	try pod_run --rm --volume "$T/volume:/srv" --user 1000:1000 --read-only --tmpfs /tmp \
		local sh -c '
		cat /srv/file; id -u; touch /file 2>/dev/null || echo read-only; touch /tmp/file;
		grep CapEff /proc/self/status'
	equal "$output" $'from outside\n1000\nread-only\nCapEff:\t0000000000000000'
}

@test "podman, cgroupfs: run: a program that is missing, or can't be executed" {
	try pod_run --rm local no-such-program
	equal "$status" 127
	try pod_run --rm local /etc/passwd
	equal "$status" 126
}

lives() {
	starts sh -c "$waits"
	equal "$(pod inspect --format '{{.OCIRuntime}} {{.State.Status}}' "$C")" "$ROOTLET running"
	try pod exec --env B=2 --workdir /tmp "$C" sh \
		-c 'echo $B; pwd; grep -c "echo usr1" /proc/1/cmdline; exit 4'
	equal "$status" 4
	equal "$output" $'2\n/tmp\n1'
	try pod exec --interactive "$C" cat <<<"by stdin"
	equal "$status$output" "0by stdin"
	try pod exec "$C" no-such-program
	equal "$status" 127
	pod kill --signal USR1 "$C"
	wait_for logged usr1
	pod stop --time 20 "$C"
	try pod wait "$C"
	equal "$output" 3
	try pod rm "$C"
	equal "$status" 0
}

@test "podman, cgroupfs: run -d, logs, exec, kill, stop, wait, rm" {
	lives
}

@test "podman, systemd: run -d, logs, exec, kill, stop, wait, rm" {
	lives
}

@test "podman, cgroupfs: stop of what ignores its signal, kill, and rm --force of what runs" {
	starts sh -c 'trap "" TERM; echo started; while :; do sleep 0.1; done'
	pod stop --time 1 "$C"
	equal "$(pod wait "$C")" 137
	pod start "$C"
	wait_for has_status running
	pod kill "$C"
	equal "$(pod wait "$C")" 137
	pod start "$C"
	pod rm --force --time 0 "$C"
	not pod container exists "$C"
}

# no_units PATTERN
no_units() {
	[ -z "$(systemctl --user list-units --all --plain --no-legend "$1")" ]
}

@test "podman, systemd: the container has a scope of its own, and it goes with the container" {
	local id pid cgroup
	starts sh -c "$waits"
	id=$(pod inspect --format '{{.Id}}' "$C")
	pid=$(pod inspect --format '{{.State.Pid}}' "$C")
	cgroup=$(sed -n 's/^0:://p' "/proc/$pid/cgroup")
	has "$cgroup" "/user@1000.service/user.slice/libpod-$id.scope"
	equal "$(systemctl --user is-active "libpod-$id.scope")" active
	equal "$(systemctl --user show --value -p Delegate "libpod-$id.scope")" yes
	try pod exec "$C" cat /proc/self/cgroup
	has "$output" "0::/"
	pod rm --force --time 0 "$C"
	wait_for no_units "libpod-$id*"
	[ ! -e "/sys/fs/cgroup$cgroup" ]
}
