#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Bad input where root's rootlet is asked: state folders and files of other users, and containers of
# theirs.
# shellcheck disable=SC2016,SC2154,SC2030,SC2031

load ../helpers

setup() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	[ -n "${ROOTLET_TEST_USER:-}" ] || skip "needs an ordinary user: ROOTLET_TEST_USER"
	user=$ROOTLET_TEST_USER
	user_uid=$(id -u "$user")
	user_gid=$(id -g "$user")
	container_setup
	chmod 0755 "$T"
}

# as_user COMMAND...
as_user() {
	setpriv "--reuid=$user_uid" "--regid=$user_gid" --init-groups --inh-caps=-all \
		env -i PATH=/usr/local/bin:/usr/bin:/bin HOME=/ "ROOTLET_TEST=$C" "$@" 3>&-
}

@test "a state folder of another user's is used by neither" {
	install -d -m 700 -o "$user" "$T/theirs"
	for command in "list" "state $C" "create --bundle $B $C" "kill $C" "delete --force $C"; do
		# shellcheck disable=SC2086 # several words
		try "$ROOTLET" --root "$T/theirs" $command
		refused \
			"the state folder $T/theirs belongs to uid $user_uid, not to uid 0; choose \
another with --root"
	done
	equal "$(ls -A "$T/theirs")" ""
	install -d -m 755 "$T/roots"
	for command in "list" "state $C" "create --bundle $B $C" "delete --force $C"; do
		# shellcheck disable=SC2086 # several words
		try as_user "$ROOTLET" --root "$T/roots" $command
		refused \
			"the state folder $T/roots belongs to uid 0, not to uid $user_uid; choose \
another with --root"
	done
}

@test "the runtime folder that su leaves behind is passed over" {
	install -d -m 700 "$T/roots"
	try as_user env "XDG_RUNTIME_DIR=$T/roots" "$ROOTLET" state "$C"
	refused "container \`$C\` does not exist"
	equal "$(ls -A "$T/roots")" ""
}

@test "a file of root's in the user's state folder: named, and removed by force" {
	install -d -m 1700 -o "$user" "$T/state/$C"
	chown "$user:" "$T/state"
	chmod 700 "$T/state"
	echo '{}' >"$T/state/$C/state.json"
	chmod 600 "$T/state/$C/state.json"
	try as_user "$ROOTLET" --root "$T/state" state "$C"
	refused \
		"the state of container \`$C\` is damaged: $T/state/$C/state.json: cannot open it: \
Permission denied" \
		"\`rootlet delete --force $C\` removes it"
	try as_user "$ROOTLET" --root "$T/state" delete --force "$C"
	equal "$status" 0
	equal "$(ls -A "$T/state")" ""
}

@test "root's containers: the wrong states, numbers and a stdout that is closed or full" {
	script 'exec sleep 1000'
	rl create --bundle "$B" "$C"
	try rl pause "$C"
	refused "cannot pause container \`$C\`: it is created, not running"
	rl start "$C"
	try rl start "$C"
	refused "cannot start container \`$C\`: it is running, not created"
	try rl delete "$C"
	refused "cannot delete container $C that is not stopped: running"
	try rl exec --user 4294967295 "$C" true
	equal "$status" 255
	has "$stderr" "is not an id"
	try rl kill "$C" NOSUCH
	refused 'unknown signal "NOSUCH"'
	try rl_full state "$C"
	refused "cannot write to standard output: No space left on device"
	try rl_closed list
	refused "cannot write to standard output: Bad file descriptor"
	# What a closed folder keeps from a user it does not keep from root.
	chmod 000 "$T/state/$C/state.json"
	status_is running
	rl kill "$C" KILL
	wait_for status_is stopped
	try rl exec "$C" true
	equal "$status" 255
	has "$stderr" "container not running"
	rl delete "$C"
}

rl_full() {
	rl "$@" >/dev/full
}

rl_closed() {
	rl "$@" >&-
}

@test "a full disk, and one that is read-only: nothing of root's container is left" {
	mkdir "$T/small"
	try env "R=$T/small" "L=$ROOTLET --root $T/small" "B=$B" "C=$C" "ROOTLET_TEST=$C" unshare \
		--mount sh -euc '
		mount -t tmpfs -o size=32k,mode=700 small $R
		dd if=/dev/zero of=$R/filler bs=4k 2>/dev/null || true
		$L run --bundle $B $C && exit 9
		test "$(ls -A $R)" = filler
		mount -o remount,ro $R
		$L run --bundle $B $C && exit 9
		exit 0' 3>&-
	equal "$status$output" 0
	equal "$(wc -l <"$T/try.err")" 2
	has "$stderr" "No space left on device"
	has "$stderr" "Read-only file system"
}
