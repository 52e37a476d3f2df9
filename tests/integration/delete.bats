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
