#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Programs for the container's shell and for jq; output, stderr: of helpers' `try`
# shellcheck disable=SC2016,SC2154
# Namespaces: made, shared with the host, joined by path; and the settings that live in them.

load helpers

# As /proc/self/ns has them, and as the configuration calls them.
types="pid:pid net:network ipc:ipc uts:uts mnt:mount cgroup:cgroup user:user time:time"

setup() {
	container_setup
	cp "$ROOTLET_BUILDDIR/tests/guest/testguest" "$B/rootfs/bin"
}

# Inside: the namespaces of the shell, one a line, as "net:[4026531840]".
show='for n in pid net ipc uts mnt cgroup user time; do readlink /proc/self/ns/$n; done'

# without TYPE: takes it out of the configuration.
without() {
	config 'del(.linux.namespaces[] | select(.type == $t))' --arg t "$1"
}

# by_path TYPE PATH
by_path() {
	config '(.linux.namespaces[] | select(.type == $t)).path = $p' --arg t "$1" --arg p "$2"
}

# is_new NAME, is_shared NAME: whether `output` has the host's.
is_shared() {
	grep -qxF "$(readlink "/proc/self/ns/$1")" <<<"$output"
}

is_new() {
	grep -q "^$1:\[" <<<"$output" && ! is_shared "$1"
}

# sleeper: the first container, in the background, in the bundle's state; sets `pid`.
sleeper() {
	script "${1:-true}; exec sleep 60"
	rl run --detach --bundle "$B" "$C" >"$T/sleeper.out" 2>&1
	pid=$(pid_of)
}

@test "all of them new" {
	local type
	config '.linux.namespaces += [{type: "time"}]'
	inside "$show"
	for type in $types; do
		is_new "${type%:*}" || fail "$type is not new: $output"
	done
}

@test "each one left out is the host's, and the others are new" {
	local left_out type
	for left_out in pid:pid net:network ipc:ipc uts:uts cgroup:cgroup; do
		cp "$B/config.json" "$T/whole.json"
		config 'if $t == "uts" then del(.hostname) else . end' --arg t "${left_out#*:}"
		without "${left_out#*:}"
		inside "$show"
		for type in $types; do
			if [ "$type" = "$left_out" ] || [ "$type" = time:time ]; then
				is_shared "${type%:*}" || fail "$type is not the host's: $output"
			else
				is_new "${type%:*}" || fail "$type is not new: $output"
			fi
		done
		mv "$T/whole.json" "$B/config.json"
	done
}

@test "without user and mount they are added, with a note for each" {
	config '.linux.namespaces |= map(select(.type != "user" and .type != "mount"))'
	inside "$show; id -u"
	is_new user && is_new mnt
	equal "$(tail -n 1 <<<"$output")" 0
	has "$stderr" "/linux/namespaces: a user namespace is added"
	has "$stderr" "/linux/namespaces: a mount namespace is added"
}

@test "process 1 of its own pid namespace, and it sees no others" {
	inside 'echo $$; cd /proc; echo [0-9]*'
	equal "$output" $'1\n1'
}

@test "a second container joins namespaces of the first" {
	local type
	config '.hostname = "first-name"'
	sleeper
	for type in user:user net:network ipc:ipc uts:uts pid:pid cgroup:cgroup; do
		by_path "${type#*:}" "/proc/$pid/ns/${type%:*}"
	done
	config 'del(.hostname) | .mounts |= map(select(.type != "sysfs" and .type != "cgroup"))'
	script "$show; hostname; echo pid \$\$; ps -o args | grep -c '[s]leep 60'; id -u"
	try rl run --bundle "$B" "$C-2"
	[ "$status" -eq 0 ] || fail "$stderr"
	for type in user net ipc uts pid cgroup; do
		grep -qxF "$(readlink "/proc/$pid/ns/$type")" <<<"$output" ||
			fail "$type is not the first's: $output"
	done
	is_new mnt
	[[ $output != *"$(readlink "/proc/$pid/ns/mnt")"* ]]
	has "$output" first-name
	[[ $output != *"pid 1"$'\n'* ]]
	equal "$(tail -n 2 <<<"$output")" $'1\n0'
	rl delete --force "$C"
}

@test "joining only the user namespace: the rest is new, and owned by it" {
	sleeper
	by_path user "/proc/$pid/ns/user"
	script "$show; hostname new-name; hostname; mount -t tmpfs x /tmp 2>/dev/null;
		ip link show lo"
	config '.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])'
	try rl run --bundle "$B" "$C-2"
	[ "$status" -eq 0 ] || fail "$stderr"
	grep -qxF "$(readlink "/proc/$pid/ns/user")" <<<"$output"
	for type in net ipc uts pid cgroup mnt; do
		is_new "$type"
		[[ $output != *"$(readlink "/proc/$pid/ns/$type")"* ]]
	done
	has "$output" new-name
	has "$output" "LOOPBACK,UP"
	rl delete --force "$C"
}

@test "two containers that share a network reach each other" {
	sleeper \
		'mkdir -p /srv/www; echo over the net >/srv/www/index.html; httpd -p '\
'127.0.0.1:8080 -h /srv/www'
	by_path user "/proc/$pid/ns/user"
	by_path network "/proc/$pid/ns/net"
	config '.mounts |= map(select(.type != "sysfs"))'
	script 'i=0; until wget -q -O - http://127.0.0.1:8080/ 2>/dev/null ||
		[ $((i += 1)) -gt 50 ]; do usleep 50000; done'
	try rl run --bundle "$B" "$C-2"
	equal "$status$output" "0over the net"
	rl delete --force "$C"
}

@test "a path to another type of namespace is refused" {
	by_path ipc /proc/self/ns/uts
	try rl run --bundle "$B" "$C"
	refused "/linux/namespaces/2: joining the ipc namespace /proc/self/ns/uts" \
		"it is no ipc namespace"
}

@test "a path to what is no namespace, or to nothing, is refused" {
	by_path network /etc/passwd
	try rl run --bundle "$B" "$C"
	refused "/linux/namespaces/1: joining the network namespace /etc/passwd"
	by_path network "$T/none"
	try rl run --bundle "$B" "$C"
	refused "/linux/namespaces/1: $T/none: No such file or directory"
	by_path network relative
	try rl run --bundle "$B" "$C"
	refused "/linux/namespaces/1"
}

@test "a namespace of somebody else is refused with a hint" {
	by_path network /proc/self/ns/net
	try rl run --bundle "$B" "$C"
	refused "/linux/namespaces/1: joining the network namespace" \
		"only namespaces owned by a user namespace of yours"
}

@test "a type twice, or unknown, is refused" {
	config '.linux.namespaces += [{type: "ipc"}]'
	try rl run --bundle "$B" "$C"
	refused "/linux/namespaces/7" ipc
	config '.linux.namespaces[7].type = "space"'
	try rl run --bundle "$B" "$C"
	refused "/linux/namespaces/7/type" space
}

@test "hostname and domainname are set inside, and only there" {
	local before
	before=$(cat /proc/sys/kernel/hostname /proc/sys/kernel/domainname)
	config '.hostname = "inside-name" | .domainname = "inside.example"'
	inside 'cat /proc/sys/kernel/hostname /proc/sys/kernel/domainname; uname -n'
	equal "$output" $'inside-name\ninside.example\ninside-name'
	equal "$(cat /proc/sys/kernel/hostname /proc/sys/kernel/domainname)" "$before"
}

@test "hostname and domainname without a uts namespace are refused" {
	without uts
	try rl run --bundle "$B" "$C"
	refused "/hostname: needs a uts namespace"
	config 'del(.hostname) | .domainname = "x"'
	try rl run --bundle "$B" "$C"
	refused "/domainname: needs a uts namespace"
}

@test "the loopback interface of a new network is up, and nothing else is there" {
	inside 'ls /sys/class/net; mkdir /tmp/www; echo answer >/tmp/www/index.html
		httpd -p 127.0.0.1:80 -h /tmp/www && wget -q -O - http://127.0.0.1/'
	equal "$(grep -vE '^(tunl|sit|ip6tnl|gre|erspan|ip_vti|ip6_vti|ip6gre)' <<<"$output")" \
		$'lo\nanswer'
}

@test "timeOffsets move the clocks of the container" {
	local mono boot own_mono own_boot
	config '.linux.namespaces += [{type: "time"}]
		| .linux.timeOffsets = {monotonic: {secs: 100000, nanosecs: 500},
		boottime: {secs: -5}}'
	own_mono=$("$ROOTLET_BUILDDIR/tests/guest/testguest" clock monotonic)
	own_boot=$("$ROOTLET_BUILDDIR/tests/guest/testguest" clock boottime)
	inside 'testguest clock monotonic; testguest clock boottime; cut -d. -f1 /proc/uptime'
	mono=$(sed -n 1p <<<"$output")
	boot=$(sed -n 2p <<<"$output")
	[ $((mono - own_mono)) -ge 99999 ] && [ $((mono - own_mono)) -le 100020 ] || fail "$output"
	[ $((boot - own_boot)) -ge -6 ] && [ $((boot - own_boot)) -le 15 ] ||
		fail "$output, $own_boot"
	[ $(($(sed -n 3p <<<"$output") - boot)) -le 2 ]
	config '.linux.timeOffsets.boottime.secs = 1000000'
	inside 'cut -d. -f1 /proc/uptime'
	[ $((output - own_boot)) -ge 1000000 ]
}

@test "timeOffsets without a time namespace are refused" {
	config '.linux.timeOffsets = {monotonic: {secs: 1}}'
	try rl run --bundle "$B" "$C"
	refused "/linux/timeOffsets/monotonic: needs a new time namespace"
}

@test "without a pid namespace no process of the container outlives a foreground run" {
	without pid
	script '(sleep 77 &) ; (setsid sleep 78 &) ; echo done'
	try rl run --bundle "$B" "$C"
	equal "$status$output" 0done
}

@test "a container whose network is joined has to live until that is done" {
	bundle_args sleep 1000
	rl run --detach --bundle "$B" --net=none "$C" >/dev/null </dev/null
	bundle_args true
	config '.hooks.createRuntime = [{path: $r, args: ["rootlet", "--root", $s, "delete",
		"--force", $c]}]' --arg r "$ROOTLET" --arg s "$T/state" --arg c "$C"
	# From here on its number may be another process's.
	try rl run --bundle "$B" --net="container:$C" "$C-2"
	refused "--net=container:$C: container not running: it ended while its network was joined"
	config 'del(.hooks)'
	try rl run --bundle "$B" --net="container:$C" "$C-2"
	refused "container \`$C\` does not exist"
}
