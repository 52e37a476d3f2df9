#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rooms: host session
# Waits that only root can bring about end by a signal, and leave nothing: setuid helpers that hang,
# criu, hooks of root's containers.
# status, output and stderr come from `try`; what is between single quotes is for jq or the shell
# inside.
# shellcheck disable=SC2154,SC2153,SC2016,SC2030,SC2031,SC2034

load ../helpers
load ../waits

setup() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	container_setup
	chmod 0755 "$T"
	mkdir "$T/bin"
}

teardown() {
	waits_teardown
}

# ---------------------------------------------------------------- newuidmap

# hanging_helpers: id helpers that are root's and never end: sleep(1) adds the numbers up that it is
# given.
hanging_helpers() {
	local name
	[ -n "${ROOTLET_TEST_USER:-}" ] || skip "needs an ordinary user: ROOTLET_TEST_USER"
	for name in newuidmap newgidmap; do
		cp "$(command -v sleep)" "$T/bin/$name"
		chmod 4755 "$T/bin/$name"
	done
	rm "$B/config.json"
	"$ROOTLET" spec --bundle "$B" --rootless
	config '.process.terminal = false | .process.env += ["ROOTLET_TEST=" + $c]' --arg c "$C"
	mkdir "$T/state"
	chown -R "$ROOTLET_TEST_USER:" "$B" "$T/state"
}

# as_user COMMAND...: with those helpers. It takes the place of the shell.
as_user() {
	exec setpriv "--reuid=$(id -u "$ROOTLET_TEST_USER")" \
		"--regid=$(id -g "$ROOTLET_TEST_USER")" --init-groups --inh-caps=-all \
		env -i --default-signal=INT,QUIT "PATH=$T/bin:/usr/bin:/bin" HOME=/ \
		"ROOTLET_TEST=$C" "$@" 3>&-
}

# user_hanging COMMAND...: as hanging, by the ordinary user.
user_hanging() {
	as_user "$ROOTLET" --root "$T/state" "$@" >"$T/out" 2>"$T/err" </dev/null &
	pid=$!
}

helpers_run() {
	pgrep -f "^$T/bin/newuidmap " && pgrep -f "^$T/bin/newgidmap "
}

helpers_ended() {
	not pgrep -f "^$T/bin/new[ug]idmap "
}

@test "root: newuidmap and newgidmap that hang, SIGTERM and SIGINT" {
	local command
	hanging_helpers
	for command in create run "run --detach"; do
		# shellcheck disable=SC2086 # options
		user_hanging $command --bundle "$B" "$C"
		wait_for helpers_run
		ends TERM 143
		# systemd makes the scope meanwhile, and may be what is waited for just then.
		has "$(cat "$T/err")" "interrupted by signal 15"
		equal "$(wc -l <"$T/err")" 1
		wait_for helpers_ended
		no_trace
	done
	user_hanging run --bundle "$B" "$C"
	wait_for helpers_run
	ends INT 130
	wait_for helpers_ended
	no_trace
}

# A terminal sends its signals to all that run there.
@test "root: Ctrl-C that ends newuidmap as well: 130, and newuidmap is not blamed" {
	hanging_helpers
	as_user setsid "$ROOTLET" --root "$T/state" run --bundle "$B" "$C" >"$T/out" 2>"$T/err" \
		</dev/null &
	pid=$!
	wait_for helpers_run
	kill -STOP "$pid"
	kill -INT -- "-$pid"
	wait_for helpers_ended
	kill -CONT "$pid"
	status=0
	wait "$pid" || status=$?
	equal "$status" 130
	has "$(cat "$T/err")" "newuidmap: interrupted by signal 2"
	no_trace
}

@test "root: newuidmap that hangs, and delete --force" {
	local command
	rl() {
		(as_user "$ROOTLET" --root "$T/state" "$@")
	}
	hanging_helpers
	for command in create "run --detach"; do
		# shellcheck disable=SC2086 # options
		user_hanging $command --bundle "$B" "$C"
		wait_for helpers_run
		forced
		wait_for helpers_ended
	done
}

# ---------------------------------------------------------------- criu

# hanging_criu ACTION: a criu that hangs when it is called for that, with a child as a shell has.
hanging_criu() {
	rm -f "$T/criu"
	cat >"$T/bin/criu" <<END
#!/bin/sh
case " \$* " in
*" $1 "*)
	sleep 1000 &
	echo \$\$ >>$T/criu.pids; echo \$! >>$T/criu.pids
	touch $T/criu
	wait ;;
esac
END
	chmod 0755 "$T/bin/criu"
}

@test "root: a criu that hangs, by checkpoint: the container goes on" {
	local action
	script 'exec sleep 1000'
	rl run --detach --bundle "$B" "$C" </dev/null >/dev/null 2>"$T/streams"
	for action in check dump; do
		hanging_criu "$action"
		PATH=$T/bin:$PATH hanging checkpoint --image-path "$T/images" "$C"
		wait_for test -e "$T/criu"
		ends TERM 143
		sleepers_ended "$T/criu.pids"
		status_is running
	done
	# The one that has the lock is ended for it.
	hanging_criu dump
	PATH=$T/bin:$PATH hanging checkpoint --image-path "$T/images" "$C"
	wait_for test -e "$T/criu"
	forced
	sleepers_ended "$T/criu.pids"
}

@test "root: a criu that hangs, by restore" {
	local action
	script 'exec sleep 1000'
	rl run --detach --bundle "$B" "$C" </dev/null >/dev/null 2>"$T/streams"
	hanging_criu nothing
	PATH=$T/bin:$PATH rl checkpoint --image-path "$T/images" "$C"
	[ ! -e "$T/state/$C" ] || rl delete --force "$C"
	for action in check restore; do
		hanging_criu "$action"
		PATH=$T/bin:$PATH hanging restore --detach --image-path "$T/images" \
			--bundle "$B" "$C"
		wait_for test -e "$T/criu"
		ends TERM 143
		sleepers_ended "$T/criu.pids"
		no_trace
	done
	# A FIFO in the place of the namespaces that it joins.
	mkfifo "$T/fifo"
	hanging_criu nothing
	for action in network pid; do
		config '.linux.namespaces |= map(del(.path) | if .type == $t then .path = $f
			else . end)' --arg t "$action" --arg f "$T/fifo"
		PATH=$T/bin:$PATH hanging restore --detach --image-path "$T/images" \
			--bundle "$B" "$C"
		wait_for gone "$pid"
		not wait "$pid"
		equal "$(wc -l <"$T/err")" 1
		no_trace
	done
	config '.linux.namespaces |= map(del(.path))'
	hanging_criu restore
	PATH=$T/bin:$PATH hanging restore --detach --image-path "$T/images" --bundle "$B" "$C"
	wait_for test -e "$T/criu"
	forced
	sleepers_ended "$T/criu.pids"
}

# ---------------------------------------------------------------- hooks

@test "root: hooks of a container of root's, by a signal and by delete --force" {
	local kind
	script 'exec sleep 1000'
	for kind in prestart createRuntime createContainer startContainer poststart; do
		hook "$kind"
		hanging run --bundle "$B" "$C"
		in_hook "$kind"
		ends TERM 143
		no_trace
		hanging run --detach --bundle "$B" "$C"
		in_hook "$kind"
		forced
	done
}
