#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Programs for the container's shell and for jq; output, stderr: of helpers' `try`
# shellcheck disable=SC2016,SC2154
# crun's annotations: what the process inside sees of them.

load helpers

setup() {
	container_setup
	cp "$ROOTLET_BUILDDIR/tests/guest/testguest" "$B/rootfs/bin"
}

teardown() {
	if [ -n "${agent_pid:-}" ]; then
		kill -KILL "$agent_pid" 2>/dev/null || true
	fi
	container_teardown
}

# annotate KEY VALUE
annotate() {
	config '.annotations[$k] = $v' --arg k "$1" --arg v "$2"
}

# ---------------------------------------------------------------- groups

@test "keep_original_groups: the caller's groups stay, and count for the host's files" {
	local own
	own=$(grep ^Groups: /proc/self/status | tr -d ' ')
	[ "$own" != $'Groups:\t' ] || skip "this user has no supplementary group"
	inside 'grep ^Groups: /proc/self/status | tr -d " "'
	equal "$output" $'Groups:\t'
	annotate run.oci.keep_original_groups 1
	inside 'grep ^Groups: /proc/self/status | wc -w; id -G'
	equal "${output%%$'\n'*}" "$(grep ^Groups: /proc/self/status | wc -w)"
	# By their own numbers, as the host sees them.
	script 'sleep 100'
	rl run --detach --bundle "$B" "$C" >/dev/null </dev/null
	equal "$(grep ^Groups: "/proc/$(pid_of)/status" | tr -d ' ')" "$own"
	rl delete --force "$C"
	annotate run.oci.keep_original_groups 0
	inside 'grep ^Groups: /proc/self/status | tr -d " "'
	equal "$output" $'Groups:\t'
}

@test "keep_original_groups: additionalGids are left out with a line" {
	annotate run.oci.keep_original_groups true
	config '.process.user.additionalGids = [7]'
	script 'grep -w 7 /proc/self/status | grep ^Groups; true'
	try rl run --bundle "$B" "$C"
	equal "$status$output" 0
	has "$stderr" "/process/user/additionalGids: no group is added"
}

# ---------------------------------------------------------------- a ready-made filter

# bpf ACTION: base64 of a filter that answers getppid so (a number, seccomp(2)) and lets everything
# else happen.
bpf() {
	local number
	case $(uname -m) in
	x86_64) number=110 ;;
	*) number=173 ;;
	esac
	{
		insn 0x20 0 0 0
		insn 0x15 0 1 "$number"
		insn 0x06 0 0 "$1"
		insn 0x06 0 0 0x7fff0000
	} | base64 -w 0
}

# insn CODE JT JF K: a struct sock_filter of a little-endian machine.
insn() {
	# shellcheck disable=SC2059 # bytes
	printf "$(printf '\\x%02x' $(($1 & 255)) $(($1 >> 8)) "$2" "$3" $(($4 & 255)) \
		$(($4 >> 8 & 255)) $(($4 >> 16 & 255)) $(($4 >> 24 & 255)))"
}

@test "seccomp_bpf_data: is loaded in place of the profile, in both ways" {
	local privileges
	annotate run.oci.seccomp_bpf_data "$(bpf 0x0005005f)"
	bundle_args testguest syscall getppid
	for privileges in true false; do
		config ".process.noNewPrivileges = $privileges | del(.linux.seccomp)"
		try rl run --bundle "$B" "$C"
		equal "$status$stderr$output" 0EOPNOTSUPP
		config '.linux.seccomp = {defaultAction: "SCMP_ACT_KILL"}'
		try rl run --bundle "$B" "$C"
		equal "$status$stderr$output" 0EOPNOTSUPP
	done
}

@test "seccomp_bpf_data: what is no filter is refused" {
	local data part
	while read -r data part; do
		annotate run.oci.seccomp_bpf_data "$data"
		try rl run --bundle "$B" "$C"
		refused "$part"
	done <<END
AAAAAAAAAA run.oci.seccomp_bpf_data: not base64
MTIzNDU2Nzg5 run.oci.seccomp_bpf_data: 9 bytes are no whole number
MTIzNDU2Nzg= /linux/seccomp: loading the filter: Invalid argument
$(head -c 32776 /dev/zero | base64 -w 0) bpf_data: the filter has more than 4096 instructions
END
}

# agent CODE: starts one at T/agent.sock.
agent() {
	rm -f "$T/agent.sock" "$T/agent.json"
	"$ROOTLET_BUILDDIR/tests/guest/testguest" agent "$T/agent.sock" "$T/agent.json" "$1" \
		>"$T/agent.out" 3>&- &
	agent_pid=$!
	wait_for test -S "$T/agent.sock"
}

@test "the listener's address: from the environment, where neither annotation nor profile has one" {
	bundle_args testguest syscall getppid
	agent 95
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["getppid"],
		action: "SCMP_ACT_NOTIFY"}]}'
	export RUN_OCI_SECCOMP_RECEIVER=$T/agent.sock
	try rl run --bundle "$B" "$C"
	equal "$status$stderr$output" 0EOPNOTSUPP
	wait "$agent_pid"
	agent 38
	# A ready-made filter may ask for a listener too.
	annotate run.oci.seccomp_bpf_data "$(bpf 0x7fc00000)"
	try rl run --bundle "$B" "$C"
	equal "$status$stderr$output" 0ENOSYS
	wait "$agent_pid"
	agent_pid=
	equal "$(jq -r .state.id "$T/agent.json")" "$C"
	unset RUN_OCI_SECCOMP_RECEIVER
	try rl run --bundle "$B" "$C"
	refused /linux/seccomp/listenerPath
}

# ---------------------------------------------------------------- handlers

@test "handler: wasm, krun and others are refused by their names" {
	local handler
	for handler in wasm krun something; do
		annotate run.oci.handler "$handler"
		try rl run --bundle "$B" "$C"
		refused "run.oci.handler: there is no handler \`$handler\`"
	done
	annotate run.oci.handler ""
	inside 'echo fine'
	equal "$output" fine
}
