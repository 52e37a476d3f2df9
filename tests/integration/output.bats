#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154 # programs for the container's shell; output, stderr: of `try`
# Output that is a file of the caller's, for a program that is another user in the container.

load helpers

setup() {
	container_setup
	config '.process.user = {uid: 1000, gid: 1000}'
}

# mine FILE: it is still the caller's, whoever wrote into it.
mine() {
	equal "$(stat -c %u "$1")" "$(id -u)"
}

@test "/dev/stdout and /dev/stderr can be opened anew, and the files stay the caller's" {
	script 'echo one >/dev/stdout; echo two; echo three >/dev/stderr; exit 3'
	try rl run --bundle "$B" "$C"
	equal "$status" 3
	status=0
	rl run --bundle "$B" "$C" >"$T/out" 2>"$T/err" </dev/null || status=$?
	equal "$status $(cat "$T/out") $(cat "$T/err")" $'3 one\ntwo three'
	mine "$T/out"
	mine "$T/err"
	echo first >"$T/out"
	rl run --bundle "$B" "$C" >>"$T/out" 2>>"$T/err" </dev/null || true
	equal "$(cat "$T/out")" $'first\none\ntwo'
}

@test "both streams in one file: what is written first stands first" {
	local line expected=''
	script 'i=0; while [ $i -lt 200 ]; do echo out $i; echo err $i >&2; i=$((i + 1)); done'
	rl run --bundle "$B" "$C" >"$T/out" 2>&1 </dev/null
	for line in $(seq 0 199); do
		expected+="out $line"$'\n'"err $line"$'\n'
	done
	equal "$(cat "$T/out")" "${expected%$'\n'}"
}

@test "all of it gets there, however much it is, and also what a killed program wrote" {
	script 'dd if=/dev/zero bs=65536 count=64 2>/dev/null; echo end; kill -9 $$'
	status=0
	rl run --bundle "$B" "$C" >"$T/out" </dev/null || status=$?
	equal "$(stat -c %s "$T/out") $(tail -c 4 "$T/out")" "4194308 end"
}

@test "exec: the same" {
	script 'exec sleep 1000'
	rl run --detach --bundle "$B" "$C" </dev/null >/dev/null
	rl exec "$C" sh -c 'echo one >/dev/stdout; echo two >/dev/stderr' >"$T/out" 2>"$T/err"
	equal "$(cat "$T/out" "$T/err")" $'one\ntwo'
	mine "$T/out"
	rl delete --force "$C"
}

@test "no relay where the program's user may open the file, and none for pipes" {
	script '[ -f /proc/self/fd/1 ] && echo file || echo other'
	rl run --bundle "$B" "$C" >"$T/out" </dev/null
	equal "$(cat "$T/out")" other
	: >"$T/out"
	chmod 0666 "$T/out"
	rl run --bundle "$B" "$C" >"$T/out" </dev/null
	equal "$(cat "$T/out")" file
	config '.process.user = {uid: 0, gid: 0}'
	chmod 0600 "$T/out"
	rl run --bundle "$B" "$C" >"$T/out" </dev/null
	equal "$(cat "$T/out")" file
	equal "$(rl run --bundle "$B" "$C" </dev/null | cat)" other
}

@test "detached, nobody stays to carry it: a line says so" {
	script 'exec sleep 1000'
	rl run --detach --bundle "$B" "$C" >"$T/out" 2>"$T/err" </dev/null
	has "$(cat "$T/err")" "standard output is a file that the program's user can't open"
	rl delete --force "$C"
	rl run --detach --bundle "$B" "$C" >/dev/null 2>"$T/err" </dev/null
	equal "$(cat "$T/err")" ""
	rl delete --force "$C"
}
