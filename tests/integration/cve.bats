#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Programs for the container's shell and for jq; output, stderr: of helpers' `try`
# shellcheck disable=SC2016,SC2154,SC2030,SC2031
#
# What went wrong in other runtimes must not go wrong here. Each test was once run against a rootlet
# without its guard; what was taken out, and what the test then said, stands before it ("Tried: …").
#
#   2016-9962                      here: a joined user namespace, and exec
#   2017-5226                      here: no input for the caller's terminal
#   2019-5736                      here, and self.bats
#   2019-16884 2019-19921 2025-52881
#                                  here: sysctls go to the kernel
#   2020-15257                     here: no abstract socket
#   2021-20199                     here, and net_addresses.bats: the client's address
#   2021-30465 2024-45310 2025-31133
#                                  here: against a process that exchanges names
#   2021-43784                     tests/unit/test_wire.c: lengths, descriptors and turns; what is
#                                  sent, and by whom, is the same for root
#   2022-0811                      here: a sysctl is one, and the container's
#   2022-2989 2023-25173           here: groups
#   2022-27650 2022-29162          here, process.bats and exec.bats: nothing inheritable
#   2023-25809                     here, and mounts.bats: the cgroup mount
#   2023-27561 2023-28642          here, and bad_input.bats: proc and sysfs go on real directories
#   2024-8676                      root/checkpoint.bats: what is mounted is the bundle's, and not
#                                  what the images say
#   2024-9676                      here: an /etc/passwd that never ends, or is a link
#   2024-21626                     here, process.bats and exec.bats: no working directory outside
#                                  the root, no descriptor inherited
#   2024-25621                     here: the state is the user's alone
#   2025-24965                     here: files made in the tree
#   2025-52565                     here: the terminal's places
#   2026-30892                     here, and exec.bats: ids are strict numbers
#   2026-41579 2026-47766 2026-88264 2026-88265
#                                  here, devices.bats, and root/devices.bats: links everywhere
#
# "Here" is root/cve.bats too, which does the same by root and without a user namespace.

load helpers
load net_helpers
load cve
load cve_tree
load cve_process

setup() {
	cve_setup
}

teardown() {
	cve_teardown
}

@test "a tree whose folders are links to anywhere never reaches the host" {
	cve_links_lead_nowhere
}

@test "CVE-2026-41579 and kin: no mounts on /dev, links in the devices' places stay inside" {
	cve_links_of_devices
}

@test "CVE-2025-52565: /dev/console as a link, a folder, a FIFO" {
	cve_console
}

@test "a /dev/pts/ptmx of the tree that is none is not even opened" {
	cve_multiplexer
}

@test "CVE-2025-24965: what is made in the tree is not made through its links" {
	cve_made_files
}

@test "tmpcopyup copies links as links, and waits for nothing" {
	cve_copy_up
}

@test "CVE-2019-16884, CVE-2019-19921: sysctls go to the kernel, not to a false /proc" {
	cve_sysctls_false_proc
}

@test "CVE-2023-27561, CVE-2023-28642: proc and sysfs go on real directories only" {
	cve_real_folders
}

@test "CVE-2025-52881: a /proc that is not the kernel's, or has foreign files, is not written to" {
	cve_foreign_proc
}

@test "CVE-2024-9676: an /etc/passwd that never ends keeps nobody waiting" {
	cve_passwd
}

@test "CVE-2021-30465, CVE-2024-45310: mounts below a folder that is exchanged with a link" {
	cve_race_mounts
}

@test "CVE-2025-31133, CVE-2025-52565: masks and devices while the folders are exchanged" {
	cve_race_masks
}

@test "CVE-2025-31133: /dev/null is exchanged with a link while files are masked" {
	cve_race_null
}

@test "CVE-2019-19921, CVE-2023-27561: /proc, /sys and the way to the cwd are exchanged" {
	cve_race_proc
}

@test "CVE-2019-5736: the runtime's own file is not written to by what it runs" {
	cve_runtime_file
}

@test "CVE-2022-27650, CVE-2022-29162: nothing is inheritable, of run and of exec" {
	cve_inheritable
}

@test "CVE-2023-25809: without a cgroup namespace no hierarchy is writable" {
	cve_cgroup_mount
}

@test "CVE-2024-21626: no working directory outside the root, no descriptor" {
	cve_cwd
}

@test "CVE-2026-30892: ids are strict numbers" {
	cve_strict_ids
}

@test "CVE-2017-5226: no input for the caller's terminal" {
	cve_terminal_input
}

@test "CVE-2020-15257: no abstract socket of ours" {
	cve_abstract_sockets
}

@test "CVE-2021-20199: a client by a published port is not 127.0.0.1" {
	cve_client_address
}

@test "CVE-2022-0811: a sysctl is one, and the container's" {
	cve_sysctl_names
}

@test "CVE-2022-2989, CVE-2023-25173: the groups that were asked for, and no others" {
	cve_groups
}

@test "CVE-2024-25621: the state is the user's alone, by any umask" {
	cve_state_modes
}

@test "names below its own cgroup don't lead out of it (crun)" {
	cve_subgroup
}

# ---------------------------------------------------------------- what may be seen of the set-up

# Tried: PR_SET_DUMPABLE taken out of join_guarded: the set-up's answer was "ok".
@test "CVE-2016-9962: who may trace in a joined user namespace can't trace a newcomer's set-up" {
	local pid answer
	config '.process.capabilities |= map_values(. + ["CAP_SYS_PTRACE", "CAP_SYS_ADMIN"])'
	script 'until [ -e /srv/go ]; do usleep 20000; done
		for p in /proc/[0-9]*; do
			[ "$(cat $p/comm)" != rootlet ] ||
			echo "setup $(testguest try ptrace ${p#/proc/})"
		done
		sleep 60 & testguest try ptrace $!; kill $!; touch /srv/done; sleep 60'
	rl run --detach --bundle "$B" "$C" >"$T/out"
	pid=$(pid_of)
	config 'del(.hostname) | .mounts |= map(select(.type != "sysfs" and .type != "cgroup")) |
		.process.args = ["true"]
		| (.linux.namespaces[] | select(.type == "user" or .type == "pid")) |= . +
		{path: "/proc/\($p)/ns/\(.type)"}
		| .annotations["org.rootlet.hooks.shared"] = "1"
		| .hooks.createContainer = [{path: "/bin/sh", args: ["sh", "-c", $hook]}]' --arg p \
			"$pid" --arg hook \
		"touch $B/rootfs/srv/go; until [ -e $B/rootfs/srv/done ]; do sleep 0.02; done"
	# Before the pivot, in the hook: nothing of the set-up can be had.
	try rl run --bundle "$B" "$C-2"
	equal "$status$stderr" 0
	answer=$(cat "$T/out")
	rl delete --force "$C"
	# It did see it, and it may trace what is its own.
	equal "$answer" $'setup EPERM\nok'
}

# Tried: the process made dumpable again after guest_enter's join: some could have been. (prctl
# taken out alone shows
# nothing: whoever gains capabilities by setns is not dumpable, unless fs.suid_dumpable is 1.)
@test "CVE-2016-9962, by exec: who may trace in the container can't trace what comes in" {
	local i
	config '.process.capabilities |= map_values(. + ["CAP_SYS_PTRACE"])'
	script 'testguest stalk rootlet /srv/stop; sleep 60'
	rl run --detach --bundle "$B" "$C" >"$T/out"
	for ((i = 0; i < 30; i++)); do
		rl exec "$C" true
	done
	touch "$B/rootfs/srv/stop"
	wait_for test -s "$T/out"
	read -r _ met _ open <"$T/out"
	rl delete --force "$C"
	[ "$met" -gt 0 ]
	equal "$open" 0
}
