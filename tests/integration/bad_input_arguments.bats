#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Options, numbers, signals and files that can't be what was meant. One line that names the option
# and the value; nothing has changed. Options that no one knows: options.bats; their parser:
# test_opts. status, output and stderr come from `try`; what is between single quotes is for jq or
# the shell inside.
# shellcheck disable=SC2154,SC2153,SC2016,SC2030,SC2031

load helpers
load lifecycle

# wrong PART ARGUMENT...: refused with PART, whatever the command's status of failure.
wrong() {
	local part=$1
	shift
	try rl "$@"
	if [ "$1" = exec ]; then
		equal "$status" 255
		status=1
	fi
	refused "$part"
}

start_sleeping() {
	script 'exec sleep 1000'
	rl run --detach --bundle "$B" "$C"
}

# commands: every command, as the program itself lists them.
commands() {
	rl --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'
}

@test "every command: an option whose value is missing, a flag that is given one" {
	local command option n=0
	for command in $(commands); do
		# As --help shows them: "  -b, --bundle DIR  text".
		while read -r option; do
			case $option in
			*=*) wrong "option --${option%=} requires an argument" "$command" \
				"--${option%=}" ;;
			*) wrong "--$option=maybe: a flag takes true or false" "$command" \
				"--$option=maybe" ;;
			esac
			n=$((n + 1))
		done < <(rl "$command" --help |
			sed -nE \
			's/^  (-., |    )--([a-z0-9-]+) ([A-Z0-9|:=\[]|network )[^ ]* ? .*/\2=/p; '\
't; s/^  (-., |    )--([a-z0-9-]+)  .*/\2/p' | grep -vx help)
	done
	[ "$n" -gt 80 ] || fail "only $n options were found"
}

@test "every command: too few and too many arguments" {
	local command
	for command in $(commands); do
		case $command in
		list | spec | features)
			wrong "\"$command\" takes no arguments: \`x\`" "$command" x
			;;
		exec)
			wrong "\"exec\" requires at least 1 argument: CONTAINER" exec
			wrong '"exec" requires a command, or --process FILE' exec "$C"
			wrong '"exec" requires a command, or --process FILE' exec "$C" --
			;;
		ps)
			wrong '"ps" requires at least 1 argument: CONTAINER' ps
			;;
		port)
			wrong '"port" requires at least 2 arguments' port list
			wrong '`port list CONTAINER`' port list "$C" 80:80
			wrong '`port add CONTAINER PORT...`' port add "$C"
			wrong '"port show"' port show "$C"
			;;
		mounts)
			wrong '"mounts" requires exactly 3 arguments' mounts add "$C"
			wrong '"mounts" requires exactly 3 arguments' mounts add "$C" - x
			wrong '"show": add or remove' mounts show "$C" -
			;;
		kill)
			wrong '"kill" requires at least 1 argument' kill
			wrong '"kill" requires at most 2 arguments' kill "$C" KILL x
			;;
		*)
			wrong "\"$command\" requires exactly 1 argument: CONTAINER" "$command"
			wrong "\"$command\" requires exactly 1 argument: CONTAINER" "$command" \
				"$C" x
			;;
		esac
	done
	wrong 'no command given'
	wrong 'unknown command ""' ""
	wrong 'unknown command "State"' State "$C"
	wrong 'unknown command "nosuch"' help nosuch
}

@test "numbers: text, signs, fractions, hexadecimal, blanks, overflow" {
	start_sleeping
	local value option
	for value in x 1x -2 1.5 0x10 1e3 " 5" "5 " +5 99999999999999999999 18446744073709551616 \
		9223372036854775808; do
		for option in pids-limit cpu-quota cpu-period cpu-burst cpu-share cpu-idle \
			blkio-weight cpu-rt-period cpu-rt-runtime; do
			wrong "--$option: \`$value\` is not a number from " update \
				"--$option=$value" "$C"
		done
	done
	for value in -1 2; do
		wrong "--cpu-idle: \`$value\` is not a number from 0 to 1" update \
			"--cpu-idle=$value" "$C"
	done
	wrong '--blkio-weight: `1001` is not a number from 0 to 1000' update --blkio-weight 1001 \
		"$C"
	for value in x -2 1.5.5m 0x10 1e3 " 5" +5 5mm 5mib3 5x m .5g 1.1234567g \
		99999999999999999999 9223372036854775808; do
		for option in memory memory-reservation memory-swap kernel-memory kernel-memory-tcp;
		do
			wrong \
				"--$option: \`$value\` is not an amount of memory (1048576, 512m, \
1.5g or -1)" update "--$option=$value" "$C"
		done
	done
	wrong '--memory: `9000000t` is more than can be counted' update --memory 9000000t "$C"
	for value in x -1 65537 1.5 0x1 " 1" 99999999999999999999; do
		wrong "--preserve-fds: \`$value\` is not a number from 0 to 65536" exec \
			"--preserve-fds=$value" "$C" true
		wrong "--preserve-fds: \`$value\` is not a number from 0 to 65536" create \
			"--preserve-fds=$value" --bundle "$B" "$C-2"
	done
	for value in x 0 -5s 5ss 1:30 " 5s" nan inf 1e3 s 99999999999h; do
		wrong "--interval: \`$value\` is not a time such as 5s, 500ms or 1m30s" events \
			"--interval=$value" "$C"
	done
	for value in x -1 1: :1 1:x 1:2:3 4294967295 4294967296 0x1 " 1" 1.5 root; do
		wrong "--user: \`" exec "--user=$value" "$C" true
		has "$stderr" \
			"is not an id, a number from 0 to 4294967294; the form is uid[:gid]; names \
are not looked up"
	done
	wrong '/process/user/uid: uid 4294967294 is not mapped' exec --user 4294967294 "$C" true
	for value in x -1 "" 4294967295; do
		wrong "--additional-gids: \`$value\` is not an id" exec "--additional-gids=$value" \
			"$C" true
	done
	for value in x "" =x; do
		wrong "--env: \`$value\` is not NAME=VALUE" exec "--env=$value" "$C" true
	done
	for value in x "" CAP_NOSUCH; do
		wrong "--cap: \`$value\` is no capability" exec "--cap=$value" "$C" true
	done
	wrong '--cwd: `relative` is not an absolute path' exec --cwd relative "$C" true
	equal "$(rl ps --format json "$C" | jq length)" 1
	rl delete --force "$C"
}

@test "signals: names and numbers, and what is neither" {
	script 'trap "echo usr1 >>/tmp/got" USR1; trap "echo rt >>/tmp/got" RTMIN+1 2>/dev/null;
		touch /tmp/ready; while :; do sleep 0.02; done'
	rl run --detach --bundle "$B" "$C"
	wait_for test -e "$B/rootfs/tmp/ready"
	local signal n=0
	got() {
		[ "$(wc -l <"$B/rootfs/tmp/got")" -eq "$1" ]
	}
	for signal in USR1 SIGUSR1 usr1 SigUsr1 10; do
		rl kill "$C" "$signal"
		n=$((n + 1))
		wait_for got "$n"
	done
	for signal in "" SIG SIGNOSUCH NOSUCH SIGKIL "SIGKILL " " KILL" 65 999 -1 -9 9x 0x9 \
		99999999999999999999 RTMIN-1 RTMAX+1 RTMIN+99 \
		AVERYLONGNAMEOFASIGNAL ü; do
		wrong "unknown signal \"$signal\"" kill -- "$C" "$signal"
	done
	# A sign that is forgotten to be protected is no signal, but an option.
	wrong 'unknown option -9' kill -9 "$C"
	status_is running
	got "$n"
	rl kill "$C" 0
	rl kill "$C" kill
	wait_for status_is stopped
	rl delete "$C"
}

# ---------------------------------------------------------------- files

# bad_files: a line "NAME PART" for each that can't be read as JSON; the files are in "$T/files".
bad_files() {
	mkdir -p "$T/files/folder"
	: >"$T/files/empty"
	printf '{"a": ' >"$T/files/cut"
	# No text begins with that byte. After others the fault may come in a later line.
	{ printf '\377' && head -c 4096 /dev/urandom; } >"$T/files/noise"
	truncate -s 70000000 "$T/files/huge"
	ln -sf circle "$T/files/circle"
	printf '{}' >"$T/files/closed"
	chmod 000 "$T/files/closed"
	cat <<-'END'
		nowhere No such file or directory
		nowhere/x No such file or directory
		empty/x Not a directory
		folder Is a directory
		circle symbolic links
		empty the text is empty
		cut the text ends too early
		noise line 1
		huge File too large
	END
	[ "$(id -u)" -eq 0 ] || echo "closed Permission denied"
}

@test "files of JSON: missing, folders, empty, cut off, noise, huge, closed to us" {
	start_sleeping
	bad_files >"$T/list"
	local name part
	while read -r name part; do
		wrong "$part" create --config "$T/files/$name" --bundle "$B" "$C-2"
		has "$stderr" "$T/files/$name: "
		wrong "$part" exec --process "$T/files/$name" "$C"
		has "$stderr" "--process: $T/files/$name: "
		wrong "$part" update --resources "$T/files/$name" "$C"
		has "$stderr" "--resources: $T/files/$name: "
		wrong "$part" mounts add "$C" "$T/files/$name"
		has "$stderr" "$T/files/$name: "
		wrong "$part" mounts remove "$C" "$T/files/$name"
	done <"$T/list"
	# The hint about bundles is for those who named none.
	try rl create --config "$T/nowhere" --bundle "$B" "$C-2"
	equal "$stderr" "rootlet: $T/nowhere: No such file or directory"
	for command in "update --resources - $C" "mounts add $C -" "mounts remove $C -"; do
		# shellcheck disable=SC2086 # several words
		wrong "standard input: line 1, column 1: the text is empty" $command </dev/null
	done
	wrong "/dev/zero: File too large" exec --process /dev/zero "$C"
	equal "$(rl list --quiet)" "$C"
	equal "$(rl ps --format json "$C" | jq length)" 1
	rl delete --force "$C"
}

@test "a FIFO is read like a file; one that nobody writes to is waited for, and can be left" {
	script 'echo ran'
	mkfifo "$T/fifo"
	cat "$B/config.json" >"$T/fifo" &
	local job=$!
	try rl run --config "$T/fifo" --bundle "$B" "$C"
	equal "$status$output$stderr" 0ran
	wait "$job"
	try rl run --config <(cat "$B/config.json") --bundle "$B" "$C"
	equal "$status$output$stderr" 0ran
	ROOTLET_TEST=$C "$ROOTLET" --root "$T/state" run --config "$T/fifo" --bundle "$B" "$C" \
		3>&- &
	job=$!
	wait_for no_container_yet "$job"
	kill "$job"
	status=0
	wait "$job" || status=$?
	equal "$status" 143
	equal "$(find "$T/state" -mindepth 1)" ""
}

# no_container_yet PID: it sleeps in opening the FIFO.
no_container_yet() {
	grep -qE '^State:\s+S' "/proc/$1/status" && [ -z "$(ls -A "$T/state")" ]
}

@test "pid files: folders that are missing or closed, folders in their place: nothing is left" {
	start_sleeping
	mkdir "$T/folder" "$T/folder/pid"
	: >"$T/file"
	while read -r path cause; do
		wrong "--pid-file: $path: $cause" create --pid-file "$path" --bundle "$B" "$C-2"
		wrong "--pid-file: $path: $cause" run --pid-file "$path" --bundle "$B" "$C-2"
		wrong "--pid-file: $path: $cause" run --detach --pid-file "$path" --bundle "$B" \
			"$C-2"
		wrong "--pid-file: $path: $cause" exec --detach --pid-file "$path" "$C" sleep 1000
		equal "$(rl list --quiet)" "$C"
	done <<-END
		$T/nowhere/pid No such file or directory
		$T/folder Is a directory
		$T/folder/pid Is a directory
		$T/file/pid Not a directory
	END
	equal "$(find "$T/folder" -mindepth 1)" "$T/folder/pid"
	if [ "$(id -u)" -ne 0 ]; then
		wrong "--pid-file: /pid: Permission denied" create --pid-file /pid --bundle "$B" \
			"$C-2"
		chmod 500 "$T/folder"
		wrong "--pid-file: $T/folder/new: Permission denied" create \
			--pid-file "$T/folder/new" --bundle "$B" "$C-2"
		chmod 700 "$T/folder"
	fi
	equal "$(rl ps --format json "$C" | jq length)" 1
	rl delete --force "$C"
}

processes() {
	[ "$(rl ps --format json "$C" | jq length)" -eq "$1" ]
}

@test "pid files: links, FIFOs and devices are written into, and stay" {
	local reader
	sleeper
	echo "much more than a number" >"$T/file"
	ln -s file "$T/link"
	ln -s new "$T/dangling"
	mkfifo "$T/fifo"
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$T/socket"
	for link in link dangling; do
		rl create --pid-file "$T/$link" --bundle "$B" "$C"
		equal "$(cat "$T/$link")" "$(pid_of)"
		[ -L "$T/$link" ]
		rl delete --force "$C"
	done
	rl create --pid-file /dev/null --bundle "$B" "$C"
	[ -c /dev/null ]
	try rl create --pid-file "$T/socket" --bundle "$B" "$C-2"
	equal "$status" 1
	has "$stderr" "--pid-file: $T/socket: No such device or address"
	# The reader of a FIFO may come later; who waits for it hears signals.
	rl exec --detach --pid-file "$T/fifo" "$C" sleep 1000 3>&- &
	reader=$!
	[[ $(cat "$T/fifo") =~ ^[0-9]+$ ]]
	wait "$reader"
	ROOTLET_TEST=$C "$ROOTLET" --root "$T/state" exec --detach --pid-file "$T/fifo" "$C" \
		sleep 1000 2>"$T/err" 3>&- &
	reader=$!
	wait_for processes 3
	kill -TERM "$reader"
	status=0
	wait "$reader" || status=$?
	equal "$status" 143
	has "$(cat "$T/err")" "--pid-file: $T/fifo has no reader"
	[ -p "$T/fifo" ]
	rl delete --force "$C"
}

@test "sockets that are none, or that nobody listens on" {
	start_sleeping
	: >"$T/file"
	mkdir "$T/folder"
	mkfifo "$T/fifo"
	# A socket whose owner is gone.
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$T/dead"
	while read -r name cause; do
		wrong "--console-socket: connecting to $T/$name: $cause" exec --tty \
			--console-socket "$T/$name" "$C" true
		wrong "--pidfd-socket: connecting to $T/$name: $cause" exec \
			--pidfd-socket "$T/$name" "$C" true
		wrong "--pidfd-socket: connecting to $T/$name: $cause" create \
			--pidfd-socket "$T/$name" --bundle "$B" "$C-2"
		config '.process.terminal = true'
		wrong "--console-socket: connecting to $T/$name: $cause" create \
			--console-socket "$T/$name" --bundle "$B" "$C-2"
		config '.process.terminal = false | .annotations["run.oci.pidfd_receiver"] = $s' \
			--arg s "$T/$name"
		wrong "run.oci.pidfd_receiver: connecting to $T/$name: $cause" create \
			--bundle "$B" "$C-2"
		config 'del(.annotations)'
	done <<-'END'
		nowhere No such file or directory
		file Connection refused; it is not a socket
		folder Connection refused; it is not a socket
		fifo Connection refused; it is not a socket
		dead Connection refused; nobody listens on it
	END
	equal "$(rl list --quiet)" "$C"
	rl delete --force "$C"
}
