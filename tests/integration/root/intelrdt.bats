#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Programs for the container's shell and for jq; output, stderr: of helpers' `try`
# shellcheck disable=SC2016,SC2154,SC2153
# linux.intelRdt as root: the group is entered by the container's process, and what was made for it
# goes with it.
#
# Where the machine has no resctrl, rootlet is shown a tree that looks like it, by a mountinfo that
# is covered in a mount namespace of the test's own; a hook plays the kernel's part and fills a new
# folder with its files.

load ../helpers

setup() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	container_setup --rootless=false
	F=$T/resctrl
	mkdir -p "$F/info" "$F/mon_groups"
	: >"$F/tasks"
	echo "35 24 0:30 / $F rw,relatime - resctrl resctrl rw" >"$T/mountinfo"
}

# rdt_run COMMAND...: rootlet in that world. The file is bound over that of the process that
# executes rootlet next.
rdt_run() {
	try unshare --mount sh -ec '
		mount --bind "$0" /proc/$$/mountinfo
		exec "$@"' "$T/mountinfo" env "ROOTLET_TEST=$C" "$ROOTLET" --root "$T/state" "$@" \
			3>&-
}

@test "a class that is there: the container's process is written into its tasks" {
	mkdir -p "$F/gold"
	: >"$F/gold/tasks"
	config '.linux.intelRdt = {closID: "gold"}'
	script 'sleep 100'
	rdt_run create --bundle "$B" "$C"
	equal "$status$stderr" 0
	equal "$(cat "$F/gold/tasks")" "$(pid_of)"
	rl delete --force "$C"
	[ -d "$F/gold" ]
	config '.linux.intelRdt.closID = "silver"'
	rdt_run create --bundle "$B" "$C"
	refused "/linux/intelRdt/closID" silver "must have been made before"
}

@test "monitoring: a group of the container's own, removed by delete and at the end of run" {
	config '.linux.intelRdt = {closID: "/", enableMonitoring: true}'
	config '.hooks.createRuntime = [{path: "/usr/bin/touch", args: ["touch", $f]}]' --arg f \
		"$F/mon_groups/$C/tasks"
	script 'sleep 100'
	rdt_run create --bundle "$B" "$C"
	equal "$status$stderr" 0
	equal "$(cat "$F/tasks")" "$(pid_of)"
	equal "$(cat "$F/mon_groups/$C/tasks")" "$(pid_of)"
	# The kernel's files go with their folder.
	rm "$F/mon_groups/$C/tasks"
	rl delete --force "$C"
	[ ! -e "$F/mon_groups/$C" ]
	bundle_args true
	mkdir "$F/mon_groups/$C"
	rdt_run run --bundle "$B" "$C"
	refused "making the monitoring group $F/mon_groups/$C" rmdir
}
