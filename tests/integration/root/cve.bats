#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # of helpers
#
# What went wrong in other runtimes must not go wrong here: the tests of ../cve.bats, by root and
# without a user namespace, where only what rootlet does stands between a container and the host.

load ../helpers
load ../net_helpers
load ../cve
load ../cve_tree
load ../cve_process

setup() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	cve_setup --rootless=false
}

teardown() {
	cve_teardown
}

@test "root: a tree whose folders are links to anywhere never reaches the host" {
	cve_links_lead_nowhere
}

@test "root: CVE-2026-41579 and kin: links in the devices' places never reach the host" {
	cve_links_of_devices
}

@test "root: CVE-2025-52565: /dev/console as a link, a folder, a FIFO" {
	cve_console
}

@test "root: a /dev/pts/ptmx of the tree that is none is not even opened" {
	cve_multiplexer
}

@test "root: CVE-2025-24965: what is made in the tree is not made through its links" {
	cve_made_files
}

@test "root: tmpcopyup copies links as links, and waits for nothing" {
	cve_copy_up
}

@test "root: CVE-2019-16884, CVE-2019-19921: sysctls go to the kernel, not to a false /proc" {
	cve_sysctls_false_proc
}

@test "root: CVE-2023-27561, CVE-2023-28642: proc and sysfs go on real directories only" {
	cve_real_folders
}

@test "root: CVE-2025-52881: a /proc with foreign files is not written to" {
	cve_foreign_proc
}

@test "root: CVE-2024-9676: an /etc/passwd that never ends keeps nobody waiting" {
	cve_passwd
}

@test "root: CVE-2021-30465, CVE-2024-45310: mounts below a folder that is exchanged with a link" {
	cve_race_mounts
}

@test "root: CVE-2025-31133, CVE-2025-52565: masks and devices while folders are exchanged" {
	cve_race_masks
}

@test "root: CVE-2025-31133: /dev/null is exchanged with a link while files are masked" {
	cve_race_null
}

@test "root: CVE-2019-19921, CVE-2023-27561: /proc, /sys and the way to the cwd are exchanged" {
	cve_race_proc
}

@test "root: CVE-2019-5736: the runtime's own file is not written to by what it runs" {
	cve_runtime_file
}

@test "root: CVE-2022-27650, CVE-2022-29162: nothing is inheritable, of run and of exec" {
	cve_inheritable
}

@test "root: CVE-2023-25809: without a cgroup namespace no hierarchy is writable" {
	cve_cgroup_mount
}

@test "root: CVE-2024-21626: no working directory outside the root, no descriptor" {
	cve_cwd
}

@test "root: CVE-2026-30892: ids are strict numbers" {
	cve_strict_ids
}

@test "root: CVE-2017-5226: no input for the caller's terminal" {
	cve_terminal_input
}

@test "root: CVE-2020-15257: no abstract socket of ours" {
	cve_abstract_sockets
}

@test "root: CVE-2021-20199: a client by a published port is not 127.0.0.1" {
	cve_client_address
}

@test "root: CVE-2022-0811: a sysctl is one, and the container's" {
	cve_sysctl_names
}

@test "root: CVE-2022-2989, CVE-2023-25173: the groups that were asked for, and no others" {
	cve_groups
}

@test "root: CVE-2024-25621: the state is the user's alone, by any umask" {
	cve_state_modes
}

@test "root: names below its own cgroup don't lead out of it (crun)" {
	cve_subgroup
}
