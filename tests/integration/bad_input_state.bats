#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The state folder in every bad shape: none, another's, a file, full, read-only, damaged. One line
# that names it, and `delete
# --force` gets out of it wherever the message says so.
# status, output and stderr come from `try`; what is between single quotes is for jq or the shell
# inside.
# shellcheck disable=SC2154,SC2153,SC2016,SC2030,SC2031

load helpers

teardown() {
	local pids
	[ -n "${T:-}" ] || return 0
	# What `delete --force` of a damaged state has to leave alone.
	pids=$(cat "$T/left" 2>/dev/null) || true
	# shellcheck disable=SC2086 # a list
	[ -z "$pids" ] || kill -KILL $pids 2>/dev/null || true
	[ ! -d "$T/run" ] || chmod -R u+rwx "$T/run"
	container_teardown
}

# here VAR=VALUE... -- ARGUMENT...: rootlet without --root, in an environment.
here() {
	local -a environment=()
	while [ "$1" != -- ]; do
		environment+=("$1")
		shift
	done
	shift
	env -u XDG_RUNTIME_DIR "${environment[@]}" "ROOTLET_TEST=$C" "$ROOTLET" "$@" 3>&-
}

# own_mounts TEXT: sh runs it, as root of a user namespace with this user's ids and a mount
# namespace of its own. (Root needs no user namespace for that.) R is an empty folder to mount on, L
# rootlet with that folder for its state.
own_mounts() {
	mkdir -p "$T/small"
	local -a inside=(unshare --mount)
	[ "$(id -u)" -eq 0 ] || inside+=(--map-auto --map-root-user)
	env "R=$T/small" "ROOTLET_TEST=$C" "L=$ROOTLET --root $T/small" "B=$B" "C=$C" \
		"${inside[@]}" sh -euc "$1" 3>&-
}

# ---------------------------------------------------------------- which folder

@test "a runtime folder that is unset, gone, another's or relative is passed over" {
	mkdir -m 700 "$T/run"
	# The same containers are found whatever the environment says: by the runtime folder that
	# the user has anyway.
	for dir in "" relative /no/such/folder /proc /etc/passwd; do
		try here "XDG_RUNTIME_DIR=$dir" -- state "$C"
		refused "container \`$C\` does not exist"
	done
	try here -- state "$C"
	refused "container \`$C\` does not exist"
	if [ "$(id -u)" -ne 0 ]; then
		# Written by others: what is in it could be anyone's.
		chmod 0777 "$T/run"
		try here "XDG_RUNTIME_DIR=$T/run" -- state "$C"
		refused "does not exist"
		[ ! -e "$T/run/rootlet" ]
	fi
}

@test "a runtime folder whose rootlet is a file, a link, or open to others" {
	[ "$(id -u)" -ne 0 ] || skip "root has /run"
	mkdir -m 700 "$T/run" "$T/elsewhere"
	mine() {
		try here "XDG_RUNTIME_DIR=$T/run" -- "$@"
	}
	: >"$T/run/rootlet"
	for command in "list" "state $C" "create --bundle $B $C" "run --bundle $B $C" \
		"delete --force $C"; do
		# shellcheck disable=SC2086 # several words
		mine $command
		refused \
			"cannot open the state folder $T/run/rootlet: Not a directory; remove it, \
or choose another with --root"
	done
	rm "$T/run/rootlet"
	ln -s "$T/elsewhere" "$T/run/rootlet"
	mine create --bundle "$B" "$C"
	refused "$T/run/rootlet" "remove it, or choose another with --root"
	equal "$(ls -A "$T/elsewhere")" ""
	rm "$T/run/rootlet"
	mkdir "$T/run/rootlet"
	chmod 0770 "$T/run/rootlet"
	mine create --bundle "$B" "$C"
	refused "may be written by others (mode 0770)" "chmod go-w $T/run/rootlet"
	chmod 0500 "$T/run/rootlet"
	mine create --bundle "$B" "$C"
	refused "cannot make the state folder of \`$C\`, $T/run/rootlet/$C: Permission denied"
	chmod 0000 "$T/run/rootlet"
	mine list
	refused "cannot open the state folder $T/run/rootlet: Permission denied"
}

@test "--root that is a file, below a file, another's, a circle, too long, or can't be made" {
	at() {
		local root=$1
		shift
		for command in "list" "state $C" "create --bundle $B $C" "delete --force $C"; do
			# shellcheck disable=SC2086 # several words
			try here -- --root "$root" $command
			refused "state folder" "$@"
		done
	}
	at "$B/config.json" "$B/config.json" "Not a directory"
	at "$B/config.json/x" "$B/config.json/x" "Not a directory"
	ln -s circle "$T/circle"
	at "$T/circle" "$T/circle" "symbolic links"
	at "$T/$(printf '%300s' '' | tr ' ' x)" "File name too long"
	# Of a path that fills the line the cause is still to be seen.
	at "/$(printf '%4000s' '' | tr ' ' x)" "...: File name too long"
	if [ "$(id -u)" -ne 0 ]; then
		at /tmp "/tmp belongs to uid 0, not to uid $(id -u); choose another with --root"
		try here -- --root /no/such/folder create --bundle "$B" "$C"
		refused "cannot make the state folder /no/such/folder" "Permission denied"
	fi
	# Commands that only look make none.
	try here -- --root "$T/none" list
	equal "$status$stderr" 0
	[ ! -e "$T/none" ]
}

# ---------------------------------------------------------------- full and read-only

@test "a full state folder: nothing is left of the create, and the next one works" {
	try own_mounts '
		mount -t tmpfs -o size=64k,mode=700 small $R
		dd if=/dev/zero of=$R/filler bs=4k 2>/dev/null || true
		$L create --bundle $B $C && exit 9
		$L run --bundle $B $C && exit 9
		test "$(ls $R)" = filler
		# Room for the configuration, and for nothing after it.
		truncate -s 60k $R/filler
		$L create --bundle $B $C && exit 9
		test "$(ls $R)" = filler
		$L state $C && exit 9
		rm $R/filler
		$L run --bundle $B $C
		test -z "$(ls $R)"'
	equal "$status$output" 0
	equal "$(wc -l <"$T/try.err")" 4
	equal "$(grep -c "cannot write $T/small/$C/.*: No space left on device\$" <<<"$stderr")" 3
	has "$stderr" "state.json: No space left on device"
	has "$stderr" "container \`$C\` does not exist"
}

@test "a state folder without inodes" {
	for inodes in 2 3 4; do
		try own_mounts "mount -t tmpfs -o nr_inodes=$inodes,mode=700 small \$R
			"'$L create --bundle $B $C && exit 9
			test -z "$(ls -A $R)"'
		equal "$status$output" 0
		equal "$(wc -l <"$T/try.err")" 1
		has "$stderr" "$T/small"
		has "$stderr" "No space left on device"
	done
}

@test "a read-only state folder" {
	try own_mounts '
		mount -t tmpfs -o ro,mode=700 small $R
		$L list
		$L create --bundle $B $C && exit 9
		$L run --bundle $B $C && exit 9
		exit 0'
	equal "$status" 0
	equal "$(wc -l <"$T/try.out")" 1
	equal "$(grep \
		-cF "cannot make the state folder of \`$C\`, $T/small/$C: Read-only file system" \
		<<<"$stderr")" 2
}

@test "a state folder that becomes read-only, or full, while containers are there" {
	script 'exec sleep 1000'
	try own_mounts '
		mount -t tmpfs -o size=64k,mode=700 small $R
		$L create --bundle $B $C
		mount -o remount,ro $R
		$L state $C | grep -q "\"status\": \"created\""
		# What can be done without writing is done.
		$L exec $C true
		# The gate could not be closed behind it, so it is not opened.
		$L start $C && exit 9
		$L state $C | grep -q "\"status\": \"created\""
		$L delete $C && exit 9
		$L list -q | grep -qx $C
		mount -o remount,rw $R
		dd if=/dev/zero of=$R/filler bs=4k 2>/dev/null || true
		# Full is no obstacle to removing.
		$L delete --force $C
		test "$(ls $R)" = filler'
	[ "$status" -eq 0 ] || fail "$status: $output $stderr"
	equal "$(wc -l <"$T/try.err")" 2
	equal "$(grep -c 'Read-only file system$' <<<"$stderr")" 2
}

# ---------------------------------------------------------------- damaged

# every_command PART...: all of them refuse the container with the same words.
every_command() {
	local command
	echo '[]' >"$T/mounts.json"
	for command in "state $C" "start $C" "kill $C" "delete $C" "ps $C" "exec $C true" \
		"pause $C" "resume $C" "update --pids-limit 5 $C" \
		"events --stats $C" "wait $C" "mounts add $C $T/mounts.json" "port list $C"; do
		# shellcheck disable=SC2086 # several words
		try rl $command
		[ "$status" -ne 255 ] || status=1
		refused "the state of container \`$C\` is damaged: $T/state/$C/state.json: " \
			"\`rootlet delete --force $C\` removes it" "$@"
	done
	try rl create --bundle "$B" "$C"
	refused "container with given ID already exists"
	# A list has the others, and says what it leaves out.
	try rl list --format json
	equal "$status" 0
	equal "$(jq length <<<"$output")" 0
	equal "$(wc -l <"$T/try.err")" 1
	has "$stderr" "warning: the state of container \`$C\` is damaged"
	equal "$(rl list --quiet)" "$C"
}

# damage PART... <<<COMMANDS: they are run where state.json is; "$T/good" is its copy. Then every
# command says PART, and what the message promises works.
damage() {
	rl create --bundle "$B" "$C"
	pid_of >>"$T/left"
	cp "$T/state/$C/state.json" "$T/good"
	(cd "$T/state/$C" && T=$T sh -eu)
	every_command "$@"
	try rl delete --force "$C"
	equal "$status" 0
	equal "$(find "$T/state" -mindepth 1)" ""
	[ -f "$T/good" ]
	# shellcheck disable=SC2046 # a list
	kill -KILL $(cat "$T/left")
	: >"$T/left"
}

@test "a damaged state.json: empty, truncated, no object, wrong types" {
	damage "the text is empty" <<<': >state.json'
	damage "ends too early" <<<'head -c 100 $T/good >state.json'
	damage "expected an object" <<<'echo "[]" >state.json'
	damage "/pid: expected an integer, found a string" \
		<<<'jq ".pid = \"1\"" $T/good >state.json'
	damage "/pid: 0 is out of range" <<<'jq ".pid = 0" $T/good >state.json'
	damage "/pid: " <<<'jq ".pid = 4294967297" $T/good >state.json'
	damage "/id: it says \`other\`" <<<'jq ".id = \"other\"" $T/good >state.json'
	damage "/bundle: required, but missing" <<<'jq "del(.bundle)" $T/good >state.json'
	damage "/annotations" <<<'jq ".annotations = {a: 1}" $T/good >state.json'
}

# Tried: ELOOP and EACCES taken out of is_damage, EISDIR out of state/contents.c: `delete --force`
# refused as well.
@test "a state.json that is a link, a folder, a FIFO, too large, or may not be read" {
	damage "symbolic links" <<<'rm state.json; ln -s $T/good state.json'
	damage "symbolic links" <<<'rm state.json; ln -s / state.json'
	damage "not a regular file" <<<'rm state.json; mkdir state.json'
	damage "not a regular file" <<<'rm state.json; mkfifo state.json'
	damage "not a regular file of at most 16777216 bytes" <<<'truncate -s 16777217 state.json'
	[ "$(id -u)" -eq 0 ] || damage "Permission denied" <<<'chmod 000 state.json'
}

@test "state of another version: what is unknown is passed over, what it says is printed" {
	script 'exec sleep 1000'
	rl run --detach --bundle "$B" "$C"
	cp "$T/state/$C/state.json" "$T/good"
	jq '.ociVersion = "9.9.9" | .future = {a: [1]}' "$T/good" >"$T/state/$C/state.json"
	equal "$(rl state "$C" | jq -r .ociVersion)" 9.9.9
	status_is running
	# Another process's number with another start time is no container of ours, and is not
	# signalled.
	sleep 1000 &
	local other=$!
	jq ".pid = $other" "$T/good" >"$T/state/$C/state.json"
	status_is stopped
	try rl kill "$C" KILL
	refused "container not running"
	kill -0 "$other"
	kill "$other"
	cp "$T/good" "$T/state/$C/state.json"
	rl delete --force "$C"
}

@test "a container's folder that is a file, a link, or may not be opened" {
	mkdir -m 700 "$T/state" "$T/aside"
	: >"$T/aside/state.json"
	for how in "touch $T/state/$C" "ln -s $T/aside $T/state/$C" "ln -s nowhere $T/state/$C"; do
		$how
		for command in "state $C" "kill $C" "delete $C" "delete --force $C" \
			"create --bundle $B $C" "run --bundle $B $C"; do
			# shellcheck disable=SC2086 # several words
			try rl $command
			refused \
				"cannot open the state folder of \`$C\`, $T/state/$C: Not a \
directory; it was not made by rootlet: remove it"
		done
		try rl list --quiet
		equal "$status$output$stderr" 0
		rm "$T/state/$C"
	done
	[ -e "$T/aside/state.json" ]
	if [ "$(id -u)" -ne 0 ]; then
		mkdir -m 000 "$T/state/$C"
		try rl state "$C"
		refused "cannot open the state folder of \`$C\`, $T/state/$C: Permission denied"
		rmdir "$T/state/$C"
	fi
}

@test "the copy of the configuration in the state folder is damaged or gone" {
	script 'exec sleep 1000'
	rl run --detach --bundle "$B" "$C"
	echo '[]' >"$T/mounts.json"
	echo '{' >"$T/state/$C/config.json"
	for command in "exec $C true" "mounts add $C $T/mounts.json"; do
		# shellcheck disable=SC2086 # several words
		try rl $command
		[ "$status" -ne 255 ] || status=1
		refused "$T/state/$C/config.json" "ends too early"
	done
	rm "$T/state/$C/config.json"
	try rl exec "$C" true
	equal "$status" 255
	has "$stderr" "$T/state/$C/config.json"
	has "$stderr" "No such file"
	# The life cycle does not need it.
	status_is running
	rl kill "$C" KILL
	wait_for status_is stopped
	rl delete "$C"
}
