#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Programs for the container's shell and for jq; output, stderr: of helpers' `try`
# shellcheck disable=SC2016,SC2154
# Whole seccomp profiles, as engines ship them and make them fit a container: every system call of
# the machine returns what the profile says. What that is, is computed from the profile
# (profiles.jq).

load helpers
load profiles

debians=/usr/share/containers/seccomp.json

setup() {
	[ -r "$debians" ] || skip "needs the package golang-github-containers-common"
	container_setup
	cp "$testguest" "$B/rootfs/bin"
}

teardown() {
	[ -z "${agent_pid:-}" ] || kill -KILL "$agent_pid" 2>/dev/null || true
	container_teardown
}

@test "Debian's profile, with an engine's ordinary capabilities" {
	profile_apply "$debians" "$ordinary_caps"
	profile_holds
	inside 'echo b a | tr " " "\n" | sort | head -n 1; cd /tmp && mkdir x && mv x y &&
		rmdir y && ls; sleep 0'
	equal "$output" a
}

@test "Debian's profile, without any capability and as another user" {
	config '.process.user = {uid: 1000, gid: 1000}'
	profile_apply "$debians" '[]'
	profile_holds
}

@test "Debian's profile, with all capabilities that it knows" {
	profile_apply "$debians" "$(all_caps "$debians")"
	profile_holds
}

@test "a profile that denies by default, with masks of flags, kernels and machines in its rules" {
	local caps
	cat >"$T/profile.json" <<'END'
{
	"defaultAction": "SCMP_ACT_ERRNO",
	"defaultErrnoRet": 1,
	"archMap": [
		{ "architecture": "SCMP_ARCH_X86_64", "subArchitectures": [ "SCMP_ARCH_X86",
			"SCMP_ARCH_X32" ] },
		{ "architecture": "SCMP_ARCH_AARCH64", "subArchitectures": [ "SCMP_ARCH_ARM" ] }
	],
	"syscalls": [
		{ "action": "SCMP_ACT_ALLOW", "names": [ "execve", "brk", "arch_prctl",
			"set_tid_address", "set_robust_list", "rseq",
			"prlimit64", "readlink", "readlinkat", "getrandom", "mprotect", "mmap",
				"munmap", "fstat", "newfstatat", "write",
			"openat", "read", "close", "wait4", "gettid", "rt_sigprocmask", "exit",
				"exit_group", "getppid", "umask", "futex" ] },
		{ "action": "SCMP_ACT_ALLOW", "names": [ "ptrace" ],
			"includes": { "minKernel": "4.8" } },
		{ "action": "SCMP_ACT_ALLOW", "names": [ "memfd_create" ],
			"includes": { "minKernel": "99.0" } },
		{ "action": "SCMP_ACT_ALLOW", "names": [ "mkdirat" ],
			"includes": { "arches": [ "s390", "s390x" ] } },
		{ "action": "SCMP_ACT_ALLOW", "names": [ "prctl" ],
			"excludes": { "arches": [ "s390", "s390x" ] } },
		{ "action": "SCMP_ACT_ALLOW", "names": [ "socket" ],
			"args": [ { "index": 0, "value": 40, "op": "SCMP_CMP_NE" } ] },
		{ "action": "SCMP_ACT_ALLOW", "names": [ "personality" ],
			"args": [ { "index": 0, "value": 8, "op": "SCMP_CMP_EQ" } ] },
		{ "action": "SCMP_ACT_ALLOW", "names": [ "personality" ],
			"args": [ { "index": 0, "value": 4294967295, "op": "SCMP_CMP_EQ" } ] },
		{ "action": "SCMP_ACT_ALLOW", "names": [ "bpf", "clone", "clone3", "mount", "setns",
			"unshare" ],
			"includes": { "caps": [ "CAP_SYS_ADMIN" ] } },
		{ "action": "SCMP_ACT_ALLOW", "names": [ "bpf" ],
			"includes": { "caps": [ "CAP_BPF" ] } },
		{ "action": "SCMP_ACT_ALLOW", "names": [ "clone" ],
			"args": [ { "index": 0, "value": 2114060288, "op": "SCMP_CMP_MASKED_EQ" } ],
			"excludes": { "caps": [ "CAP_SYS_ADMIN" ],
				"arches": [ "s390", "s390x" ] } },
		{ "action": "SCMP_ACT_ERRNO", "errnoRet": 38, "names": [ "clone3" ],
			"excludes": { "caps": [ "CAP_SYS_ADMIN" ] } },
		{ "action": "SCMP_ACT_ERRNO", "errnoRet": 95, "names": [ "keyctl" ] }
	]
}
END
	for caps in "$ordinary_caps" '["CAP_BPF"]' '["CAP_SYS_ADMIN"]'; do
		profile_apply "$T/profile.json" "$caps"
		# The other way would need what the runtime does between the filter and the program.
		profile_holds true
	done
	# The rules that are meant to tell these apart have done it.
	profile_apply "$T/profile.json" "$ordinary_caps"
	printf '%s\n' 'clone 268435968 0 0 0 0' 'clone 2048 0 0 0 0' 'clone3 0 0' 'keyctl 99 0 0' \
		'socket 40 1 0' >"$T/calls"
	answers "$T/calls"
	equal "$(cut -d: -f2 <<<"$output" | paste -sd,)" ' -1, -22, -38, -95, -1'
}

@test "an agent is asked on top of a profile, and the rest of the profile holds" {
	local nnp
	profile_apply "$debians" "$ordinary_caps"
	config '.linux.seccomp.syscalls |= [{names: ["mkdirat"], action: "SCMP_ACT_NOTIFY"},
			{names: ["personality"], action: "SCMP_ACT_NOTIFY", args: [{index: 0,
			value: 1, op: "SCMP_CMP_EQ"}]}] +
			map(.names -= ["mkdirat"])
		| .linux.seccomp.listenerPath = $s' --arg s "$T/agent.sock"
	profile_calls
	for nnp in false true; do
		config '.process.noNewPrivileges = $n' --argjson n $nnp
		"$testguest" agent "$T/agent.sock" "$T/agent.json" 95 >"$T/agent.out" 3>&- &
		agent_pid=$!
		wait_for test -S "$T/agent.sock"
		by_the_profile "$T/calls"
		wait "$agent_pid"
		agent_pid=
		equal "$(wc -l <"$T/agent.out")" 2
		rm "$T/agent.sock"
	done
	equal "$(grep -cE '^(mkdirat|personality 1) .*: -95$' "$T/expected")" 2
}
