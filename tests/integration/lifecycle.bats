#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rooms: host session
# The operations of the runtime specification: create, start, state, kill, delete, and run over all of them.
# status, output and stderr come from `try`; what is between single quotes is for the shell inside.
# shellcheck disable=SC2154,SC2153,SC2016,SC2030,SC2031,SC2119,SC2120

load helpers

# The container tells that its program ran by a file in its root.
marker() {
	[ -e "$B/rootfs/srv/ran" ]
}

# sleeper [TEXT]: a container that does TEXT, leaves the marker and then runs until it is told to end.
sleeper() {
	script "${1:-} trap 'exit 42' TERM; touch /srv/ran; while :; do sleep 0.1; done"
}

# detached [ID]: that container in the background, and its program does run.
detached() {
	rl run --detach --bundle "$B" "${1:-$C}" >/dev/null </dev/null
	wait_for marker
}

# background COMMAND...: `pid` is the process itself, not a subshell that waits for it: what it was forked from is
# replaced. Bats' own descriptor would keep bats waiting.
background() {
	env "ROOTLET_TEST=$C" "$ROOTLET" --root "$T/state" "$@" >"$T/out" 2>"$T/err" 3>&- &
	pid=$!
}

# ended PID: its status is in `status`.
ended() {
	status=0
	wait "$1" || status=$?
}

gone() {
	[ ! -e "/proc/$1" ] || [ "$(sed 's/.*) //;s/ .*//' "/proc/$1/stat")" = Z ]
}

@test "create leaves a container whose program has not run, start runs it" {
	script 'touch /srv/ran; sleep 100'
	try rl create --bundle "$B" "$C"
	equal "$status$output$stderr" 0
	status_is created
	pid=$(pid_of)
	[ -d "/proc/$pid" ]
	sleep 0.2
	not marker

	try rl start "$C"
	equal "$status$output$stderr" 0
	wait_for marker
	status_is running
	equal "$(pid_of)" "$pid"
	rl kill "$C" KILL
	wait_for status_is stopped
	equal "$(pid_of)" 0
	rl delete "$C"
}

@test "state has every field of the specification, in its type" {
	sleeper
	config '.annotations = {"com.example.key": "a \"value\""}'
	rl create --bundle "$B" "$C"
	rl state "$C" >"$T/state.out"
	jq -e --arg id "$C" --arg bundle "$B" '
		(.ociVersion | test("^1\\.[0-9]+\\.[0-9]+"))
		and .id == $id and .status == "created" and .bundle == $bundle and .rootfs == $bundle + "/rootfs"
		and (.pid | type == "number" and . > 1)
		and (.created | test("^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{9}Z$"))
		and .annotations == {"com.example.key": "a \"value\""}
		and (.owner | type == "string")' "$T/state.out"
	created=$(jq -r .created "$T/state.out")
	now=$(date +%s)
	[ $((now - $(date -d "$created" +%s))) -lt 60 ]
	rl delete "$C"
}

@test "no one sees a container before it is there, or created after its start" {
	bundle_args sleep 100
	# What others see while it is made: nothing, or "created".
	touch "$T/go"
	while [ -e "$T/go" ]; do
		rl state "$C" 2>/dev/null || echo none
	done >"$T/seen" 3>&- &
	watcher=$!
	for _ in 1 2 3 4 5 6 7 8; do
		rl create --bundle "$B" "$C"
		rl state "$C" | grep -q '"created"'
		rl start "$C"
		rl state "$C" | grep -q '"running"'
		rl delete --force "$C"
	done
	rm "$T/go"
	wait "$watcher"
	seen=$(grep -oE '^none|"status": *"[a-z]*"' "$T/seen" | tr -d '" ' | sort -u)
	has "$seen" none
	has "$seen" status:
	not grep -vxE 'none|status:(created|running|stopped)' <<<"$seen"
}

@test "start works once" {
	sleeper
	rl create --bundle "$B" "$C"
	rl start "$C"
	wait_for marker
	try rl start "$C"
	refused "$C" "running"
	status_is running
	rl delete --force "$C"
	try rl start "$C"
	refused "$C" "does not exist"
}

@test "an ID that is taken is refused by create and run, and the first container lives on" {
	sleeper
	detached
	pid=$(pid_of)
	try rl create --bundle "$B" "$C"
	refused "already exists" "$C"
	try rl run --bundle "$B" "$C"
	refused "already exists" "$C"
	equal "$(pid_of)" "$pid"
	status_is running
	rl delete --force "$C"
}

@test "two containers at once have a pid namespace each" {
	script 'echo $$ >/srv/$HOSTNAME.pid; readlink /proc/self/ns/pid >/srv/$HOSTNAME.ns; ps -o pid= >/srv/$HOSTNAME.ps;
		touch /srv/$HOSTNAME.done; sleep 100'
	config '.hostname = "one" | .process.env += ["HOSTNAME=one"]'
	rl run --detach --bundle "$B" "$C" </dev/null >/dev/null
	config '.hostname = "two" | .process.env += ["HOSTNAME=two"]'
	rl run --detach --bundle "$B" "$C-2" </dev/null >/dev/null
	cd "$B/rootfs/srv"
	wait_for test -e one.done
	wait_for test -e two.done
	equal "$(cat one.pid two.pid | sort -u)" 1
	[ "$(cat one.ns)" != "$(cat two.ns)" ]
	[ "$(cat one.ns)" != "$(readlink /proc/self/ns/pid)" ]
	# The shell and ps: nothing of the host, nothing of the other.
	equal "$(grep -c . two.ps)" 2
	[ "$(pid_of)" != "$(pid_of "$C-2")" ]
	equal "$(rl list -q | sort | tr '\n' ' ')" "$C $C-2 "
	rl delete --force "$C"
	status_is running "$C-2"
	rl delete --force "$C-2"
	cd /
}

@test "a container that dies before its start is stopped, can't be started, and can be deleted" {
	sleeper
	rl create --bundle "$B" "$C"
	kill -KILL "$(pid_of)"
	wait_for status_is stopped
	try rl start "$C"
	refused "$C" "stopped"
	not marker
	rl delete "$C"
	try rl state "$C"
	refused "$C" "does not exist"
}

@test "a program that is not there is an error of create, with its name" {
	bundle_args no-such-program
	try rl create --bundle "$B" "$C"
	refused '"no-such-program": executable file not found in $PATH'
	try rl run --bundle "$B" "$C"
	refused '"no-such-program": executable file not found in $PATH'
	bundle_args /no/such/program
	try rl create --bundle "$B" "$C"
	refused '"/no/such/program"' "No such file or directory"
	bundle_args /etc
	try rl create --bundle "$B" "$C"
	refused '"/etc"' "permission denied"
	bundle_args /etc/passwd
	try rl create --bundle "$B" "$C"
	refused '"/etc/passwd"' "Permission denied"
}

@test "a program that can't be executed is an error of start" {
	printf 'no program\n' >"$B/rootfs/bin/broken"
	chmod +x "$B/rootfs/bin/broken"
	bundle_args broken
	rl create --bundle "$B" "$C"
	try rl start "$C"
	refused '"/bin/broken"' "format error"
	wait_for status_is stopped
	rl delete "$C"
	printf '#!/no/interpreter\n' >"$B/rootfs/bin/broken"
	try rl run --bundle "$B" "$C"
	refused '"/bin/broken"' "No such file or directory" "interpreter"
}

@test "kill takes a signal by name, with and without SIG, in any case, and by number" {
	script 'n=0
		trap "echo USR1 >>/srv/got" USR1
		trap "echo TERM >>/srv/got" TERM
		trap "echo HUP >>/srv/got" HUP
		touch /srv/ran
		while :; do sleep 0.02; done'
	detached
	sent=0
	for name in USR1 SIGUSR1 sigusr1 usr1 10; do
		rl kill "$C" "$name"
		sent=$((sent + 1))
		wait_for sh -c "[ \$(grep -c USR1 '$B/rootfs/srv/got') -eq $sent ]"
	done
	rl kill "$C"
	wait_for grep -q TERM "$B/rootfs/srv/got"
	rl kill "$C" SIGHUP
	wait_for grep -q HUP "$B/rootfs/srv/got"
	# 0 asks only whether it is there.
	rl kill "$C" 0
	status_is running

	for bad in NOSUCH SIG 999 -1 '' TERM9 15x; do
		try rl kill -- "$C" "$bad"
		refused "signal" "$bad"
	done
	status_is running
	rl kill "$C" KILL
	wait_for status_is stopped
	rl delete "$C"
}

@test "kill of a created container ends it" {
	sleeper
	rl create --bundle "$B" "$C"
	rl kill "$C" KILL
	wait_for status_is stopped
	rl delete "$C"
}

@test "kill of a stopped or missing container says so" {
	bundle_args true
	rl run --keep --bundle "$B" "$C"
	try rl kill "$C"
	refused "not running" "$C"
	try rl kill --all "$C"
	equal "$status$stderr" 0
	rl delete "$C"
	try rl kill "$C"
	refused "does not exist" "$C"
}

@test "delete refuses a running container, with --force it kills it and all that it started" {
	script 'sleep 1000 & (sleep 1000 & setsid sleep 1000 &) ; touch /srv/ran; sleep 1000'
	detached
	[ "$(marked | wc -l)" -ge 4 ]
	try rl delete "$C"
	refused "cannot delete container $C that is not stopped"
	status_is running
	try rl delete --force "$C"
	equal "$status$output$stderr" 0
	no_marked
}

@test "delete takes a created container" {
	sleeper
	rl create --bundle "$B" "$C"
	pid=$(pid_of)
	try rl delete "$C"
	equal "$status$output$stderr" 0
	wait_for gone "$pid"
	not marker
}

@test "delete works once, delete --force of nothing is no error" {
	bundle_args true
	rl run --keep --bundle "$B" "$C"
	rl delete "$C"
	try rl delete "$C"
	refused "does not exist" "$C"
	try rl delete --force "$C"
	equal "$status$output$stderr" 0
}

@test "kill and delete in a row need no pause" {
	sleeper
	for _ in 1 2 3 4 5; do
		rm -f "$B/rootfs/srv/ran"
		detached
		rl kill "$C" KILL
		rl delete "$C"
	done
}

@test "run exits with the status of its program, and leaves nothing" {
	for code in 0 1 7 255; do
		script "exit $code"
		try rl run --bundle "$B" "$C"
		equal "$status$output$stderr" "$code"
		try rl state "$C"
		refused "does not exist"
	done
}

@test "run exits with 128 and the signal where its program was killed" {
	sleeper
	background run --bundle "$B" "$C"
	wait_for marker
	rl kill "$C" KILL
	ended "$pid"
	equal "$status" 137
	equal "$(cat "$T/err")" ""
}

@test "run --detach comes back at once, and writes the pid without a newline" {
	sleeper
	try rl run --detach --pid-file "$T/pid" --bundle "$B" "$C"
	equal "$status$output$stderr" 0
	wait_for marker
	equal "$(od -An -c "$T/pid" | tr -d ' \n')" "$(pid_of)"
	rl delete --force "$C"
	# A file that is there is replaced.
	try rl create --pid-file "$T/pid" --bundle "$B" "$C"
	equal "$(cat "$T/pid")" "$(pid_of)"
	rl delete "$C"
	try rl create --pid-file "$T/no/such/folder/pid" --bundle "$B" "$C"
	refused "pid-file" "$T/no/such/folder"
}

@test "run --keep leaves the state of the stopped container" {
	bundle_args sh -c 'exit 3'
	try rl run --keep --bundle "$B" "$C"
	equal "$status" 3
	status_is stopped
	try rl start "$C"
	refused "$C" "stopped"
	try rl run --bundle "$B" "$C"
	refused "already exists"
	rl delete "$C"
}

@test "a foreground run hands signals on" {
	for signal in TERM INT HUP USR1; do
		rm -f "$B/rootfs/srv/ran"
		script "trap 'exit 42' $signal; touch /srv/ran; while :; do sleep 0.05; done"
		background run --bundle "$B" "$C"
		wait_for marker
		kill "-$signal" "$pid"
		ended "$pid"
		equal "$status" 42
		try rl state "$C"
		refused "does not exist"
	done
}

@test "a container outlives a foreground run that is killed, and delete --force ends it" {
	sleeper
	background run --bundle "$B" "$C"
	wait_for marker
	kill -KILL "$pid"
	ended "$pid" 2>/dev/null
	equal "$status" 137
	sleep 0.1
	status_is running
	rl delete --force "$C"
	no_marked
}

# killed_anywhere ROUNDS COMMAND...: from its first instant to after its end, which is measured. What is left must be
# complete, or dead; never a process that nobody knows of.
killed_anywhere() {
	local rounds=$1 before span i kept=0
	shift
	before=${EPOCHREALTIME/./}
	rl "$@" --bundle "$B" "$C" </dev/null >/dev/null
	span=$(((${EPOCHREALTIME/./} - before) * 5 / 4))
	rl delete --force "$C"
	for ((i = 0; i < rounds; i++)); do
		background "$@" --bundle "$B" "$C"
		sleep "$(printf '0.%06d' $((i * span / rounds)))"
		kill -KILL "$pid" 2>/dev/null || true
		ended "$pid" 2>/dev/null
		if [ -e "$T/state/$C/state.json" ]; then
			kept=$((kept + 1))
			rl state "$C" | jq -e '.status | . == "created" or . == "running" or . == "stopped"' >/dev/null
			rl delete --force "$C"
		fi
		wait_for no_marked
	done
	echo "$kept of $rounds were complete, within $span us"
	# Whatever a killed one left of its folder, the ID is free.
	rl "$@" --bundle "$B" "$C" </dev/null >/dev/null
	rl delete --force "$C"
}

@test "a create that is killed anywhere on its way leaves no process, and the ID can be used again" {
	bundle_args sleep 1000
	killed_anywhere 40 create
}

@test "a run --detach that is killed anywhere on its way leaves no process that nobody knows of" {
	bundle_args sleep 1000
	killed_anywhere 25 run --detach
}

@test "a create that is interrupted cleans up after itself" {
	bundle_args sleep 1000
	for i in $(seq 15); do
		background create --bundle "$B" "$C"
		sleep "0.0$(printf '%02d' $((i + 1)))"
		kill -TERM "$pid" 2>/dev/null || true
		ended "$pid" 2>/dev/null
		[ "$status" -eq 0 ] || [ "$status" -eq 1 ] || [ "$status" -eq 143 ]
		rl delete "$C" 2>/dev/null || true
		wait_for no_marked
	done
	[ ! -e "$T/state/$C" ]
}

# ---------------------------------------------------------------- where state lives

# default_root VARIABLE...: the whole life of a container without --root, in this environment.
default_root() {
	local -a rootlet=(env -i "PATH=$PATH" "ROOTLET_TEST=$C" "$@" "$ROOTLET")
	bundle_args sleep 1000
	try "${rootlet[@]}" create --bundle "$B" "$C"
	equal "$status$output$stderr" 0
	equal "$("${rootlet[@]}" state "$C" | jq -r .status)" created
	equal "$("${rootlet[@]}" list -q)" "$C"
	"${rootlet[@]}" start "$C"
	"${rootlet[@]}" delete --force "$C"
	try "${rootlet[@]}" state "$C"
	refused "does not exist"
}

@test "XDG_RUNTIME_DIR is used where it is ours, and never where it is not" {
	[ "$(id -u)" -ne 0 ] || skip "root has no other user's folder that it can't write to"
	mkdir -m 0700 "$T/runtime"
	default_root "XDG_RUNTIME_DIR=$T/runtime"
	[ -d "$T/runtime/rootlet" ]
	equal "$(stat -c %a "$T/runtime/rootlet")" 700

	# As su leaves it: another user's.
	default_root "XDG_RUNTIME_DIR=/"
	default_root "XDG_RUNTIME_DIR=/no/such/folder"
	default_root "XDG_RUNTIME_DIR=relative"
	default_root "XDG_RUNTIME_DIR="
	default_root

	mkdir -m 0500 "$T/readonly"
	default_root "XDG_RUNTIME_DIR=$T/readonly"
	mkdir -m 0777 "$T/open"
	chmod 0777 "$T/open"
	default_root "XDG_RUNTIME_DIR=$T/open"
	equal "$(find "$T/open" "$T/readonly" -mindepth 1)" ""
}

@test "a client that strips the environment finds the same container" {
	[ -w "/run/user/$(id -u)" ] || skip "needs /run/user/$(id -u), which a login makes"
	sleeper
	export ROOTLET_TEST=$C
	env -u XDG_RUNTIME_DIR "XDG_RUNTIME_DIR=/run/user/$(id -u)" "$ROOTLET" create --bundle "$B" "$C" 3>&-
	env -i "PATH=$PATH" "$ROOTLET" start "$C"
	wait_for marker
	equal "$(env -i "$ROOTLET" state "$C" | jq -r .status)" running
	env -i "$ROOTLET" kill "$C" KILL
	env -i "$ROOTLET" delete "$C"
	unset ROOTLET_TEST
	try "$ROOTLET" state "$C"
	refused "does not exist"
}

@test "a folder for state that others may write to is refused" {
	mkdir -m 0777 "$T/open"
	chmod 0777 "$T/open"
	try "$ROOTLET" --root "$T/open" create --bundle "$B" "$C"
	refused "$T/open" "others"
	equal "$(ls -A "$T/open")" ""
}

@test "config.json may change, or go, between create and start" {
	script 'touch /srv/ran; sleep 100'
	config '.hostname = "before"'
	rl create --bundle "$B" "$C"
	script 'touch /srv/wrong'
	config '.hostname = "after" | .process.user.uid = 77'
	rm "$B/config.json"
	rl start "$C"
	wait_for marker
	[ ! -e "$B/rootfs/srv/wrong" ]
	equal "$(tr '\0' '\n' <"/proc/$(pid_of)/cmdline" | tail -n 1)" 100 ||
		has "$(tr '\0' ' ' <"/proc/$(pid_of)/cmdline")" "touch /srv/ran"
	rl delete --force "$C"
}

@test "--config names another file than config.json, or a pipe" {
	script 'echo original'
	mv "$B/config.json" "$B/other.json"
	try rl run --config "$B/other.json" --bundle "$B" "$C"
	equal "$status$output$stderr" 0original
	try rl run --config <(jq '.process.args = ["echo", "piped"]' "$B/other.json") --bundle "$B" "$C"
	equal "$status$output$stderr" 0piped
}

@test "a pid that another process has now is not the container" {
	sleeper
	# What is in the container's cgroup is its own, whatever its pid: here, nothing says so.
	rl --cgroup-manager=disabled run --detach --bundle "$B" "$C" >/dev/null </dev/null
	wait_for marker
	pid=$(pid_of)
	jq '.startTime += 1' "$T/state/$C/state.json" >"$T/changed"
	cat "$T/changed" >"$T/state/$C/state.json"
	status_is stopped
	try rl kill "$C" KILL
	refused "not running"
	rl delete "$C"
	# Untouched: it could be anyone's.
	[ -d "/proc/$pid" ]
	kill -KILL "$pid"
	wait_for gone "$pid"
}

@test "twenty containers at once" {
	bundle_args sleep 1000
	for i in $(seq 20); do
		rl run --detach --bundle "$B" "$C-$i" </dev/null >/dev/null &
		pids[i]=$!
	done
	for i in $(seq 20); do
		wait "${pids[$i]}"
	done
	equal "$(rl list -q | wc -l)" 20
	equal "$(rl list -f json | jq '[.[] | select(.status == "running") | .pid] | unique | length')" 20
	for i in $(seq 20); do
		rl delete --force "$C-$i" &
		pids[i]=$!
	done
	for i in $(seq 20); do
		wait "${pids[$i]}"
	done
	equal "$(rl list -q)" ""
}

@test "one ID, many creates at once: one wins" {
	bundle_args sleep 1000
	for i in $(seq 10); do
		rl create --bundle "$B" "$C" 2>"$T/err.$i" </dev/null >/dev/null &
		pids[i]=$!
	done
	won=0
	for i in $(seq 10); do
		if wait "${pids[$i]}"; then
			won=$((won + 1))
		else
			grep -q "already exists" "$T/err.$i"
		fi
	done
	equal "$won" 1
	status_is created
	equal "$(marked | wc -l)" 1
	rl delete "$C"
}

@test "a stale folder of a create that was killed is taken over" {
	mkdir -p "$T/state/$C"
	touch "$T/state/$C/gate" "$T/state/$C/.config.json.new"
	chmod 0700 "$T/state"
	try rl state "$C"
	refused "does not exist"
	sleeper
	rl create --bundle "$B" "$C"
	status_is created
	rl delete "$C"
}

# ---------------------------------------------------------------- streams and descriptors

@test "stdin, stdout and stderr go through" {
	script 'cat; echo to-stderr >&2'
	printf 'line 1\nline 2' | rl run --bundle "$B" "$C" >"$T/out" 2>"$T/err"
	equal "$(cat "$T/out")" "line 1
line 2"
	equal "$(cat "$T/err")" to-stderr
	# Closed ones become /dev/null: no file of the container's gets their number.
	script 'for fd in 0 1 2; do readlink /proc/$$/fd/$fd; done >/srv/fds'
	rl run --bundle "$B" "$C" <&- >&- 2>&-
	equal "$(sed -n 1p "$B/rootfs/srv/fds")" /dev/null
	equal "$(sed -n 3p "$B/rootfs/srv/fds")" /dev/null
}

@test "no descriptor of the caller's is inherited, but those of --preserve-fds" {
	echo secret >"$T/secret"
	# One more is that of ls for the folder.
	script 'cat <&5 >/srv/five 2>/dev/null; exec ls /proc/self/fd >/srv/list'
	"$ROOTLET" --root "$T/state" run --bundle "$B" "$C" 3<"$T/secret" 4<"$T/secret" 5<"$T/secret" 6<"$T/secret" \
		7<"$T/secret" 8<"$T/secret" 9<"$T/secret"
	equal "$(sort -n "$B/rootfs/srv/list" | tr '\n' ' ')" "0 1 2 3 "
	equal "$(cat "$B/rootfs/srv/five")" ""
	"$ROOTLET" --root "$T/state" run --preserve-fds 3 --bundle "$B" "$C" 3<"$T/secret" 4<"$T/secret" 5<"$T/secret" \
		6<"$T/secret" 9<"$T/secret"
	equal "$(cat "$B/rootfs/srv/five")" secret
	equal "$(sort -n "$B/rootfs/srv/list" | tr '\n' ' ')" "0 1 2 3 4 5 6 "
	# More than there are: nothing of rootlet's own takes their place. (10 is bats' own.)
	try "$ROOTLET" --root "$T/state" run --preserve-fds 20 --bundle "$B" "$C" 3<"$T/secret" 4>&- 5<"$T/secret" 10>&-
	refused "--preserve-fds 20: descriptor 4 is not open"
}

@test "ignored and blocked signals of the caller are not inherited" {
	bundle_args grep -E '^Sig(Blk|Ign):' /proc/self/status
	(
		trap '' PIPE HUP USR1
		rl run --bundle "$B" "$C" >"$T/out"
	)
	equal "$(awk '{ print $2 }' "$T/out" | sort -u)" 0000000000000000
}

@test "a created container holds nothing of the state folder, a started one only its streams" {
	sleeper
	rl create --bundle "$B" "$C" </dev/null >/dev/null 2>&1
	not sh -c 'readlink "$@" | grep -F "$0"' "$T/state" "/proc/$(pid_of)"/fd/*
	rl start "$C"
	wait_for marker
	equal "$(readlink "/proc/$(pid_of)"/fd/[0-9] | sort -u)" /dev/null
	rl delete --force "$C"
}
