#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rooms: host session
# state: what it prints, and where it is kept.
# shellcheck disable=SC2154,SC2153,SC2016,SC2030,SC2031,SC2119,SC2120

load helpers
load lifecycle

# default_root VARIABLE...: the whole life of a container without --root, in this environment.
default_root() {
	local -a rootlet=(env -i "PATH=$PATH" "ROOTLET_TEST=$C" "$@" "$ROOTLET")
	bundle_args sleep 1000
	try "${rootlet[@]}" create --bundle "$B" "$C"
	equal "$status$output$stderr" 0
	equal "$("${rootlet[@]}" state "$C" | jq -r .status)" created
	equal "$("${rootlet[@]}" list -q)" "$C"
	"${rootlet[@]}" start "$C"
	"${rootlet[@]}" delete --force "$C"
	try "${rootlet[@]}" state "$C"
	refused "does not exist"
}

@test "state has every field of the specification, in its type" {
	sleeper
	config '.annotations = {"com.example.key": "a \"value\""}'
	rl create --bundle "$B" "$C"
	rl state "$C" >"$T/state.out"
	jq -e --arg id "$C" --arg bundle "$B" '
		(.ociVersion | test("^1\\.[0-9]+\\.[0-9]+"))
		and .id == $id and .status == "created" and .bundle == $bundle and .rootfs
		== $bundle + "/rootfs"
		and (.pid | type == "number" and . > 1)
		and (.created | test("^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{9}Z$"))
		and .annotations == {"com.example.key": "a \"value\""}
		and (.owner | type == "string")' "$T/state.out"
	created=$(jq -r .created "$T/state.out")
	now=$(date +%s)
	[ $((now - $(date -d "$created" +%s))) -lt 60 ]
	rl delete "$C"
}

@test "XDG_RUNTIME_DIR is used where it is ours, and never where it is not" {
	[ "$(id -u)" -ne 0 ] || skip "root has no other user's folder that it can't write to"
	mkdir -m 0700 "$T/runtime"
	default_root "XDG_RUNTIME_DIR=$T/runtime"
	[ -d "$T/runtime/rootlet" ]
	equal "$(stat -c %a "$T/runtime/rootlet")" 700

	# As su leaves it: another user's.
	default_root "XDG_RUNTIME_DIR=/"
	default_root "XDG_RUNTIME_DIR=/no/such/folder"
	default_root "XDG_RUNTIME_DIR=relative"
	default_root "XDG_RUNTIME_DIR="
	default_root

	mkdir -m 0500 "$T/readonly"
	default_root "XDG_RUNTIME_DIR=$T/readonly"
	mkdir -m 0777 "$T/open"
	chmod 0777 "$T/open"
	default_root "XDG_RUNTIME_DIR=$T/open"
	equal "$(find "$T/open" "$T/readonly" -mindepth 1)" ""
}

@test "a client that strips the environment finds the same container" {
	[ -w "/run/user/$(id -u)" ] || skip "needs /run/user/$(id -u), which a login makes"
	sleeper
	export ROOTLET_TEST=$C
	env -u XDG_RUNTIME_DIR "XDG_RUNTIME_DIR=/run/user/$(id -u)" "$ROOTLET" create \
		--bundle "$B" "$C" 3>&-
	env -i "PATH=$PATH" "$ROOTLET" start "$C"
	wait_for marker
	equal "$(env -i "$ROOTLET" state "$C" | jq -r .status)" running
	env -i "$ROOTLET" kill "$C" KILL
	env -i "$ROOTLET" delete "$C"
	unset ROOTLET_TEST
	try "$ROOTLET" state "$C"
	refused "does not exist"
}

@test "a folder for state that others may write to is refused" {
	mkdir -m 0777 "$T/open"
	chmod 0777 "$T/open"
	try "$ROOTLET" --root "$T/open" create --bundle "$B" "$C"
	refused "$T/open" "others"
	equal "$(ls -A "$T/open")" ""
}

@test "a pid that another process has now is not the container" {
	sleeper
	# What is in the container's cgroup is its own, whatever its pid: here, nothing says so.
	rl --cgroup-manager=disabled run --detach --bundle "$B" "$C" >/dev/null </dev/null
	wait_for marker
	pid=$(pid_of)
	jq '.startTime += 1' "$T/state/$C/state.json" >"$T/changed"
	cat "$T/changed" >"$T/state/$C/state.json"
	status_is stopped
	try rl kill "$C" KILL
	refused "not running"
	rl delete "$C"
	# Untouched: it could be anyone's.
	[ -d "/proc/$pid" ]
	kill -KILL "$pid"
	wait_for gone "$pid"
}

@test "state: the fields of runtime.md, and who owns it" {
	two_containers
	try rl state "$C"
	equal "$status$stderr" 0
	equal "$(jq -r '[.ociVersion, .id, .status, .bundle, .rootfs, .owner,
		.annotations["org.example.key"]] | join("|")' <<<"$output")" \
		"1.3.0|$C|running|$B|$B/rootfs|$(id -un)|value \"quoted\""
	[[ $(jq -r .created <<<"$output") =~ \
		^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-9:]{8}(\.[0-9]+)?Z$ ]]
	equal "$(tr '\0' ' ' <"/proc/$(jq .pid <<<"$output")/cmdline")" "sleep 60 "
	equal "$(rl state "$C-3" | jq -c '[.status, .pid]')" '["stopped",0]'
	delete_all
}
