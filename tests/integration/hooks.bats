#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Programs for other shells and for jq; output, stderr: of helpers' `try`
# shellcheck disable=SC2016,SC2154
# Hooks: all six kinds, when and where they run, what they are told, and what becomes of the
# container when one fails.

load helpers

create_kinds="prestart createRuntime createContainer"
kinds="$create_kinds startContainer poststart poststop"

setup() {
	container_setup
	mkdir "$T/log"
	config '.mounts += [{destination: "/log", type: "bind", source: $d, options: ["bind",
		"rw"]}]' --arg d "$T/log"
	# Looks the same from the host and from inside: NAME and the folder for what it finds.
	cat >"$T/note" <<'END'
#!/bin/sh
echo "$1" >>"$2/order"
cat >"$2/$1.state"
pwd >"$2/$1.cwd"
for n in pid net ipc uts mnt user; do readlink "/proc/self/ns/$n"; done >"$2/$1.ns"
END
	chmod 755 "$T/note"
	cp "$T/note" "$B/rootfs/bin/note"
	# In the container when the poststart hooks run, which proves that they come after its
	# execve.
	cat >"$T/note-after-program" <<'END'
#!/bin/sh
i=0
while [ $i -lt 500 ] && ! grep -qx program "$2/order"; do sleep 0.02; i=$((i + 1)); done
exec "${0%-after-program}" "$@"
END
	chmod 755 "$T/note-after-program"
}

# hook KIND PATH [ARGUMENT...]: one more of that kind.
hook() {
	config '.hooks[$k] += [{path: $p} + if $ARGS.positional == [] then {} else
		{args: $ARGS.positional} end]' \
		--arg k "$1" --arg p "$2" --args -- "${@:3}"
}

# note KIND [NAME]: a hook that notes what it sees as log/NAME.*
note() {
	local name=${2:-$1}
	case $1 in
	startContainer) hook "$1" /bin/note note "$name" /log ;;
	poststart) hook "$1" "$T/note-after-program" note "$name" "$T/log" ;;
	*) hook "$1" "$T/note" note "$name" "$T/log" ;;
	esac
}

# note_all: one of each, around a program that notes itself and waits for the poststart hook.
note_all() {
	local kind
	for kind in $kinds; do
		note "$kind"
	done
	script 'echo program >>/log/order; for n in pid net ipc uts mnt user;
		do readlink /proc/self/ns/$n; done >/log/program.ns
		while ! grep -qx poststart /log/order; do sleep 0.02; done'
}

# order NAME...: that, and nothing else, has been noted.
order() {
	equal "$(paste -sd' ' "$T/log/order")" "$*"
}

# state_says NAME STATUS: the state that the hook got.
state_says() {
	jq -e --arg s "$2" --arg id "$C" --arg b "$B" \
		'.status == $s and .id == $id and .bundle == $b and
		(.ociVersion | test("^1\\.[0-9]+\\.[0-9]+")) and .annotations["org.example.key"]
		== "a \"value\"\n"' \
		"$T/log/$1.state" >"$T/jq.out" || fail "$1 got $(cat "$T/log/$1.state")"
}

state_pid() {
	jq -r .pid "$T/log/$1.state"
}

host_namespaces() {
	local n
	for n in pid net ipc uts mnt user; do readlink "/proc/self/ns/$n"; done
}

@test "all six in order, with run" {
	note_all
	try rl run --bundle "$B" "$C"
	equal "$status$output$stderr" 0
	order "$create_kinds startContainer program poststart poststop"
}

@test "all six in order, each in its operation" {
	note_all
	rl create --bundle "$B" "$C"
	order "$create_kinds"
	rl start "$C"
	order "$create_kinds startContainer program poststart"
	wait_for status_is stopped
	order "$create_kinds startContainer program poststart"
	rl delete "$C"
	order "$create_kinds startContainer program poststart poststop"
}

@test "delete --force and the end of a container never started run the poststop hooks too" {
	note poststop
	bundle_args sleep 60
	rl run --detach --bundle "$B" "$C"
	[ ! -e "$T/log/order" ]
	rl delete --force "$C"
	order poststop
	rl create --bundle "$B" "$C"
	rl kill "$C" KILL
	wait_for status_is stopped
	order poststop
	rl delete "$C"
	order poststop poststop
}

@test "each gets the state on its stdin" {
	local pid kind
	config '.annotations["org.example.key"] = "a \"value\"\n"'
	note_all
	rl create --bundle "$B" "$C"
	pid=$(pid_of)
	rl start "$C"
	wait_for status_is stopped
	rl delete "$C"
	for kind in $create_kinds; do
		state_says "$kind" creating
	done
	state_says startContainer created
	state_says poststart running
	state_says poststop stopped
	equal "$(state_pid prestart) $(state_pid createRuntime) $(state_pid poststart)" \
		"$pid $pid $pid"
	# As seen from the container's own pid namespace.
	equal "$(state_pid createContainer) $(state_pid startContainer)" "1 1"
	# There is no process any more.
	jq -e '.pid == null or .pid == 0' "$T/log/poststop.state"
}

@test "without a pid namespace there is one pid for all" {
	local pid
	config 'del(.linux.namespaces[] | select(.type == "pid"))'
	note_all
	try rl run --bundle "$B" "$C"
	equal "$status" 0
	pid=$(state_pid prestart)
	[ "$pid" -gt 1 ]
	equal "$(state_pid createContainer) $(state_pid startContainer) $(state_pid poststart)" \
		"$pid $pid $pid"
}

@test "runtime hooks run in our namespaces, container hooks in the container's" {
	local kind
	note_all
	try rl run --bundle "$B" "$C"
	equal "$status" 0
	for kind in prestart createRuntime poststart poststop; do
		equal "$(<"$T/log/$kind.ns")" "$(host_namespaces)"
	done
	for kind in createContainer startContainer; do
		equal "$(<"$T/log/$kind.ns")" "$(<"$T/log/program.ns")"
	done
	not grep -qxF "$(readlink /proc/self/ns/mnt)" "$T/log/program.ns"
	not grep -qxF "$(readlink /proc/self/ns/net)" "$T/log/program.ns"
}

@test "paths: the host's until createContainer, the container's for startContainer" {
	# On the host only, and in the container only.
	mkdir "$T/own"
	printf '#!/bin/sh\necho host >>%s/log/order\n' "$T" >"$T/own/tool"
	chmod 755 "$T/own/tool"
	mkdir "$B/rootfs/own"
	printf '#!/bin/sh\necho container >>/log/order\n' >"$B/rootfs/own/tool"
	chmod 755 "$B/rootfs/own/tool"
	hook createContainer "$T/own/tool"
	hook startContainer /own/tool
	try rl run --bundle "$B" "$C"
	equal "$status$stderr" 0
	order host container
	config '.hooks = {}'
	hook createContainer /own/tool
	try rl run --bundle "$B" "$C"
	refused /hooks/createContainer/0 /own/tool "No such file"
	config '.hooks = {}'
	hook startContainer "$T/own/tool"
	try rl run --bundle "$B" "$C"
	refused /hooks/startContainer/0 "$T/own/tool" "No such file"
}

@test "argv: as given, else the path" {
	config '.annotations["run.oci.hooks.stdout"] = $f' --arg f "$T/log/out"
	# busybox does what its argv[0] says.
	cp "$(command -v busybox)" "$T/pwd"
	hook createRuntime "$T/pwd"
	hook createRuntime "$T/pwd" printf '%s|' one "two words" ""
	try rl run --bundle "$B" "$C"
	equal "$status$stderr" 0
	equal "$(<"$T/log/out")" "$B"$'\none|two words||'
}

@test "environment: exactly what is given, else the caller's, and inside the container's" {
	local kind
	config '.annotations["run.oci.hooks.stdout"] = $f | .process.env += ["INSIDE=yes"] |
		.hooks = {
		createRuntime: [{path: "/usr/bin/env", env: ["B=two words", "A=1"]}],
		createContainer: [{path: "/usr/bin/env", env: ["A=2"]}],
		startContainer: [{path: "/bin/env", args: ["env"], env: ["A=3"]}]}' --arg f \
			"$T/log/out"
	SECRET=host try rl run --bundle "$B" "$C"
	equal "$status$stderr" 0
	equal "$(<"$T/log/out")" $'B=two words\nA=1\nA=2\nA=3'
	for kind in createRuntime createContainer poststop; do
		rm "$T/log/out"
		config '.hooks = {($k): [{path: "/usr/bin/env"}]}' --arg k "$kind"
		SECRET=host try rl run --bundle "$B" "$C"
		equal "$status$stderr" 0
		grep -qx SECRET=host "$T/log/out"
		not grep -q INSIDE "$T/log/out"
	done
	rm "$T/log/out"
	config '.hooks = {startContainer: [{path: "/bin/env", args: ["env"]}]}'
	SECRET=host try rl run --bundle "$B" "$C"
	equal "$status$stderr" 0
	grep -qx INSIDE=yes "$T/log/out"
	not grep -q SECRET "$T/log/out"
}

@test "working directory: the bundle, and inside that of the program" {
	local kind
	config '.process.cwd = "/srv"'
	note_all
	try rl run --bundle "$B" "$C"
	equal "$status" 0
	for kind in $create_kinds poststart poststop; do
		equal "$(<"$T/log/$kind.cwd")" "$B"
	done
	equal "$(<"$T/log/startContainer.cwd")" /srv
}

@test "several of a kind run in order, and stop at the first that fails" {
	note createRuntime one
	note createRuntime two
	note createRuntime three
	try rl run --bundle "$B" "$C"
	equal "$status$stderr" 0
	order one two three
	rm "$T/log/order"
	config '.hooks.createRuntime[1] = {path: "/bin/false"}'
	note createContainer never
	note startContainer never
	note poststop
	script 'echo program >>/log/order'
	try rl run --bundle "$B" "$C"
	refused /hooks/createRuntime/1 "/bin/false exited with status 1"
	order one poststop
}

# fails_with KIND PART...: run, and create and start, fail saying PART; nothing stays, and the
# poststop hook ran.
fails_with() {
	local kind=$1
	shift
	note poststop
	rm -f "$T/log/order"
	try rl run --bundle "$B" "$C"
	refused "/hooks/$kind/0" "$@"
	order poststop
	equal "$(jq -r .status "$T/log/poststop.state")" stopped
	nothing_left
	rm -f "$T/log/order"
	case $kind in
	startContainer | poststart)
		rl create --bundle "$B" "$C"
		try rl start "$C"
		;;
	*)
		try rl create --bundle "$B" "$C"
		;;
	esac
	refused "/hooks/$kind/0" "$@"
	order poststop
	nothing_left
	config 'del(.hooks)'
}

@test "a hook that fails ends it all: exit status and last words" {
	local kind
	for kind in $create_kinds startContainer poststart; do
		bundle_args sleep 60
		hook "$kind" /bin/sh sh -c 'echo hello; echo "bad luck" >&2; exit 7'
		fails_with "$kind" "/bin/sh exited with status 7: bad luck"
	done
}

@test "a hook that fails ends it all: killed by a signal" {
	local kind
	for kind in $create_kinds startContainer poststart; do
		bundle_args sleep 60
		hook "$kind" /bin/sh sh -c 'kill -SEGV $$'
		fails_with "$kind" "/bin/sh was killed by signal 11"
	done
}

@test "a hook that fails ends it all: not there, not executable, not a program" {
	local kind
	for kind in $create_kinds startContainer poststart; do
		bundle_args sleep 60
		hook "$kind" /no/such/hook
		fails_with "$kind" "/no/such/hook" "No such file"
		hook "$kind" /etc/passwd
		fails_with "$kind" "/etc/passwd" "Permission denied"
	done
	for kind in $create_kinds startContainer poststart; do
		echo nonsense >"$T/log/nonsense"
		chmod 755 "$T/log/nonsense"
		case $kind in
		startContainer) hook "$kind" /log/nonsense ;;
		*) hook "$kind" "$T/log/nonsense" ;;
		esac
		fails_with "$kind" "nonsense" "Exec format error"
	done
}

@test "a hook that fails ends it all: out of time" {
	local kind
	bundle_args sleep 60
	for kind in createRuntime startContainer poststart; do
		hook "$kind" /bin/sh sh -c 'echo waiting >&2; exec sleep 90'
		config '.hooks[$k][0].timeout = 1' --arg k "$kind"
		SECONDS=0
		fails_with "$kind" "/bin/sh was killed after 1 second" waiting
		[ "$SECONDS" -lt 15 ]
	done
	# In time is in time.
	hook createRuntime /bin/sh sh -c 'sleep 0.1'
	config '.hooks.createRuntime[0].timeout = 10'
	bundle_args true
	try rl run --bundle "$B" "$C"
	equal "$status$stderr" 0
}

@test "the program never ran when a hook before it failed" {
	local kind
	script 'echo program >>/log/order'
	for kind in $create_kinds startContainer; do
		config 'del(.hooks)'
		hook "$kind" /bin/false
		try rl run --bundle "$B" "$C"
		refused "/hooks/$kind/0"
		[ ! -e "$T/log/order" ]
	done
}

@test "a poststop hook that fails is a warning, and the next ones run" {
	hook poststop /bin/sh sh -c 'echo "bad luck" >&2; exit 3'
	note poststop second
	hook poststop /no/such/hook
	note poststop fourth
	script 'exit 5'
	try rl run --bundle "$B" "$C"
	equal "$status" 5
	has "$stderr" "/hooks/poststop/0: /bin/sh exited with status 3: bad luck"
	has "$stderr" "/hooks/poststop/2: /no/such/hook"
	order second fourth
	rl create --bundle "$B" "$C"
	try rl delete "$C"
	equal "$status" 0
	has "$stderr" "/hooks/poststop/0"
	order second fourth second fourth
}

@test "output: to the files of the annotations, else nowhere" {
	local kind
	for kind in $kinds; do
		hook "$kind" /bin/sh sh -c "echo out-$kind; echo err-$kind >&2"
	done
	try rl run --bundle "$B" "$C"
	equal "$status$output$stderr" 0
	config '.annotations = {"run.oci.hooks.stdout": ($d + "/out"),
		"run.oci.hooks.stderr": ($d + "/err")}' --arg d "$T/log"
	bundle_args sleep 60
	rl run --detach --bundle "$B" "$C"
	rl delete --force "$C"
	equal "$(paste -sd' ' "$T/log/out")" "out-${kinds// / out-}"
	equal "$(paste -sd' ' "$T/log/err")" "err-${kinds// / err-}"
	config '.annotations["run.oci.hooks.stdout"] = "/no/such/folder/out"'
	config 'del(.hooks.poststop)'
	try rl run --bundle "$B" "$C"
	refused /no/such/folder/out "No such file"
}

@test "a prestart or createRuntime hook can mount into the tree by way of the pid" {
	local kind
	mkdir "$B/rootfs/extra"
	cat >"$T/mounter" <<'END'
#!/bin/sh
pid=$(jq -r .pid) && exec nsenter --target "$pid" --user --mount --preserve-credentials \
	sh -c 'mount -t tmpfs extra "$0" && echo "from the hook" >"$0/file"' "$1"
END
	chmod 755 "$T/mounter"
	for kind in prestart createRuntime; do
		config 'del(.hooks)'
		hook "$kind" "$T/mounter" mounter "$B/rootfs/extra"
		inside 'cat /extra/file; grep -c " /extra tmpfs" /proc/mounts'
		equal "$output" $'from the hook\n1'
	done
	[ ! -e "$B/rootfs/extra/file" ]
}

@test "a createContainer hook can mount into the tree" {
	mkdir "$B/rootfs/extra"
	hook createContainer /bin/sh sh \
		-c 'mount -t tmpfs extra "$0" && echo "from the hook" >"$0/file"' "$B/rootfs/extra"
	inside 'cat /extra/file'
	equal "$output" "from the hook"
	[ ! -e "$B/rootfs/extra/file" ]
}

@test "a createRuntime hook can set up the container's other namespaces by way of the pid" {
	hook createRuntime /bin/sh sh \
		-c 'nsenter --target "$(jq -r .pid)" --user --uts --net --preserve-credentials \
		sh -c "readlink /proc/self/ns/net >$0; hostname hooked"' "$T/log/net"
	inside 'hostname; readlink /proc/self/ns/net'
	equal "$output" "hooked
$(<"$T/log/net")"
	[ "$(hostname)" != hooked ]
}

@test "a hook that leaves a daemon behind, with its stderr, keeps nobody waiting" {
	hook createRuntime /bin/sh sh -c 'sleep 300 & echo $! >"$0"' "$T/log/daemon"
	# In the container's pid namespace: ends with it.
	hook createContainer /bin/sh sh -c 'sleep 301 &'
	hook startContainer /bin/sh sh -c 'sleep 302 &'
	SECONDS=0
	try rl run --bundle "$B" "$C"
	equal "$status$stderr" 0
	[ "$SECONDS" -lt 20 ]
	equal "$(marked)" "$(<"$T/log/daemon")"
	kill -KILL "$(<"$T/log/daemon")"
}

@test "a hook need not read its stdin, however long the state is" {
	local kind
	config '.annotations["org.example.long"] = ("x" * 300000)'
	for kind in $kinds; do
		hook "$kind" /bin/true
	done
	try rl run --bundle "$B" "$C"
	equal "$status$stderr" 0
}

# Tried: sys_cloexec_from taken out of the child of sys_spawn: all but two kinds had 7 and 9.
@test "hooks have their streams alone, whatever the caller left open" {
	local kind tool=$ROOTLET_BUILDDIR/tests/guest/testguest
	cp "$tool" "$B/rootfs/bin"
	for kind in $kinds; do
		case $kind in
		startContainer) hook "$kind" /bin/sh sh -c "testguest fds >/log/$kind.fds" ;;
		*) hook "$kind" /bin/sh sh -c "$tool fds >$T/log/$kind.fds" ;;
		esac
	done
	try rl run --bundle "$B" "$C" 7<"$T/note" 9</
	equal "$status$stderr" 0
	for kind in $kinds; do
		equal "$kind $(paste -sd' ' "$T/log/$kind.fds")" "$kind 0 1 2"
	done
}

# Tried likewise: the reader waited for the hook's child.
@test "what a hook leaves behind does not keep the caller's pipe open" {
	local reader
	hook prestart /bin/sh sh -c "sleep 60 >/dev/null 2>&1 </dev/null & echo \$! >$T/log/left"
	mkfifo "$T/pipe"
	cat "$T/pipe" 3>&- &
	reader=$!
	try rl run --bundle "$B" "$C" 9>"$T/pipe"
	equal "$status$stderr" 0
	wait_for test -s "$T/log/left"
	wait_for gone "$reader"
	kill "$(cat "$T/log/left")"
}

gone() {
	! kill -0 "$1" 2>/dev/null
}

@test "a program that can't be executed: poststop runs, poststart does not" {
	note poststart
	note poststop
	bundle_args /no/such/program
	try rl run --bundle "$B" "$C"
	equal "$status" 1
	has "$stderr" /no/such/program
	not grep -q poststart "$T/log/order"
}

@test "hooks that are wrong are refused by their path" {
	local path filter
	cp "$B/config.json" "$T/whole"
	while read -r path filter; do
		cp "$T/whole" "$B/config.json"
		config "$filter"
		try rl create --bundle "$B" "$C"
		refused "$path"
	done <<'END'
/hooks/prestart/0/path .hooks = {"prestart": [{}]}
/hooks/createRuntime/1/path .hooks = {"createRuntime": [{"path": "/bin/true"}, {"path": "true"}]}
/hooks/createContainer/0/timeout .hooks = {"createContainer": [{"path": "/bin/true", "timeout": 0}]}
/hooks/startContainer/0/timeout .hooks = {"startContainer": [{"path": "/bin/true", "timeout": -1}]}
/hooks/poststart .hooks = {"poststart": {"path": "/bin/true"}}
/hooks/poststop/0/args .hooks = {"poststop": [{"path": "/bin/true", "args": "x"}]}
END
}

@test "hooks of the host beside a seccomp filter" {
	config '.hooks = {createRuntime: [{path: "/bin/sh", args: ["sh", "-c", "echo ran >$0",
		$out]}]}
		| .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir",
		"mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 77}]}' \
		--arg out "$T/ran"
	inside 'mkdir /tmp/x 2>/dev/null && echo made; grep Seccomp: /proc/self/status'
	equal "$output" $'Seccomp:\t2'
	equal "$(cat "$T/ran")" ran
}
