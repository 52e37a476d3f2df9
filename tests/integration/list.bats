#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# list: what is there, as a table, as JSON, as IDs.
# shellcheck disable=SC2154,SC2153,SC2016,SC2030,SC2031,SC2119,SC2120

load helpers
load lifecycle

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
		"[[\"$C\",\"running\",true],[\"$C-2\",\"created\",true],\
[\"$C-3\",\"stopped\",false]]"
	equal "$(wc -l <<<"$output")" 1
	try rl list -q
	equal "$output" "$C"$'\n'"$C-2"$'\n'"$C-3"
	delete_all
	try rl list --format=json
	equal "$output" "[]"
	try rl list --quiet
	equal "$output" ""
}

# no_control FILE: nothing that a terminal would act on but newlines and tabs.
no_control() {
	not grep -qP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80\xae' "$1"
}

@test "nothing that a terminal would act on is printed of a path or an annotation" {
	local odd=$'\e[31m\xc2\x9b32m\xe2\x80\xae'
	mv "$B" "$B$odd"
	B=$B$odd
	config '.annotations = {"org.example.odd": $o}' --arg o "$odd"
	sleeper
	rl create --bundle "$B" "$C"
	LC_ALL=C
	for format in table json; do
		rl list --format "$format" >"$T/list"
		no_control "$T/list"
		grep -q "bundle.*32m" "$T/list"
	done
	rl state "$C" >"$T/state.json"
	no_control "$T/state.json"
	# And it is still the same.
	equal "$(jq -r '.annotations["org.example.odd"]' "$T/state.json")" "$odd"
	rl delete "$C"
}
