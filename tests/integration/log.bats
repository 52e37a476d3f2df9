#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# --log in all its forms, --log-format and --log-level: what arrives, and that nothing else does.
# status, output and stderr come from `try`; what is between single quotes is for the shell inside.
# shellcheck disable=SC2154,SC2153,SC2016,SC2030,SC2031

load helpers

setup() {
	container_setup
}

teardown() {
	rm -f "$T/log"
	container_teardown
}

# daemon PATH ARGUMENT...: rootlet in a mount namespace where a datagram socket listens at PATH;
# each datagram on a line, as Python writes bytes, then the exit status and stderr.
daemon() {
	env "ROOTLET_TEST=$C" unshare --map-root-user --mount sh -c 'mount -t tmpfs tmpfs /run &&
		mkdir -p "$0/dev" /run/systemd/journal && { [ "$1" != /dev/log ] ||
		{ mount -t tmpfs tmpfs "$0/dev" &&
		touch "$0/dev/null" && mount --bind /dev/null "$0/dev/null" &&
		mount --rbind "$0/dev" /dev; }; } &&
		exec python3 - "$@"' "$T" "$1" "$ROOTLET" --root "$T/state" "${@:2}" 3>&- <<'END'
import socket, subprocess, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
child = subprocess.run(sys.argv[2:], stdin=subprocess.DEVNULL, capture_output=True)
s.setblocking(False)
try:
    while True:
        print(s.recv(65536))
except BlockingIOError:
    pass
print(child.returncode, child.stderr.decode() + child.stdout.decode(), end="")
END
}

journal=/run/systemd/journal/socket

@test "journald: one datagram of the native protocol, and the error on stderr as well" {
	try daemon $journal --log journald:my-container state nope
	equal "$output" \
		"b'PRIORITY=3\\nSYSLOG_IDENTIFIER=my-container\\nID=my-container\\n\
MESSAGE=container \`nope\` does not exist\\n'
1 rootlet: container \`nope\` does not exist"
}

@test "syslog: a datagram to /dev/log with priority, local time, identifier and pid" {
	try daemon /dev/log --log syslog:my-container state nope
	[[ $output =~ \
		^b\'\<11\>[A-Z][a-z]{2}\ [\ 0-9][0-9]\ [0-9:]{8}\ my-container\[[0-9]+\]:\ \
container\ \`nope\`\ does\ not\ exist\' ]] ||
		fail "$output"
	# The local time, whichever zone that is.
	TZ=XXX-5 try daemon /dev/log --log syslog:x state nope
	now=$(TZ=XXX-5 LC_ALL=C date '+%b %e %H:')
	has "$output" "<11>$now"
}

@test "journald and syslog: nothing on success, and warnings by their level" {
	script true
	for to in journald:x syslog:x; do
		path=$journal
		[ $to = journald:x ] || path=/dev/log
		try daemon $path --log $to list -q
		equal "$output" "0 "
		try daemon $path --log $to --log-format json list -q
		equal "$output" "0 "
	done
	# A shared network namespace is warned of.
	config '.linux.namespaces |= map(select(.type != "network"))'
	try daemon $journal --log journald:x run --bundle "$B" "$C"
	has "$output" "b'PRIORITY=4\nSYSLOG_IDENTIFIER=x\nID=x\nMESSAGE=/mounts/"
	has "$output" "
0 "
}

@test "a line break in a message begins no field of its own" {
	try daemon $journal --log journald:x $'no\nPRIORITY=0'
	equal "$(grep -c "^b'" <<<"$output")" 1
	has "$output" "MESSAGE=unknown command \"no PRIORITY=0\""
	not grep -F '\nPRIORITY=0' <<<"$output"
}

@test "bad targets are one line" {
	try rl --log journald: list
	refused "--log journald:" "identifier"
	try rl --log syslog: list
	refused "--log syslog:" "identifier"
	try rl --log "journald:$(printf 'x%.0s' {1..129})" list
	refused "identifier of at most 128 bytes"
	try rl --log $'journald:a\nb' list
	refused "control character"
	try rl --log file: list
	refused "--log file:"
	try rl --log "$T/none/log" list
	refused "$T/none/log" "No such file or directory"
	try rl --log "$T" list
	refused "$T" "Is a directory"
	try rl --log-format xml list
	refused "--log-format" "text or json"
	try rl --log-level loud list
	refused "--log-level" "error, warning or debug"
	# Nobody listens.
	try unshare --map-root-user --mount sh -c 'mount -t tmpfs tmpfs /run && exec "$@"' sh \
		"$ROOTLET" --log journald:x list
	refused "--log journald:x" "/run/systemd/journal/socket" "No such file or directory"
}

@test "a file, with and without file:, gets a line a message and is appended to" {
	try rl --log "$T/log" state one
	equal "$status" 1
	equal "$stderr" "rootlet: container \`one\` does not exist"
	try rl --log "file:$T/log" state two
	equal "$(sed 's/^[^ ]*Z //' "$T/log")" "rootlet: error: container \`one\` does not exist
rootlet: error: container \`two\` does not exist"
	grep -qE '^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z ' "$T/log"
	equal "$(stat -c %a "$T/log")" 600
}

@test "json: one object on failure, nothing on success" {
	# With something to warn of.
	config '.linux.namespaces |= map(select(.type != "network"))'
	script true
	try rl --log "$T/log" --log-format json run --bundle "$B" "$C"
	equal "$status$output$stderr" 0
	equal "$(cat "$T/log")" ""
	bundle_args /no/such
	try rl --log "$T/log" --log-format=json run --bundle "$B" "$C"
	equal "$status" 1
	equal "$(wc -l <"$T/log")" 1
	jq -e '.level == "error" and (.msg | contains("/no/such")) and
		(.time | test("^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z$")) and length == 3' \
			"$T/log"
	equal "$stderr" "rootlet: $(jq -r .msg "$T/log")"
	# On stderr it is the only line.
	try rl --log-format json run --bundle "$B" "$C"
	equal "$(wc -l <"$T/try.err")" 1
	jq -e .msg "$T/try.err"
}

@test "levels: debug tells more, error tells of no adaptation" {
	config '.linux.namespaces |= map(select(.type != "network"))'
	script true
	try rl run --bundle "$B" "$C"
	has "$stderr" "rootlet: warning: "
	try rl --log-level error run --bundle "$B" "$C"
	equal "$status$stderr" 0
	try rl --log-level debug run --bundle "$B" "$C"
	has "$stderr" "rootlet: debug: "
	try rl --debug --log "$T/log" run --bundle "$B" "$C"
	equal "$status$stderr" 0
	grep -q 'rootlet: debug: ' "$T/log"
	grep -q 'rootlet: warning: ' "$T/log"
}
