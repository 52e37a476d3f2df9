#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# How clients write options, and what --version and --help print.
# shellcheck disable=SC2154,SC2153,SC2016,SC2030,SC2031,SC2119,SC2120

load helpers

@test "--version: three lines that clients parse" {
	local flag
	for flag in --version -version -v; do
		try "$ROOTLET" "$flag"
		equal "$status$stderr" 0
		equal "$(sed -n 1p <<<"$output")" "rootlet version 0.1.0"
		[[ $(sed -n 2p <<<"$output") =~ ^"commit: "[0-9a-z-]+$ ]]
		equal "$(sed -n 3p <<<"$output")" "spec: 1.3.0"
		equal "$(wc -l <<<"$output")" 3
	done
}

@test "--help lists the commands, and each command's lists its options" {
	local command option
	try "$ROOTLET" --help
	equal "$status$stderr" 0
	for command in create delete kill list ps run spec start state; do
		has "$output" "  $command "
	done
	for option in root log log-format debug systemd-cgroup; do
		has "$output" "--$option"
	done
	while read -r command options; do
		try "$ROOTLET" "$command" --help
		equal "$status$stderr" 0
		has "$output" "Usage: rootlet [GLOBAL OPTION]... $command "
		for option in $options help; do
			has "$output" "--$option"
		done
		cp "$T/try.out" "$T/help"
		try "$ROOTLET" help "$command"
		cmp "$T/help" "$T/try.out"
		try "$ROOTLET" "$command" -h
		cmp "$T/help" "$T/try.out"
	done <<-'END'
		create bundle console-socket pid-file no-pivot no-new-keyring preserve-fds config
		run bundle console-socket pid-file no-pivot no-new-keyring preserve-fds detach
		run keep no-subreaper config
		start
		state
		kill all
		delete force regex
		list format quiet
		ps format
		spec bundle file rootless
	END
}

@test "an unknown command, option or format is refused by name" {
	try rl fly
	refused 'unknown command "fly"' "rootlet --help"
	try rl run --fly x
	refused "--fly" "rootlet run --help"
	try rl --fly list
	refused "--fly" "rootlet --help"
	try rl list --format xml
	refused "xml" "table or json"
	try rl
	refused "no command"
	try rl state
	refused "requires exactly 1 argument"
	try rl run --bundle
	refused "requires an argument"
}

@test "options as clients write them: one dash, =, letters, after the arguments" {
	try rl run -no-subreaper -no-new-keyring "-bundle=$B" "$C"
	equal "$status$stderr" 0
	try rl run -b "$B" --no-subreaper "$C"
	equal "$status$stderr" 0
	try rl run "$C" --bundle "$B" --keep=false
	equal "$status$stderr" 0
	(cd "$B" && try rl run "$C" && equal "$status$stderr" 0)
	script 'exec sleep 60'
	rl run -db "$B" "$C" >"$T/out" 2>&1
	status_is running
	rl delete -f "$C"
}
