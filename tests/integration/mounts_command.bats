#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Programs for the container's shell and for jq; output, stderr: of helpers' `try`
# shellcheck disable=SC2016,SC2154
# rootlet mounts: mounts added to a container that is there, and removed from it.

load helpers

# start_container: runs the bundle until the test ends it; the container answers by files in
# /answers, the host's T/answers.
start_container() {
	mkdir "$T/answers"
	mount_add /answers none "$T/answers" bind
	# Each line that appears in /answers/ask is run; its output becomes /answers/N.
	script 'n=0; : >/answers/ask; echo up >/answers/up
		while :; do n=$((n + 1)); while [ "$(wc -l </answers/ask)" -lt $n ]; do sleep 0.02;
		done
		sh -c "$(sed -n ${n}p /answers/ask)" >/answers/$n.tmp 2>&1;
		mv /answers/$n.tmp /answers/$n; done'
	asked=0
	rl run --bundle "$B" "$C" >"$T/out" 2>&1 &
	runner=$!
	wait_for test -e "$T/answers/up"
}

# ask COMMAND: runs it in the container's program, which has been there all the time; its output is
# `answer`.
ask() {
	asked=$((asked + 1))
	[ "$(wc -l <<<"$1")" -eq 1 ] || fail "one line: $1"
	echo "$1" >>"$T/answers/ask"
	wait_for test -e "$T/answers/$asked"
	answer=$(cat "$T/answers/$asked")
}

end_container() {
	rl kill "$C" KILL
	wait "$runner" || true
	rl delete --force "$C" || true
}

# file FILTER [JQ-OPTION...]: T/mounts.json is what jq makes of nothing.
file() {
	jq -n "$@" >"$T/mounts.json"
}

@test "add and remove: a directory, a file, a tmpfs; seen by what runs already, and gone again" {
	mkdir "$T/dir"
	echo text >"$T/dir/file"
	start_container
	file '[{destination: "/srv/dir", source: ($t + "/dir"), options: ["bind", "ro", "nosuid"]},
		{destination: "/srv/file", type: "none", source: ($t + "/dir/file"), options: '\
'["rbind"]},
		{destination: "/srv/t", type: "tmpfs", options: ["size=64k", "mode=711"]},
		{destination: "/srv/t/below", source: ($t + "/dir"), options: ["bind"]}]' --arg t \
			"$T"
	try rl mounts add "$C" "$T/mounts.json"
	equal "$status$output$stderr" 0
	ask \
		'cat /srv/dir/file /srv/file /srv/t/below/file; touch /srv/dir/x; stat -c %a '\
'/srv/t; echo new >/srv/t/below/new'
	equal "$answer" $'text\ntext\ntext\ntouch: /srv/dir/x: Read-only file system\n711'
	equal "$(cat "$T/dir/new")" new
	ask 'awk "\$5 ~ \"^/srv\" { print \$5, \$6 }" /proc/self/mountinfo'
	equal "$answer" "/srv/dir ro,nosuid,relatime
/srv/file rw,relatime
/srv/t rw,relatime
/srv/t/below rw,relatime"
	try rl mounts remove "$C" "$T/mounts.json"
	equal "$status$output$stderr" 0
	ask 'grep -c /srv /proc/self/mountinfo; ls -A /srv/dir /srv/t; wc -c </srv/file'
	equal "$answer" $'0\n/srv/dir:\n\n/srv/t:\n0'
	equal "$(cat "$T/dir/file")" text
	end_container
}

@test "the mounts come by standard input: a file, a pipe, a socket" {
	mkdir "$T/dir"
	echo text >"$T/dir/file"
	start_container
	file '[{destination: "/srv/dir", source: $t, options: ["bind"]}]' --arg t "$T/dir"
	for by in file pipe socket; do
		for command in add remove; do
			case $by in
			file) try rl mounts "$command" "$C" - <"$T/mounts.json" ;;
			pipe) try rl mounts "$command" "$C" - < <(cat "$T/mounts.json") ;;
			socket) try by_socket "$T/mounts.json" mounts "$command" "$C" - ;;
			esac
			equal "$by $command: $status$output$stderr" "$by $command: 0"
			ask 'cat /srv/dir/file 2>/dev/null || echo none'
			equal "$answer" "$([ "$command" = add ] && echo text || echo none)"
		done
	done
	end_container
}

# by_socket FILE ARGUMENT...: rootlet with a socket for its stdin, from which it reads what is in
# FILE.
by_socket() {
	python3 - "$1" "$ROOTLET" --root "$T/state" "${@:2}" <<-'END'
		import socket, subprocess, sys
		ours, theirs = socket.socketpair()
		ours.sendall(open(sys.argv[1], "rb").read())
		ours.shutdown(socket.SHUT_WR)
		sys.exit(subprocess.run(sys.argv[2:], stdin=theirs).returncode)
	END
}

@test "add of what belongs to the container's namespaces: proc, mqueue, sysfs, devpts, cgroup" {
	start_container
	file \
		'[{destination: "/srv/proc", type: "proc"}, {destination: "/srv/sys", type: '\
'"sysfs", options: ["ro"]},
		{destination: "/srv/mq", type: "mqueue"}, {destination: "/srv/pts", type: '\
'"devpts", options: ["newinstance"]},
		{destination: "/srv/cgroup", type: "cgroup", options: ["ro"]}]'
	try rl mounts add "$C" "$T/mounts.json"
	equal "$status$output$stderr" 0
	ask \
		'readlink /srv/proc/1/exe; [ "$(ls /srv/proc | grep -c "^[0-9]")" -lt 9 ] && echo '\
'few; ls /srv/sys/class/net; [ -d /srv/mq ] && ls /srv/pts'
	answer_1=$answer
	ask '[ "$(cat /srv/cgroup/cgroup.procs | wc -l)" -gt 0 ] && echo mine; true'
	equal "$answer" mine
	equal "$answer_1" $'/bin/busybox\nfew\nlo\nptmx'
	end_container
}

@test "a created container, and standard input" {
	mkdir "$T/dir"
	echo text >"$T/dir/file"
	script 'cat /srv/file >/tmp/out'
	rl create --bundle "$B" "$C"
	file '[{destination: "/srv", source: $s, options: ["bind"]}]' --arg s "$T/dir"
	rl mounts add "$C" - <"$T/mounts.json"
	rl start "$C"
	wait_for status_is stopped
	rl delete "$C"
	equal "$(cat "$B/rootfs/tmp/out")" text
}

@test "a created container that will run as another user" {
	mkdir "$T/dir"
	echo text >"$T/dir/file"
	config '.process.user = {uid: 1000, gid: 1000}'
	script 'cat /srv/file >/tmp/out'
	rl create --bundle "$B" "$C"
	file '[{destination: "/srv", source: $s, options: ["bind"]}]' --arg s "$T/dir"
	try rl mounts add "$C" "$T/mounts.json"
	equal "$status$stderr" 0
	rl start "$C"
	wait_for status_is stopped
	rl delete "$C"
	equal "$(cat "$B/rootfs/tmp/out")" text
}

@test "all or none: when one can't be mounted, those before it are taken back" {
	mkdir "$T/dir"
	start_container
	file \
		'[{destination: "/srv", type: "tmpfs"}, {destination: "/tmp", source: $s, '\
'options: ["bind"]},
		{destination: "/etc/passwd", source: $s, options: ["bind"]}]' --arg s "$T/dir"
	try rl mounts add "$C" "$T/mounts.json"
	equal "$status$output" 1
	equal "$(wc -l <"$T/try.err")" 1
	has "$stderr" "$T/mounts.json: /2: destination /etc/passwd is not a directory"
	ask 'grep -c -e " /srv " -e " /tmp " /proc/self/mountinfo'
	equal "$answer" 0
	end_container
}

@test "destinations stay in the container, whatever links its root filesystem has" {
	mkdir "$T/dir" "$T/outside"
	touch "$T/dir/here"
	ln -s "$T/outside" "$B/rootfs/srv/link"
	ln -s ../../../../../../../../../../tmp "$B/rootfs/srv/up"
	start_container
	file '[{destination: "/srv/link/new", source: ($t + "/dir"), options: ["bind"]},
		{destination: "srv/up/new", source: ($t + "/dir"), options: ["bind"]}]' --arg t "$T"
	rl mounts add "$C" "$T/mounts.json"
	equal "$(ls -A "$T/outside")" ""
	ask "ls $T/outside/new /tmp/new"
	equal "$answer" "$(printf '%s:\nhere\n\n%s:\nhere' /tmp/new "$T/outside/new" | sort)" ||
		has "$answer" here
	[ ! -e /tmp/new ]
	end_container
}

@test "remove follows no symlink, and takes only what is a mount" {
	ln -s /answers "$B/rootfs/srv/link"
	ln -s / "$B/rootfs/srv/root"
	start_container
	file '[{destination: "/srv/link"}]'
	try rl mounts remove "$C" "$T/mounts.json"
	equal "$status" 1
	has "$stderr" "$T/mounts.json: /0: /srv/link: Too many levels of symbolic links"
	file '[{destination: "/srv/root/answers"}]'
	try rl mounts remove "$C" "$T/mounts.json"
	equal "$status" 1
	has "$stderr" "a symbolic link in the container is on the way"
	file '[{destination: "/etc"}]'
	try rl mounts remove "$C" "$T/mounts.json"
	equal "$status" 1
	has "$stderr" "/0: nothing is mounted on /etc"
	file '[{destination: "/none"}]'
	try rl mounts remove "$C" "$T/mounts.json"
	has "$stderr" "/0: /none: No such file or directory"
	file '[{destination: "/srv/../answers"}]'
	try rl mounts remove "$C" "$T/mounts.json"
	has "$stderr" '".." is not followed'
	for destination in / // /. .; do
		file '[{destination: $d}]' --arg d "$destination"
		try rl mounts remove "$C" "$T/mounts.json"
		has "$stderr" '/0/destination: "/" is the container itself'
	done
	ask 'grep -c " /answers " /proc/self/mountinfo'
	equal "$answer" 1
	end_container
}

@test "remove takes the topmost mount only" {
	mkdir "$T/one" "$T/two"
	touch "$T/one/1" "$T/two/2"
	start_container
	file \
		'[{destination: "/srv", source: ($t + "/one"), options: ["bind"]}, {destination: '\
'"/srv", source: ($t + "/two"), options: ["bind"]}]' --arg t "$T"
	rl mounts add "$C" "$T/mounts.json"
	file '[{destination: "/srv"}]'
	rl mounts remove "$C" "$T/mounts.json"
	ask 'ls /srv'
	equal "$answer" 1
	end_container
}

@test "a mount of the configuration can be removed, remounted and given another propagation" {
	mount_add /run tmpfs tmpfs mode=755
	start_container
	file \
		'[{destination: "/run", options: ["remount", "ro"]}, {destination: "/run", '\
'options: ["shared"]}]'
	rl mounts add "$C" "$T/mounts.json"
	ask 'touch /run/x; grep -c " /run ro,relatime shared:" /proc/self/mountinfo'
	equal "$answer" $'touch: /run/x: Read-only file system\n1'
	file '[{destination: "/run"}]'
	rl mounts remove "$C" "$T/mounts.json"
	ask 'grep -c " /run " /proc/self/mountinfo'
	equal "$answer" 0
	end_container
}

@test "tmpcopyup and copy-symlink work in a container that is there" {
	ln -s elsewhere "$T/link"
	start_container
	ask 'mkdir /srv/data; echo kept >/srv/data/file'
	file \
		'[{destination: "/srv/data", type: "tmpfs", options: ["tmpcopyup"]}, '\
'{destination: "/srv/link", source: $l, options: ["bind", "copy-symlink"]}]' \
		--arg l "$T/link"
	rl mounts add "$C" "$T/mounts.json"
	ask \
		'cat /srv/data/file; echo changed >/srv/data/file; readlink /srv/link; grep -c '\
'/srv /proc/self/mountinfo'
	equal "$answer" $'kept\nelsewhere\n1'
	equal "$(cat "$B/rootfs/srv/data/file")" kept
	end_container
}

@test "the process that acts in the container can't be looked into or traced by it" {
	# The container's root may trace, and looks at every process that is not its own. Only a
	# procfs takes one of ours into its pid namespace. strace holds it for a while.
	config '.process.capabilities |= map_values(. + ["CAP_SYS_PTRACE", "CAP_SYS_ADMIN",
		"CAP_DAC_OVERRIDE"])'
	start_container
	cat >"$T/answers/look" <<-'END'
		while [ ! -e /answers/enough ]; do
			for p in /proc/[0-9]*; do
				[ "$(cat $p/comm 2>/dev/null)" = rootlet ] || continue
				echo $p >>/answers/seen
				for what in fd root map_files; do
					ls $p/$what/ >/dev/null 2>&1 &&
						echo "$p/$what" >>/answers/open
				done
			done
			sleep 0.05
		done
	END
	ask 'sh /answers/look >/dev/null 2>&1 & true'
	file '[{destination: "/srv", type: "proc"}]'
	try strace -f -qq -o "$T/trace" -e trace=move_mount,setresuid \
		-e inject=move_mount,setresuid:delay_enter=700000 \
		"$ROOTLET" --root "$T/state" mounts add "$C" "$T/mounts.json"
	equal "$status$stderr" 0
	touch "$T/answers/enough"
	[ -s "$T/answers/seen" ] || fail "never seen"
	[ ! -e "$T/answers/open" ] || fail "$(sort -u "$T/answers/open")"
	end_container
}

@test "bad input: one line each, nothing mounted" {
	mkdir "$T/dir"
	start_container
	bad() { # JSON PART...
		printf '%s' "$1" >"$T/mounts.json"
		shift
		try rl mounts add "$C" "$T/mounts.json"
		equal "$status$output" 1
		equal "$(wc -l <"$T/try.err")" 1
		for part in "$@"; do has "$stderr" "$part"; done
	}
	bad '{"destination": "/srv"}' "$T/mounts.json: expected an array of mounts, found object"
	bad '[' "$T/mounts.json: line 1"
	bad '[{"source": "/tmp"}]' "$T/mounts.json: /0/destination: required"
	bad '[{"destination": "/srv", "type": "tmpfs"}, 5]' "$T/mounts.json: /1: expected an object"
	bad '[{"destination": "", "type": "tmpfs"}]' "/0/destination: must not be empty"
	bad '[{"destination": "/srv"}]' "$T/mounts.json: /0/type: required"
	bad '[{"destination": "/srv", "options": ["bind"]}]' \
		"$T/mounts.json: /0/source: required for a bind mount"
	bad '[{"destination": "/", "type": "tmpfs"}]' '/0/destination: a mount on "/"'
	bad '[{"destination": "/srv", "type": "nosuchfs"}]' '/0: mounting nosuchfs on /srv' \
		'not known to this kernel'
	bad '[{"destination": "/srv", "source": "/no/such", "options": ["bind"]}]' \
		"/0: source /no/such: No such file"
	bad '[{"destination": "/srv", "type": "ext4", "source": "/dev/null"}]' \
		"/0: mounting ext4 on /srv: " "a bind mount"
	bad \
		'[{"destination": "/srv", "type": "tmpfs", "options": '\
'["idmap=uids=@0-1-1;gids=@0-1-1"]}]' "only when the container is made"
	rm "$T/mounts.json"
	try rl mounts add "$C" "$T/mounts.json"
	has "$stderr" "$T/mounts.json: No such file or directory"
	try rl mounts change "$C" "$T/mounts.json"
	equal "$status" 1
	has "$stderr" 'mounts: "change": add or remove'
	try rl mounts add "$C"
	equal "$status" 1
	ask 'grep -c /srv /proc/self/mountinfo'
	equal "$answer" 0
	end_container
	echo '[]' >"$T/mounts.json"
	try rl mounts add "$C" "$T/mounts.json"
	equal "$status" 1
	has "$stderr" "does not exist"
}

@test "a container that has ended has no mounts to change" {
	rl create --bundle "$B" "$C"
	rl kill "$C" KILL
	wait_for status_is stopped
	echo '[]' >"$T/mounts.json"
	try rl mounts add "$C" "$T/mounts.json"
	equal "$status" 1
	has "$stderr" "container not running"
	rl delete "$C"
}
