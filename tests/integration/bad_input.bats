#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What can't work is said in one line that names the thing, with status 1, and leaves nothing (see
# teardown). status, output and stderr come from `try`; what is between single quotes is for jq or
# the shell inside.
# shellcheck disable=SC2154,SC2153,SC2016,SC2030,SC2031

load helpers

# create_refused PART...: neither create nor run does it, and both say the same.
create_refused() {
	try rl create --bundle "$B" "$C"
	refused "$@"
	local first=$stderr
	try rl run --bundle "$B" "$C"
	refused "$@"
	equal "$stderr" "$first"
	equal "$(find "$T/state" -mindepth 1 2>/dev/null)" ""
}

# ---------------------------------------------------------------- config.json

@test "truncated config.json, anywhere" {
	cp "$B/config.json" "$T/whole"
	size=$(stat -c %s "$T/whole")
	for keep in 0 1 2 17 $((size / 3)) $((size / 2)) $((size - 3)); do
		head -c "$keep" "$T/whole" >"$B/config.json"
		try rl create --bundle "$B" "$C"
		refused "$B/config.json"
	done
}

# marked FILE: with the byte order mark that some editors write.
marked() {
	printf '\357\273\277' | cat - "$1" >"$1.new"
	mv "$1.new" "$1"
}

@test "a byte order mark before config.json and a process file changes nothing" {
	config '.process.args = ["sleep", "1000"]'
	marked "$B/config.json"
	rl run --detach --bundle "$B" "$C" </dev/null >/dev/null
	printf '{"args": ["echo", "hello"], "cwd": "/"}' >"$T/process"
	marked "$T/process"
	try rl exec --process "$T/process" "$C"
	equal "$status$output$stderr" 0hello
	printf '[{"destination": "/srv", "type": "tmpfs"}]' >"$T/mounts"
	marked "$T/mounts"
	rl mounts add "$C" "$T/mounts"
	printf '{}' >"$T/resources"
	marked "$T/resources"
	try rl update --resources "$T/resources" "$C"
	[[ $stderr != *JSON* ]] || fail "$stderr"
	rl delete --force "$C"
}

@test "mistyped config.json: the path of the fault is named" {
	cp "$B/config.json" "$T/whole"
	# Filter, and the path that must be in the message.
	while read -r path filter; do
		cp "$T/whole" "$B/config.json"
		config "$filter"
		try rl create --bundle "$B" "$C"
		refused "config.json" "$path"
	done <<'END'
/ociVersion .ociVersion = 1
/ociVersion del(.ociVersion)
/ociVersion .ociVersion = "9.0.0"
/process/args .process.args = "sh"
/process/args .process.args = []
/process/args/1 .process.args = ["a", 2]
/process/cwd .process.cwd = "relative"
/process/cwd del(.process.cwd)
/process/env/0 .process.env = [null]
/process/user/uid .process.user.uid = "0"
/process/user/uid .process.user.uid = -1
/process/user/uid .process.user.uid = 4294967296
/process/user/uid .process.user.uid = 1.5
/process/terminal .process.terminal = "yes"
/process/rlimits .process.rlimits = [{type: "RLIMIT_NOFILE", hard: 1, soft: 1} | (., .)]
/process/rlimits/0/type .process.rlimits = [{"type": "RLIMIT_NOSUCH", "hard": 1, "soft": 1}]
/root .root = "rootfs"
/root del(.root)
/root/path del(.root.path)
/mounts .mounts = {}
/mounts/0/destination .mounts = [{"type": "tmpfs", "source": "x"}]
/mounts/0/destination .mounts = [{"destination": 7, "type": "tmpfs", "source": "x"}]
/mounts/0/options .mounts = [{"destination": "/x", "type": "tmpfs", "options": "ro"}]
/linux/namespaces/0/type .linux.namespaces = [{"type": "nosuch"}]
/linux/namespaces/1 .linux.namespaces = [{"type": "pid"}, {"type": "pid"}]
/linux/namespaces/0/path .linux.namespaces = [{"type": "pid", "path": "relative"}]
/linux/uidMappings/0/size .linux.uidMappings = [{"containerID": 0, "hostID": 0, "size": "1"}]
/hostname .hostname = ["x"]
END
}

@test "duplicate keys, NUL, garbage, deep nesting, numbers beyond all bounds" {
	cp "$B/config.json" "$T/whole"
	bad() {
		try rl create --bundle "$B" "$C"
		refused "config.json" "$@"
	}
	# Which of the two would hold?
	sed '0,/"ociVersion"/s//"hostname": "a", "ociVersion"/' "$T/whole" >"$B/config.json"
	bad hostname twice
	sed 's/"true"/"tr\\u0000ue"/' "$T/whole" >"$B/config.json"
	bad line NUL
	sed 's/"true"/"tr\x00ue"/' "$T/whole" >"$B/config.json"
	bad
	{ cat "$T/whole" && echo '{}'; } >"$B/config.json"
	bad
	echo '[]' >"$B/config.json"
	bad
	echo 'null' >"$B/config.json"
	bad
	head -c 200000 /dev/zero | tr '\0' '[' >"$B/config.json"
	bad
	{ printf '{"annotations":' && head -c 200000 /dev/zero | tr '\0' '{'; } >"$B/config.json"
	bad
	sed 's/"uid": 0/"uid": 1e400/' "$T/whole" >"$B/config.json"
	bad /process/user/uid
	sed 's/"uid": 0/"uid": 99999999999999999999999999/' "$T/whole" >"$B/config.json"
	bad /process/user/uid
	printf '{"ociVersion": "1.0.0\xff"}' >"$B/config.json"
	bad
	head -c 40000000 /dev/zero >"$B/config.json"
	bad
}

@test "properties that are unknown are no error" {
	config '.future = {a: [1, {b: null}]} | .process.future = true | .linux.future = "x"'
	inside 'echo fine'
	equal "$output" fine
}

# ---------------------------------------------------------------- the bundle

@test "no bundle, no config.json, no rootfs" {
	try rl create --bundle "$T/nowhere" "$C"
	refused "$T/nowhere" "No such file"
	try rl create --bundle "$B/config.json" "$C"
	refused "$B/config.json"
	try rl create --bundle "$T" "$C"
	refused "$T/config.json" "No such file" "rootlet spec"
	config '.root.path = "elsewhere"'
	create_refused "/root/path" "$B/elsewhere" "No such file"
	config '.root.path = "/no/such/tree"'
	create_refused "/root/path" "/no/such/tree"
	echo file >"$B/file"
	config '.root.path = "file"'
	create_refused "/root/path" "$B/file" "not a directory"
	ln -s nowhere "$B/dangling"
	config '.root.path = "dangling"'
	create_refused "/root/path" "dangling"
	rm "$B/config.json"
	mkdir "$B/config.json"
	create_refused "$B/config.json" "directory"
}

@test "a bundle, a config and a tree that may not be read" {
	[ "$(id -u)" -ne 0 ] || skip "root may read everything"
	chmod 000 "$B"
	create_refused "$B" "Permission denied"
	chmod 755 "$B"
	chmod 000 "$B/config.json"
	create_refused "$B/config.json" "Permission denied"
	chmod 644 "$B/config.json"
	# Reachable for the owner alone, and the owner is root inside: works. For nobody: not.
	mkdir -p "$B/closed/rootfs"
	config '.root.path = "closed/rootfs"'
	chmod 000 "$B/closed"
	create_refused "/root/path" "$B/closed"
	chmod 755 "$B/closed"
}

# ---------------------------------------------------------------- names and options

@test "bad IDs" {
	for id in "" . .. a/b ../a .hidden "a b" "$(printf '%300s' '' | tr ' ' x)" ünïcode $'a\nb' \
		'a%b' '*' 'a"b'; do
		for command in create run start state kill delete; do
			case $command in
			create | run) try rl "$command" --bundle "$B" -- "$id" ;;
			*) try rl "$command" -- "$id" ;;
			esac
			refused "container ID"
		done
	done
	[ ! -e "$T/state/a" ]
	# All that is allowed.
	bundle_args true
	id="A_z+.-9-$C"
	try rl run --bundle "$B" "$id"
	equal "$status$stderr" 0
}

@test "unknown commands and options, missing and superfluous arguments" {
	wrong() {
		local part=$1
		shift
		try rl "$@"
		refused "$part"
	}
	wrong '"nosuch"' nosuch
	wrong 'command'
	wrong '--nosuch' --nosuch list
	wrong '--nosuch' create --nosuch "$C"
	wrong '-x' run -x "$C"
	wrong 'create' create
	wrong 'run' run
	wrong 'start' start
	wrong 'state' state
	wrong 'kill' kill
	wrong 'delete' delete
	wrong 'state' state "$C" superfluous
	wrong 'create' create --bundle "$B" "$C" superfluous
	wrong 'bundle' create --bundle
	wrong 'format' list --format nosuch
	wrong 'preserve-fds' create --preserve-fds many --bundle "$B" "$C"
	wrong 'preserve-fds' create --preserve-fds -1 --bundle "$B" "$C"
	wrong 'log-format' --log-format yaml list
	wrong 'cgroup-manager' --cgroup-manager nosuch list
	wrong "$T/no/such/folder/log" --log "$T/no/such/folder/log" list
	wrong 'signal' kill "$C" NOSUCH
}

@test "every command on a container that does not exist" {
	for command in start state kill delete ps; do
		try rl "$command" "$C"
		refused "$C" "does not exist"
	done
}

@test "a state that is damaged is said to be, and delete --force removes it" {
	bundle_args true
	rl run --keep --bundle "$B" "$C"
	echo '{"ociVersion": "1.0' >"$T/state/$C/state.json"
	for command in state start kill delete; do
		try rl "$command" "$C"
		refused "$C"
	done
	try rl create --bundle "$B" "$C"
	refused "already exists"
	try rl delete --force "$C"
	equal "$status" 0
	[ ! -e "$T/state/$C" ]
}

@test "terminals: a console socket is needed, must be one, and must be wanted" {
	config '.process.terminal = true'
	try rl create --bundle "$B" "$C"
	refused "cannot allocate tty" "console socket"
	try rl run --detach --bundle "$B" "$C"
	refused "cannot allocate tty" "console socket"
	try rl create --bundle "$B" --console-socket "$T/nowhere" "$C"
	refused "$T/nowhere" "No such file"
	touch "$T/file"
	try rl create --bundle "$B" --console-socket "$T/file" "$C"
	refused "$T/file"
	config '.process.terminal = false'
	try rl create --bundle "$B" --console-socket "$T/file" "$C"
	refused "console socket" "/process/terminal"
}

# ---------------------------------------------------------------- mounts that lead astray

# mount_at DESTINATION [TYPE SOURCE OPTION...]
mount_at() {
	local destination=$1
	shift
	[ $# -gt 0 ] || set -- tmpfs tmpfs
	config '.mounts += [{destination: $ARGS.positional[0], type: $ARGS.positional[1],
		source: $ARGS.positional[2],
		options: $ARGS.positional[3:]}]' --args "$destination" "$@"
}

@test "dots and symlinks in a destination stay inside the root" {
	mkdir "$T/outside"
	# Absolute and relative, and one that climbs out.
	ln -s "$T/outside" "$B/rootfs/absolute"
	ln -s "../../../../../../../../../..$T/outside" "$B/rootfs/climbing"
	ln -s / "$B/rootfs/srv/root"
	mkdir -p "$B/rootfs$T/outside"
	mount_at /absolute/one
	mount_at /climbing/two
	mount_at "/../../../../../../../..$T/outside/three"
	mount_at /srv/root/tmp/../four
	mkdir "$T/source"
	echo content >"$T/source/file"
	mount_at /climbing/five bind "$T/source/file" bind,ro
	config '.mounts[-1].options = ["bind", "ro"]'
	inside "for p in one two three; do grep -c \" $T/outside/\$p \" /proc/self/mountinfo; done;
		grep -c ' /four ' /proc/self/mountinfo
		cat $T/outside/five"
	equal "$output" "1
1
1
1
content"
	equal "$(ls -A "$T/outside")" ""
	[ ! -e /four ]
	# Inside is where the places were made.
	equal "$(cd "$B/rootfs$T/outside" && echo *)" "five one three two"
}

@test "a symlink as the last part of a destination leads to a place inside" {
	mkdir "$T/outside" "$B/rootfs/var/real"
	ln -s /var/real "$B/rootfs/link"
	ln -s "$T/outside" "$B/rootfs/out"
	mount_at /link
	inside 'grep -c " /var/real " /proc/self/mountinfo'
	equal "$output" 1
	# What it names is on the host; inside, that path is made.
	mount_at /out
	inside "grep -c ' $T/outside ' /proc/self/mountinfo"
	equal "$output" 1
	equal "$(ls -A "$T/outside")" ""
}

# CVE-2023-27561, CVE-2023-28642. Tried: open_real_directory taken out of open_target: the container
# ran.
@test "proc and sysfs go on real directories only" {
	mkdir "$T/outside" "$B/rootfs/elsewhere"
	rmdir "$B/rootfs/proc"
	ln -s /elsewhere "$B/rootfs/proc"
	create_refused "/proc" "symbolic link"
	rm "$B/rootfs/proc"
	mkdir "$B/rootfs/proc"
	rmdir "$B/rootfs/sys"
	ln -s "$T/outside" "$B/rootfs/sys"
	create_refused "/sys" "symbolic link"
}

@test "a circle of symlinks, a file where a folder belongs, and the reverse" {
	ln -s b "$B/rootfs/a"
	ln -s a "$B/rootfs/b"
	cp "$B/config.json" "$T/whole"
	mount_at /a/x
	create_refused "/a/x"
	cp "$T/whole" "$B/config.json"
	mount_at /etc/passwd
	create_refused "/etc/passwd" "not a directory"
	cp "$T/whole" "$B/config.json"
	mount_at /etc/passwd/deeper
	create_refused "/etc/passwd/deeper" "Not a directory"
	cp "$T/whole" "$B/config.json"
	mount_at /etc bind "$B/config.json" bind
	create_refused "/etc" "directory"
	cp "$T/whole" "$B/config.json"
	mount_at /mnt bind "$T/nowhere" bind
	create_refused "$T/nowhere" "No such file"
}

@test "file systems that an ordinary user can't mount" {
	[ "$(id -u)" -ne 0 ] || skip "root may mount them"
	mount_at /mnt ext4 /dev/sda
	create_refused "ext4" "/mnt"
	config '.mounts[-1] = {destination: "/mnt", type: "nosuchfs", source: "x"}'
	create_refused "nosuchfs" "/mnt"
	config '.mounts[-1] = {destination: "/mnt", type: "tmpfs", source: "x",
		options: ["nosuchoption=1"]}'
	create_refused "/mnt" "nosuchoption"
}

@test "a root whose /dev and /etc are links to the host's stays inside" {
	rm -r "$B/rootfs/dev"
	ln -s /../../../../../../dev "$B/rootfs/dev"
	try rl run --bundle "$B" "$C"
	# A link to itself within the root: a circle, or refused; in no case the host's.
	[ "$status" -eq 1 ]
	equal "$(wc -l <"$T/try.err")" 1
	[ ! -e /dev/rootlet ]
}

# ---------------------------------------------------------------- JSON logs

@test "--log-format json: one object on failure, an empty file on success" {
	bundle_args no-such-program
	try rl --log "$T/log" --log-format json create --bundle "$B" "$C"
	refused "no-such-program"
	equal "$(wc -l <"$T/log")" 1
	jq -es 'length == 1 and (.[0] | (keys == ["level", "msg", "time"]) and .level == "error"
		and (.msg | contains("\"no-such-program\": executable file not found in $PATH"))
		and (.time | test("^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z$")))' "$T/log"

	# Text that needs escaping.
	: >"$T/log"
	try rl --log "$T/log" --log-format json create --bundle "$T/no\"su\\ch"$'\t\xff' "$C"
	equal "$status" 1
	jq -es 'length == 1 and (.[0].msg | contains("no\"su\\ch\t"))' "$T/log"

	# An unknown command too: the log is open by then.
	: >"$T/log"
	try rl --log "$T/log" --log-format json nosuch
	equal "$status" 1
	jq -es 'length == 1' "$T/log"

	: >"$T/log"
	bundle_args true
	config '.process.rlimits = [{type: "RLIMIT_NOFILE", hard: 9000000000, soft: 1024}] |
		.process.oomScoreAdj = -1000'
	try rl --log "$T/log" --log-format json run --bundle "$B" "$C"
	equal "$status$output$stderr" 0
	equal "$(cat "$T/log")" ""
	equal "$(stat -c %a "$T/log")" 600
}

@test "--log-format text goes to the file, the error to stderr as well" {
	bundle_args no-such-program
	try rl --log "$T/log" create --bundle "$B" "$C"
	refused "no-such-program"
	equal "$(wc -l <"$T/log")" 1
	has "$(cat "$T/log")" "no-such-program"
	# It is added to, not written over.
	try rl --log "$T/log" create --bundle "$B" "$C"
	equal "$(wc -l <"$T/log")" 2
}
