#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Programs for the container's shell and for jq; output, stderr: of helpers' `try`
# shellcheck disable=SC2016,SC2154,SC2030,SC2031
# checkpoint and restore. With CRIU where it gets along with this kernel (the one of Debian 12 does
# not know the vDSO of Linux 6.13 and later); rootlet's own part always, with a criu that writes
# down how it was called.

load ../helpers

setup() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	container_setup --rootless=false
	I=$T/images
	mkdir "$T/source"
	config '.mounts += [{destination: "/srv", source: $s, options: ["rbind", "ro"]}]' --arg s \
		"$T/source"
}

counter() {
	script 'i=0; while :; do i=$((i + 1)); echo $i >/tmp/new; mv /tmp/new /tmp/count;
		sleep 0.02; done'
}

# start: detached, with streams of the host.
start() {
	rl run --detach --bundle "$B" "$C" </dev/null >/dev/null 2>"$T/streams"
}

count() {
	cat "$B/rootfs/tmp/count"
}

goes_on() {
	local before
	before=$(count)
	wait_for above "$before"
}

above() {
	[ "$(count)" -gt "$1" ]
}

# gone PID: or a zombie that its reaper has not seen yet.
gone() {
	! grep -q '^State:.[^Z]' "/proc/$1/status" 2>/dev/null
}

criu_works() {
	criu check >/dev/null 2>&1
}

# ---------------------------------------------------------------- the real thing

@test "CRIU: a counter is checkpointed, restored, and goes on counting; or what is in its way" {
	local stopped
	[ -n "$(command -v criu)" ] || skip "needs the package criu"
	counter
	start
	wait_for above 3
	try rl checkpoint --image-path "$I" "$C"
	if ! criu_works; then
		refused "checkpoint: CRIU does not work on this machine: " "criu check: "
		status_is running
		[ ! -e "$I" ]
		rl delete --force "$C"
		return 0
	fi
	equal "$status$stderr$output" 0
	[ ! -e "$T/state/$C" ]
	stopped=$(count)
	sleep 0.1
	equal "$(count)" "$stopped"
	try rl restore --detach --bundle "$B" --image-path "$I" --work-path "$T" \
		--pid-file "$T/pid" "$C"
	equal "$status$stderr$output" 0
	equal "$(cat "$T/pid")" "$(pid_of)"
	status_is running
	wait_for above "$stopped"
	# The same namespaces, mounts and streams as before.
	try rl exec "$C" sh \
		-c 'touch /srv/x 2>&1; cat /proc/1/mountinfo | grep -c " /srv ";
		readlink /proc/1/fd/0'
	equal "$output" $'touch: /srv/x: Read-only file system\n1\n/dev/null'
	equal "$(readlink "/proc/$(pid_of)/fd/0")" /dev/null
	# In a cgroup of its own where it had one, and without a sight of others.
	if jq -e '.cgroup.path' "$T/state/$C/state.json" >/dev/null; then
		has "$(cat "/proc/$(pid_of)/cgroup")" \
			"0::$(jq -r '.cgroup.path' "$T/state/$C/state.json")"
		try rl exec "$C" sh \
			-c 'find /sys/fs/cgroup -name cgroup.procs | wc -l;
			grep -cx 1 /sys/fs/cgroup/cgroup.procs'
		equal "$output" $'1\n1'
	fi
	# Once more, and left running.
	try rl checkpoint --leave-running --image-path "$T/again" "$C"
	equal "$status$stderr" 0
	status_is running
	goes_on
	rl kill "$C" KILL
	try rl wait "$C"
	equal "$output" 137
	rl delete "$C"
	not grep -F "$T" /proc/self/mountinfo
}

@test "CRIU: restored in the foreground, with pipes, upon a root and a source that have moved" {
	criu_works || return 0
	script 'read -r line; echo "got $line"; ls /srv; exit 7'
	exec 7< <(exec sleep 100 3>&-)
	sleeper=$!
	exec 8> >(exec cat >/dev/null 3>&-)
	rl run --detach --bundle "$B" "$C" <&7 >&8 2>/dev/null 7<&- 8>&-
	exec 7<&- 8>&-
	try rl checkpoint --image-path "$I" "$C"
	kill "$sleeper"
	equal "$status$stderr" 0
	has "$(cat "$I/descriptors.json")" "pipe:["
	mv "$B" "$T/moved"
	B=$T/moved
	mv "$T/source" "$T/elsewhere"
	touch "$T/elsewhere/file"
	rmdir "$B/rootfs/srv"
	config '(.mounts[] | select(.destination == "/srv")).source = $s' --arg s "$T/elsewhere"
	echo line >"$T/line"
	# Streams of the same kinds as before: CRIU insists.
	try sh -c 'cat "$0" | { "$@" 2>/dev/null; echo "status $?"; } | cat' "$T/line" "$ROOTLET" \
		--root "$T/state" restore --bundle "$B" --image-path "$I" "$C"
	equal "$output" $'got line\nfile\nstatus 7'
}

# ---------------------------------------------------------------- what criu is told

# fake_criu: a criu in front of the real one that writes its arguments into T/calls, one a line.
# `dump` leaves a log, `restore` starts a process.
fake_criu() {
	mkdir -p "$T/bin"
	cat >"$T/bin/criu" <<'END'
#!/bin/bash
t=${0%/bin/criu}
printf '%s\n' "$@" >"$t/call.$1"
while [ $# -gt 0 ]; do
	case $1 in
	--pidfile) pidfile=$2 ;;
	--work-dir) work=$2 ;;
	--log-file) log=$2 ;;
	restore) restore=yes ;;
	esac
	shift
done
if [ -n "${log:-}" ] && [ -e "$t/log" ]; then
	cp "$t/log" "$work/$log"
	exit 1
fi
if [ -n "${restore:-}" ]; then
	grep " $t/bundle/rootfs " /proc/self/mountinfo >"$t/root"
	for fd in /proc/$$/fd/*; do
		fd=${fd##*/}
		# 255 is the shell's own.
		[ "$fd" -le 2 ] || [ "$fd" = 255 ] || eval "exec $fd>&-"
	done
	sleep 100 </dev/null >/dev/null 2>&1 &
	printf %s $! >"$pidfile"
fi
exit "$(cat "$t/result" 2>/dev/null || echo 0)"
END
	chmod 0755 "$T/bin/criu"
	PATH=$T/bin:$PATH
}

# told ACTION ARGUMENT...: these, one after the other, were among the arguments.
told() {
	local action=$1
	shift
	has $'\n'"$(cat "$T/call.$action")"$'\n' $'\n'"$(printf '%s\n' "$@")"$'\n'
}

not_told() {
	not grep -qxF -- "$2" "$T/call.$1"
}

@test "checkpoint: the command line" {
	local pid rest
	fake_criu
	counter
	config '.annotations["org.criu.config"] = "/etc/my-criu.conf"'
	start
	pid=$(pid_of)
	try rl checkpoint --image-path "$I" --leave-running "$C"
	equal "$status$stderr$output" 0
	told dump dump --images-dir "$I" --work-dir "$I" --log-file dump.log -v4 \
		--config /etc/my-criu.conf --manage-cgroups=ignore
	told dump --tree "$pid" --root "$B/rootfs" --leave-running
	# What the host has too; not what is the container's own.
	told dump --external 'mnt[/srv]:/srv'
	told dump --external 'mnt[/proc/keys]:/proc/keys'
	not_told dump 'mnt[/proc]:/proc'
	not_told dump 'mnt[/dev]:/dev'
	not_told dump 'mnt[/proc/sys]:/proc/sys'
	told dump \
		--external \
		"$(printf 'file[%x:%x]' "$(awk '/mnt_id/{print $2}' "/proc/$pid/fdinfo/0")" \
		"$(stat -c %i /dev/null)")"
	equal "$(jq -r '.[] | select(.destination == "/srv").source' "$I/mounts.json")" "$T/source"
	equal "$(jq length "$I/descriptors.json")" 3
	for rest in --tcp-established --skip-in-flight --ext-unix-sk --shell-job --file-locks \
		--link-remap --lazy-pages --auto-dedup; do
		not_told dump "$rest"
	done
	try rl checkpoint --image-path "$I" --work-path "$T/work" --pre-dump \
		--parent-path ../before --tcp-established \
		--tcp-skip-in-flight --ext-unix-sk --shell-job --file-locks --link-remap \
		--lazy-pages --auto-dedup --manage-cgroups-mode soft --network-lock nftables \
		--empty-ns network --page-server ::1:77 --status-fd 2 "$C"
	equal "$status$stderr$output" 0
	told pre-dump --work-dir "$T/work"
	told pre-dump --manage-cgroups=soft --network-lock nftables --tcp-established \
		--skip-in-flight --ext-unix-sk --shell-job \
		--file-locks --link-remap --lazy-pages --auto-dedup --empty-ns net --status-fd 2 \
		--page-server --address ::1 --port 77
	told pre-dump --track-mem --prev-images-dir ../before
	# A pre-dump leaves it running, everything else ends and deletes it.
	status_is running
	try rl checkpoint --image-path "$I" "$C"
	equal "$status$stderr$output" 0
	[ ! -e "$T/state/$C" ]
	gone "$pid"
}

@test "restore: the command line, the state and the pid file" {
	fake_criu
	counter
	start
	rl checkpoint --image-path "$I" "$C"
	rmdir "$B/rootfs/srv"
	try rl restore --bundle "$B" --image-path "$I" --detach --pid-file "$T/pid" \
		--lsm-profile apparmor:mine \
		--lsm-mount-context system_u:x --tcp-close --no-pivot --no-subreaper "$C"
	equal "$status$stderr$output" 0
	told restore restore --images-dir "$I"
	told restore --tcp-close --lsm-profile apparmor:mine --lsm-mount-context system_u:x
	told restore --restore-detached --restore-sibling --root "$B/rootfs" \
		--pidfile "$T/state/$C/criu.pid"
	told restore --external "mnt[/srv]:$T/source"
	told restore --external 'mnt[/proc/keys]:/dev/null'
	equal "$(grep -A1 -x -- --inherit-fd "$T/call.restore" | sed -n 's/^fd\[[0-9]*\]://p')" \
		"$(jq -r '.[]' "$I/descriptors.json")"
	# Its root was a mount for criu, and is none any more; a mount point that was missing is
	# there.
	[ -s "$T/root" ]
	not grep -F "$T" /proc/self/mountinfo
	[ -d "$B/rootfs/srv" ]
	status_is running
	equal "$(cat "$T/pid")" "$(pid_of)"
	[ ! -e "$T/state/$C/criu.pid" ]
	kill -KILL "$(pid_of)"
	wait_for status_is stopped
	rl delete "$C"
}

@test "joined network namespaces are their owner's" {
	local pid
	fake_criu
	touch "$T/netns"
	counter
	config '(.linux.namespaces[] | select(.type == "network")).path = $p' --arg p "$T/netns"
	unshare --net="$T/netns" true
	start
	pid=$(pid_of)
	try rl checkpoint --image-path "$I" --leave-running "$C"
	equal "$status$stderr" 0
	told dump --external "net[$(stat -L -c %i "/proc/$pid/ns/net")]:rootlet-net"
	rl delete --force "$C"
	try rl restore --detach --bundle "$B" --image-path "$I" "$C"
	equal "$status$stderr" 0
	grep -A1 -x -- --inherit-fd "$T/call.restore" | grep -E '^fd\[[0-9]+\]:rootlet-net$'
	kill -KILL "$(pid_of)"
	wait_for status_is stopped
	rl delete "$C"
	# Its owner may end it while the container runs: nobody holds its place.
	rl restore --bundle "$B" --image-path "$I" "$C" &
	wait_for status_is running
	umount "$T/netns"
	kill -KILL "$(pid_of)"
	not wait $!
	not rl state "$C"
}

# ---------------------------------------------------------------- failures

@test "what criu fails of is told in one line, and nothing is touched" {
	fake_criu
	counter
	start
	printf \
		'(00.1) Error (criu/util.c:1): rlimit: RLIMIT_NOFILE: no\n(00.2) Warn (x)\n(00.3) '\
'Error (criu/files.c:9): the reason\n(00.4) Error (criu/cr.c:1): Dumping FAILED.\n' >"$T/log"
	try rl checkpoint --image-path "$I" "$C"
	refused "criu dump failed: Error (criu/files.c:9): the reason (see $I/dump.log)"
	status_is running
	rm "$T/log"
	rl checkpoint --image-path "$I" "$C"
	mv "$T/call.dump" "$T/log"
	try rl restore --bundle "$B" --image-path "$I" "$C"
	refused "criu restore failed: without a word"
	rm "$T/log"
	# It says that it is done, and is not.
	printf '#!/bin/sh\nexit 0\n' >"$T/bin/criu"
	try rl restore --bundle "$B" --image-path "$I" "$C"
	refused "criu did not say which process"
	printf '#!/bin/sh\necho "Error (criu/vdso.c:1): no such kernel"\nexit 1\n' >"$T/bin/criu"
	try rl restore --bundle "$B" --image-path "$I" "$C"
	refused "restore: CRIU does not work on this machine" \
		"Error (criu/vdso.c:1): no such kernel"
}

@test "bad input" {
	fake_criu
	try rl checkpoint --image-path "$I" "$C"
	refused "does not exist"
	counter
	rl create --bundle "$B" "$C" </dev/null >/dev/null 2>&1
	try rl checkpoint --image-path "$I" "$C"
	refused "container not running" created
	rl start "$C"
	while read -r option value part; do
		try rl checkpoint --image-path "$I" "$option" "$value" "$C"
		refused "$option: $part"
	done <<'END'
--manage-cgroups-mode everything `everything` is not known
--network-lock none `none` is not known
--empty-ns pid `pid`: only network
--page-server 77 `77` is not ADDRESS:PORT
END
	try rl checkpoint --image-path "$T/no/such" "$C"
	refused "--image-path: $T/no/such: No such file"
	rl delete --force "$C"
	try rl restore --bundle "$B" --image-path "$T/nothing" "$C"
	refused "--image-path: $T/nothing: No such file"
	mkdir "$T/nothing"
	try rl restore --bundle "$B" --image-path "$T/nothing" "$C"
	refused "$T/nothing/mounts.json: No such file"
	for text in '{}' '[1]' '[{"destination": "/srv"}]' '['; do
		echo "$text" >"$T/nothing/mounts.json"
		try rl restore --bundle "$B" --image-path "$T/nothing" "$C"
		refused "$T/nothing/mounts.json"
	done
	config '.process.terminal = true'
	"$ROOTLET_BUILDDIR/tests/guest/testguest" receive "$T/console.sock" "" >/dev/null 3>&- &
	wait_for test -S "$T/console.sock"
	rl run --detach --console-socket "$T/console.sock" --bundle "$B" "$C"
	try rl checkpoint --image-path "$I" "$C"
	refused "has a terminal"
	rl delete --force "$C"
}

@test "a network of rootlet's is refused with the remedy" {
	local option
	fake_criu
	counter
	rl run --detach --net=slirp4netns --bundle "$B" "$C" </dev/null >/dev/null 2>"$T/streams"
	for option in '' --leave-running --pre-dump; do
		# shellcheck disable=SC2086 # an option, or none
		try rl checkpoint --image-path "$I" $option "$C"
		refused "container \`$C\` has a network of rootlet's" --net=none --net=host
		status_is running
		[ ! -e "$I" ]
		[ ! -e "$T/call.dump" ]
	done
	rl delete --force "$C"
	# What is said helps.
	for option in none host; do
		rl run --detach --net="$option" --bundle "$B" "$C" </dev/null >/dev/null \
			2>"$T/streams"
		try rl checkpoint --image-path "$I" "$C"
		equal "$status$stderr" 0
		not_told dump 'mnt[/etc/hosts]:/etc/hosts'
		[ ! -e "$T/state/$C" ]
	done
}

@test "without criu the package is named" {
	counter
	start
	# Whatever there is of it is hidden by a file that can't be executed.
	try unshare --mount sh \
		-c 'for file in /usr/sbin/criu /usr/bin/criu /usr/local/sbin/criu \
		/usr/local/bin/criu; do
			[ ! -e "$file" ] || mount --bind /dev/null "$file"
		done; PATH=/usr/bin:/bin exec "$0" "$@"' "$ROOTLET" --root "$T/state" checkpoint \
			"$C"
	refused "criu is not installed" "apt-get install criu"
	rl delete --force "$C"
}
