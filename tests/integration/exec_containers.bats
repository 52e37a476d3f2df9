#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rooms: host session
# Programs for the container's shell and for jq; output, stderr: of helpers' `try`
# shellcheck disable=SC2016,SC2154
# exec: in which containers it can be, and in which not.

load helpers
load held_exec
load exec_helpers

@test "a container that was created and not started" {
	rl create --bundle "$B" "$C"
	says fine "$C" echo fine
	status_is created
	rl start "$C"
	says fine "$C" echo fine
}

@test "one that waits for its start as another user, and what is executed there can't look at it" {
	config '.process.user = {uid: 1000, gid: 1000}'
	rl create --bundle "$B" "$C"
	exe "$C" sh \
		-c 'for ns in user pid mnt net ipc uts cgroup; do readlink /proc/self/ns/$ns; done;
		id -u'
	first=$output
	says "$(printf '%s\n' EACCES EACCES EACCES 1)" "$C" sh \
		-c 'testguest try open-read /proc/1/environ
		testguest try open-read /proc/1/fd; testguest try open-read /proc/1/mem;
		cat /proc/1/status | grep -c "^Pid:.1$"'
	rl start "$C"
	exe "$C" sh \
		-c 'for ns in user pid mnt net ipc uts cgroup; do readlink /proc/self/ns/$ns; done;
		id -u'
	equal "$output" "$first"
	says "$(printf '%s\n' 0 1 2)" "$C" ls /proc/1/fd
}

@test "a stopped one, none at all, no command" {
	bundle_args true
	rl run --keep --bundle "$B" "$C"
	try rl exec "$C" true
	not_started "container not running" "is not running"
	rl delete "$C"
	try rl exec "$C" true
	not_started "container \`$C\` does not exist"
	try rl exec "$C"
	not_started "\"exec\" requires a command, or --process FILE"
	try rl exec
	not_started "requires at least 1 argument"
}

@test "--console-socket and --tty must go together" {
	running
	try rl exec --console-socket "$T/none" "$C" true
	not_started "cannot use console socket if"
	try rl exec --detach --tty "$C" true
	not_started "cannot allocate tty if rootlet will detach without setting console socket"
	try rl exec --detach --tty --console-socket "$T/none" "$C" true
	not_started "--console-socket: connecting to $T/none"
}

@test "a container without a pid namespace, without a network namespace" {
	config '.linux.namespaces |= map(select(.type != "pid" and .type != "network")) |
		.mounts |= map(select(.type != "sysfs"))'
	running
	exe "$C" sh -c 'readlink /proc/self/ns/pid; readlink /proc/self/ns/net'
	equal "$output" "$(readlink /proc/self/ns/pid /proc/self/ns/net)"
	says 0 "$C" id -u
}

@test "a container of one id: its root alone, no supplementary groups" {
	config '.linux.uidMappings = [{containerID: 0, hostID: ($u | tonumber), size: 1}]
		| .linux.gidMappings = [{containerID: 0, hostID: ($g | tonumber), size: 1}]' \
			--arg u "$(id -u)" --arg g "$(id -g)"
	running
	says "0 0" "$C" sh -c 'echo $(id -u) $(id -g)'
	try rl exec --user 1 "$C" true
	not_started "uid 1 is not mapped in the container (its map has 1 uids: 0)"
}

@test "a container whose own id is not root" {
	config '.linux.uidMappings = [{containerID: 1000, hostID: ($u | tonumber), size: 1}]
		| .linux.gidMappings = [{containerID: 1000, hostID: ($g | tonumber), size: 1}]
		| .process.user = {uid: 1000, gid: 1000} | .mounts |= map(.options |= (. // [] |
		map(select(startswith("gid=") | not))))' \
		--arg u "$(id -u)" --arg g "$(id -g)"
	running
	says "1000 1000" "$C" sh -c 'echo $(id -u) $(id -g)'
}

@test "namespaces that the container joined by path" {
	running
	bundle_make "$T/second"
	B=$T/second config \
		'.process.args = ["sleep", "1000"] | .linux.namespaces |= map(if .type == "network"
		or .type == "user" or .type == "ipc" or .type == "uts"
		then .path = "/proc/" + $p + "/ns/" + ({network: "net"}[.type] // .type) else . end)
		| del(.hostname)' --arg p "$(pid_of)"
	rl run --detach --bundle "$T/second" "$C-2"
	exe "$C-2" sh -c 'for ns in net user pid; do readlink /proc/self/ns/$ns; done'
	equal "$output" \
		"$(for ns in net user; do readlink "/proc/$(pid_of)/ns/$ns"; done; readlink \
		"/proc/$(pid_of "$C-2")/ns/pid")"
}

@test "root of a user namespace, as in podman unshare" {
	T=$T C=$C ROOTLET=$ROOTLET try unshare --map-auto --map-root-user --fork sh \
		-c 'export ROOTLET_TEST=$C; r="$ROOTLET --root $T/state"
		$r run --detach --bundle "$1" $C &&
		$r exec -u 5 $C sh -c "id -u; cat /proc/self/uid_map | wc -l"; s=$?;
		$r delete --force $C; exit $s' sh "$B"
	equal "$status$stderr" 0
	has "$output" 5
}

@test "the caller's groups are kept where the container keeps them, and none can be added" {
	config '.annotations = {"run.oci.keep_original_groups": "1"}'
	running
	equal "$(rl exec "$C" grep Groups /proc/self/status)" \
		"$(rl exec "$C" grep Groups /proc/1/status)"
	try rl exec -g 5 "$C" true
	not_started "--additional-gids: the container's annotation run.oci.keep_original_groups"
}

@test "--cgroup where the container has none: refused" {
	rl --cgroup-manager disabled run --detach --bundle "$B" "$C"
	try rl exec --cgroup sub "$C" true
	not_started cgroup
}

# Tried: sys_cloexec_from taken out of shut_descriptors: 7 and 9 were there, and our own.
@test "without a pid namespace: no descriptor of the caller's" {
	config 'del(.linux.namespaces[] | select(.type == "pid"))'
	running
	says "$(printf '%s\n' 0 1 2)" "$C" testguest fds 7</etc/passwd 9</
}

# The filter is loaded before the set-up closes what it has.
#
# Tried: without /proc/self/fd nothing was closed: 7 and 9 were there, and our own.
@test "a profile without close_range: no descriptor of the caller's; without close: refused" {
	config '.process.noNewPrivileges = false
		| .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
		syscalls: [{names: ["close_range"], action: "SCMP_ACT_ERRNO"}]}'
	running
	says "$(printf '%s\n' 0 1 2)" "$C" testguest fds 7</etc/passwd 9</
	rl delete --force "$C"
	config '.linux.seccomp.syscalls[0].names += ["close"]'
	running
	try rl exec "$C" testguest fds 7</etc/passwd 9</
	not_started "closing the host's descriptors" "allow close in the seccomp profile"
}
