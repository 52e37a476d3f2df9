#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154 # programs for the container's shell and for jq; output, stderr: of helpers' `try`
# What the commands print, and how their options may be written.

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
		run bundle console-socket pid-file no-pivot no-new-keyring preserve-fds detach keep no-subreaper config
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

@test "spec: an ordinary user's configuration by default, root's when asked" {
	mkdir "$T/one" "$T/two"
	try rl spec -b "$T/one"
	equal "$status$output$stderr" 0
	try rl spec --rootless=false --bundle "$T/two"
	equal "$status$output$stderr" 0
	equal "$(jq -c '[.ociVersion, .root.path, .root.readonly, .process.terminal, .process.args, .hostname]' "$T/one/config.json")" \
		'["1.3.0","rootfs",true,true,["sh"],"rootlet"]'
	equal "$(jq -c '[.linux.namespaces[].type]' "$T/one/config.json")" \
		'["pid","network","ipc","uts","mount","cgroup","user"]'
	equal "$(jq -c '[.linux.namespaces[].type]' "$T/two/config.json")" '["pid","network","ipc","uts","mount","cgroup"]'
	[ "$(jq '.process.capabilities.bounding | length' "$T/one/config.json")" -gt 3 ]
	equal "$(jq '.process.capabilities.bounding | length' "$T/two/config.json")" 3
	equal "$(jq -c '[.mounts[].destination]' "$T/one/config.json")" \
		'["/proc","/dev","/dev/pts","/dev/shm","/dev/mqueue","/sys","/sys/fs/cgroup"]'
}

@test "spec: never overwrites, writes where it is told" {
	cp "$B/config.json" "$T/before"
	try rl spec --bundle "$B"
	refused "already exists" "$B"
	cmp "$T/before" "$B/config.json"
	mkdir "$T/here"
	(cd "$T/here" && try rl spec --file other.json && equal "$status" 0 && [ -s other.json ] && [ ! -e config.json ])
	try rl spec --bundle "$T/none"
	refused "$T/none" "No such file"
}

# two_containers: one running, one created; a third that ended.
two_containers() {
	script 'exec sleep 60'
	config '.annotations = {"org.example.key": "value \"quoted\""}'
	rl run --detach --bundle "$B" "$C" >"$T/out" 2>&1
	rl create --bundle "$B" "$C-2" >"$T/out2" 2>&1
	bundle_args true
	rl run --keep --bundle "$B" "$C-3"
}

delete_all() {
	local id
	for id in $(rl list -q); do
		rl delete --force "$id"
	done
}

@test "list: table, JSON, and IDs only" {
	two_containers
	try rl list
	equal "$status$stderr" 0
	equal "$(head -n 1 <<<"$output" | tr -s ' ')" "ID PID STATUS BUNDLE CREATED OWNER"
	equal "$(wc -l <<<"$output")" 4
	grep -qE "^$C +$(pid_of) +running +$B +20[0-9T:.-]+Z +$(id -un)$" <<<"$output"
	grep -qE "^$C-2 +$(pid_of "$C-2") +created +$B " <<<"$output"
	grep -qE "^$C-3 +0 +stopped +$B " <<<"$output"
	# Columns stand under their heads.
	equal "$(awk '{ print index($0, $3) }' <<<"$output" | sort -u | wc -l)" 1
	try rl list -f json
	equal "$(jq -c 'map([.id, .status, .pid > 0])' <<<"$output")" \
		"[[\"$C\",\"running\",true],[\"$C-2\",\"created\",true],[\"$C-3\",\"stopped\",false]]"
	equal "$(wc -l <<<"$output")" 1
	try rl list -q
	equal "$output" "$C"$'\n'"$C-2"$'\n'"$C-3"
	delete_all
	try rl list --format=json
	equal "$output" "[]"
	try rl list --quiet
	equal "$output" ""
}

@test "state: the fields of runtime.md, and who owns it" {
	two_containers
	try rl state "$C"
	equal "$status$stderr" 0
	equal "$(jq -r '[.ociVersion, .id, .status, .bundle, .rootfs, .owner, .annotations["org.example.key"]] | join("|")' <<<"$output")" \
		"1.3.0|$C|running|$B|$B/rootfs|$(id -un)|value \"quoted\""
	[[ $(jq -r .created <<<"$output") =~ ^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-9:]{8}(\.[0-9]+)?Z$ ]]
	equal "$(tr '\0' ' ' <"/proc/$(jq .pid <<<"$output")/cmdline")" "sleep 60 "
	equal "$(rl state "$C-3" | jq -c '[.status, .pid]')" '["stopped",0]'
	delete_all
}

@test "ps: the container's processes, all of them and no others" {
	local pid
	script 'sleep 71 & sleep 72 & exec sleep 73'
	rl run --detach --bundle "$B" "$C" >"$T/out" 2>&1
	pid=$(pid_of)
	wait_for grep -qx "sleep.73." <(tr '\0' . <"/proc/$pid/cmdline")
	try rl ps "$C"
	equal "$status$stderr" 0
	[[ $(head -n 1 <<<"$output") == UID*PID*PPID*CMD ]]
	equal "$(wc -l <<<"$output")" 4
	equal "$(grep -oE 'sleep 7[0-9]' <<<"$output" | sort | tr '\n' ' ')" "sleep 71 sleep 72 sleep 73 "
	try rl ps --format json "$C"
	equal "$(jq 'length' <<<"$output")" 3
	equal "$(jq --argjson p "$pid" 'index($p) != null' <<<"$output")" true
	for p in $(jq '.[]' <<<"$output"); do
		grep -qa sleep "/proc/$p/cmdline"
	done
	try rl ps "$C" -o pid,args
	equal "$(head -n 1 <<<"$output" | tr -s ' ')" " PID COMMAND"
	equal "$(wc -l <<<"$output")" 4
	rl delete --force "$C"
}
