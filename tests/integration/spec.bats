#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# spec: a configuration to start from.
# shellcheck disable=SC2154,SC2153,SC2016,SC2030,SC2031,SC2119,SC2120

load helpers

@test "spec: an ordinary user's configuration by default, root's when asked" {
	mkdir "$T/one" "$T/two"
	try rl spec -b "$T/one"
	equal "$status$output$stderr" 0
	try rl spec --rootless=false --bundle "$T/two"
	equal "$status$output$stderr" 0
	equal "$(jq -c '[.ociVersion, .root.path, .root.readonly, .process.terminal, .process.args,
		.hostname]' "$T/one/config.json")" \
		'["1.3.0","rootfs",true,true,["sh"],"rootlet"]'
	equal "$(jq -c '[.linux.namespaces[].type]' "$T/one/config.json")" \
		'["pid","network","ipc","uts","mount","cgroup","user"]'
	equal "$(jq -c '[.linux.namespaces[].type]' "$T/two/config.json")" \
		'["pid","network","ipc","uts","mount","cgroup"]'
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
	(cd "$T/here" && try rl spec --file other.json && equal "$status" 0 && [ -s other.json ] &&
		[ ! -e config.json ])
	try rl spec --bundle "$T/none"
	refused "$T/none" "No such file"
}
