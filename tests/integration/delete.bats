#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rooms: host session
# delete: what is left of a container, and with --force the container.
# shellcheck disable=SC2154,SC2153,SC2016,SC2030,SC2031,SC2119,SC2120

load helpers
load lifecycle

@test "delete refuses a running container, with --force it kills it and all that it started" {
	script 'sleep 1000 & (sleep 1000 & setsid sleep 1000 &) ; touch /srv/ran; sleep 1000'
	detached
	[ "$(marked | wc -l)" -ge 4 ]
	try rl delete "$C"
	refused "cannot delete container $C that is not stopped"
	status_is running
	try rl delete --force "$C"
	equal "$status$output$stderr" 0
	no_marked
}

@test "delete takes a created container" {
	sleeper
	rl create --bundle "$B" "$C"
	pid=$(pid_of)
	try rl delete "$C"
	equal "$status$output$stderr" 0
	wait_for gone "$pid"
	not marker
}

@test "delete works once, delete --force of nothing is no error" {
	bundle_args true
	rl run --keep --bundle "$B" "$C"
	rl delete "$C"
	try rl delete "$C"
	refused "does not exist" "$C"
	try rl delete --force "$C"
	equal "$status$output$stderr" 0
}

# elsewhere OFFSET COMMAND...: from a time namespace whose time since boot is so many seconds off.
elsewhere() {
	ROOTLET_TEST=$C unshare --user --map-root-user --time --boottime "$1" --fork \
		"$ROOTLET" --root "$T/state" "${@:2}" 3>&-
}

@test "delete refuses a running container from another time namespace too" {
	local offset
	sleeper
	detached
	# As if the machine had started a year ago, and a moment ago: after the container.
	for offset in 31536000 "-$(("$(cut -d. -f1 /proc/uptime)" - 1))"; do
		equal "$(elsewhere "$offset" state "$C" | jq -r .status)" running
		try elsewhere "$offset" delete "$C"
		refused "cannot delete container $C that is not stopped"
	done
	status_is running
	try elsewhere "$offset" delete --force "$C"
	equal "$status$output$stderr" 0
	no_marked
}

@test "what is started in another time namespace is known outside of it" {
	sleeper
	# As root of a user namespace with one id, for which this bundle is as good.
	config '.linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}]
		| .linux.gidMappings = .linux.uidMappings'
	elsewhere -5 run --detach --bundle "$B" "$C" >/dev/null </dev/null
	wait_for marker
	status_is running
	try rl delete "$C"
	refused "cannot delete container $C that is not stopped"
	rl delete --force "$C"
}
