#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Programs for the container's shell and for jq; output, stderr: of helpers' `try`
# shellcheck disable=SC2016,SC2154,SC2030,SC2031
# Seccomp: what a filter's actions, conditions and flags do to the calls of the container, and the
# agents that listen.

load helpers

# Kill by SIGSYS, as run's exit status.
sigsys=159

# What a static busybox needs from its execve to its exit, on any machine.
needs='["execve", "brk", "arch_prctl", "set_tid_address", "set_robust_list", "rseq", "prlimit64", '\
'"readlink", "readlinkat",
	"getrandom", "mprotect", "mmap", "munmap", "uname", "getuid", "geteuid", "getgid", '\
'"getegid", "setuid", "setgid", "fstat", "newfstatat", "write",
	"writev", "ioctl", "rt_sigaction", "rt_sigprocmask", "prctl", "exit", "exit_group"]'

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

# filter JQ-OBJECT: the profile, over a default that allows.
filter() {
	config ".linux.seccomp = ({defaultAction: \"SCMP_ACT_ALLOW\"} + $1)"
}

# rule NAME ACTION [MORE]: a profile of one rule. MORE is ", key: value" of it.
rule() {
	filter "{syscalls: [{names: [\"$1\"], action: \"SCMP_ACT_$2\"${3:-}}]}"
}

privileges() {
	config '.process.noNewPrivileges = ($n == "yes")' --arg n "$1"
}

# says COMMAND... -- TEXT: the container's program prints exactly that and ends well.
says() {
	local -a command=()
	while [ "$1" != -- ]; do
		command+=("$1")
		shift
	done
	bundle_args "${command[@]}"
	try rl run --bundle "$B" "$C"
	equal "$status$stderr" 0
	equal "$output" "$2"
}

# killed COMMAND...
killed() {
	bundle_args "$@"
	try rl run --bundle "$B" "$C"
	equal "$status" "$sigsys"
	equal "$output" ""
}

# Each with the filter loaded before the capabilities go, and as the last thing before execve.
both_ways() {
	privileges no
	"$@"
	privileges yes
	"$@"
}

# ---------------------------------------------------------------- actions

@test "a filter is there, in both ways of loading it, and none without a profile" {
	both_ways says grep Seccomp: /proc/self/status -- $'Seccomp:\t0'
	rule getppid ERRNO
	both_ways says grep Seccomp: /proc/self/status -- $'Seccomp:\t2'
	filter '{}'
	both_ways says grep Seccomp: /proc/self/status -- $'Seccomp:\t2'
}

@test "ERRNO: EPERM, or what errnoRet says" {
	rule getppid ERRNO
	both_ways says testguest syscall getppid -- EPERM
	rule getppid ERRNO ', errnoRet: 95'
	both_ways says testguest syscall getppid -- EOPNOTSUPP
	rule getppid ERRNO ', errnoRet: 0'
	says testguest syscall getppid -- 0
	says testguest syscall umask 18 -- 18
}

@test "KILL, KILL_THREAD, KILL_PROCESS and TRAP end the program by SIGSYS" {
	local action
	for action in KILL KILL_THREAD KILL_PROCESS TRAP; do
		rule getppid "$action"
		both_ways killed testguest syscall getppid
	done
	# Of another process than the first.
	rule mkdir KILL_PROCESS
	config '.linux.seccomp.syscalls[0].names += ["mkdirat"]'
	inside 'mkdir /tmp/x; echo $?; [ -e /tmp/x ] || echo none'
	equal "$output" "$sigsys"$'\nnone'
}

@test "LOG lets the call happen, TRACE without a tracer does not" {
	rule getppid LOG
	both_ways says testguest syscall getppid -- 0
	rule getppid TRACE ', errnoRet: 7'
	both_ways says testguest syscall getppid -- ENOSYS
	rule getppid ALLOW
	both_ways says testguest syscall getppid -- 0
}

@test "a default that denies, and a list of what is allowed" {
	privileges yes
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ERRNO", syscalls: [{names: $n,
		action: "SCMP_ACT_ALLOW"}]}' \
		--argjson n "$needs"
	says echo fine -- fine
	says testguest syscall getppid -- EPERM
	config '.linux.seccomp.defaultErrnoRet = 38'
	says testguest syscall getppid -- ENOSYS
	config '.linux.seccomp.syscalls += [{names: ["getppid"], action: "SCMP_ACT_ERRNO",
		errnoRet: 13}]'
	says testguest syscall getppid -- EACCES
	says testguest syscall umask 0 -- ENOSYS
}

@test "with noNewPrivileges a profile has to allow nothing of the runtime's own" {
	privileges yes
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_KILL_PROCESS", syscalls: [{names: $n,
		action: "SCMP_ACT_ALLOW"}]}
		| .process.user = {uid: 1000, gid: 1000, additionalGids: [5]} |
		.process.capabilities.ambient = []' --argjson n "$needs"
	says echo fine -- fine
	killed testguest syscall getppid
	# Without them it has to, and who wrote it is told.
	privileges no
	try rl run --bundle "$B" "$C"
	refused "/linux/seccomp may forbid" /process/noNewPrivileges
	config '.linux.seccomp.defaultAction = "SCMP_ACT_ERRNO"'
	try rl run --bundle "$B" "$C"
	refused "/linux/seccomp may forbid" /process/noNewPrivileges
	privileges yes
	config '.linux.seccomp.defaultAction = "SCMP_ACT_KILL_PROCESS"'
	bundle_args echo later
	rl create --bundle "$B" "$C" >"$T/out"
	rl start "$C"
	wait_for status_is stopped
	rl delete "$C"
	equal "$(<"$T/out")" later
}

@test "a profile need not allow what looks for the working directory and the program" {
	local code
	privileges no
	config '.process.user = {uid: 1000, gid: 1000} | .process.cwd = "/tmp"'
	for code in 1 38; do
		filter '{syscalls: [{names: ["faccessat2", "faccessat", "access", "stat", "lstat",
			"newfstatat", "statx", "getcwd", "chdir", "capget", "open", "openat",
			"openat2", "readlinkat", "fchown"], action: "SCMP_ACT_ERRNO",
			errnoRet: '"$code"'}]}'
		says echo fine -- fine
		bundle_args sleep 1000
		rl run --detach --bundle "$B" "$C"
		try rl exec "$C" echo fine
		equal "$status$output$stderr" 0fine
		rl delete --force "$C"
	done
}

# forbidden CALL VERB...: with that call forbidden the command works, or its error names the call.
forbidden() {
	local call=$1 code
	shift
	for code in 1 38; do
		rule "$call" ERRNO ", errnoRet: $code"
		try "$@"
		[[ $status$output == 0*fine* ]] || has "$stderr" "$call"
	done
}

created() {
	rl create --bundle "$B" "$C" >"$T/out" 2>"$T/err" && rl start "$C" &&
		wait_for status_is stopped
	cat "$T/out"
	cat "$T/err" >&2
	rl delete --force "$C"
}

@test "a call of the set-up's that the profile forbids: the container runs, or the error names it" {
	local call
	privileges no
	bundle_args echo fine
	for call in capset prctl sendmsg recvmsg close close_range execve fcntl munmap; do
		forbidden "$call" rl run --bundle "$B" "$C"
	done
	for call in capset prctl sendmsg recvmsg close accept4 accept execve madvise; do
		forbidden "$call" created
	done
}

@test "the same for exec" {
	local call
	privileges no
	bundle_args sleep 1000
	for call in capset prctl sendmsg close close_range madvise mmap munmap clone wait4 fcntl \
		setsid rt_sigprocmask dl_iterate_phdr; do
		rule "$call" ERRNO
		try rl run --detach --bundle "$B" "$C"
		[ "$status" -eq 0 ] || {
			has "$stderr" "$call"
			continue
		}
		try rl exec "$C" echo fine
		[ "$status$output" = 0fine ] || has "$stderr" "$call"
		rl delete --force "$C"
	done
}

@test "the same for startContainer hooks" {
	local call
	privileges no
	bundle_args echo fine
	config '.hooks.startContainer = [{path: "/bin/sh", args: ["sh", "-c", "echo >/tmp/hook"]}]'
	for call in clone clone3 vfork fork wait4 waitid pipe2 poll ppoll dup2 dup3 socketpair \
		rt_sigprocmask rt_sigaction setpgid kill pidfd_open pidfd_send_signal \
		clock_gettime mmap munmap memfd_create openat close_range; do
		rm -f "$B/rootfs/tmp/hook"
		rule "$call" ERRNO
		try rl run --bundle "$B" "$C"
		if [ "$status" -eq 0 ]; then
			[ -e "$B/rootfs/tmp/hook" ] || fail "$call: no hook was run"
		else
			has "$stderr" "$call"
		fi
	done
}

# ---------------------------------------------------------------- conditions

# conditions ARGS VALUE=ANSWER...: of personality(2) under a rule with these conditions; + happens,
# - is denied.
conditions() {
	local case text='' expected=''
	rule personality ERRNO ", errnoRet: 95, args: [$1]"
	shift
	for case in "$@"; do
		text+="testguest syscall personality ${case%=*} | sed 's/^[0-9].*/+/; \
s/EOPNOTSUPP/-/';"
		expected+=${case#*=}
	done
	inside "$text"
	equal "$(tr -d '\n' <<<"$output")" "$expected"
}

@test "the seven operators" {
	conditions '{index: 0, value: 8, op: "SCMP_CMP_EQ"}' 7=+ 8=- 9=+
	conditions '{index: 0, value: 8, op: "SCMP_CMP_NE"}' 7=- 8=+ 9=-
	conditions '{index: 0, value: 8, op: "SCMP_CMP_LT"}' 7=- 8=+ 9=+
	conditions '{index: 0, value: 8, op: "SCMP_CMP_LE"}' 7=- 8=- 9=+
	conditions '{index: 0, value: 8, op: "SCMP_CMP_GE"}' 7=+ 8=- 9=-
	conditions '{index: 0, value: 8, op: "SCMP_CMP_GT"}' 7=+ 8=+ 9=-
	# value is the mask, valueTwo what it must leave.
	conditions '{index: 0, value: 12, valueTwo: 4, op: "SCMP_CMP_MASKED_EQ"}' 4=- 7=- 8=+ 12=+
}

@test "conditions on several arguments must all hold, on one argument any" {
	conditions \
		'{index: 0, value: 7, op: "SCMP_CMP_EQ"}, {index: 0, value: 9, op: "SCMP_CMP_EQ"}' \
		7=- 8=+ 9=-
	rule socket ERRNO \
		', errnoRet: 95, args: [{index: 0, value: 2, op: "SCMP_CMP_EQ"}, {index: 1, '\
'value: 2, op: "SCMP_CMP_EQ"}]'
	inside 'testguest syscall socket 2 2 0; testguest syscall socket 2 1 0 |
		sed "s/[0-9].*/open/"
		testguest syscall socket 1 2 0 | sed "s/[0-9].*/open/"'
	equal "$output" $'EOPNOTSUPP\nopen\nopen'
}

@test "all the bits of an argument count" {
	# getppid takes none, so any will do.
	rule getppid ERRNO ', args: [{index: 5, value: 9007199254740992, op: "SCMP_CMP_EQ"}]'
	says testguest syscall getppid 0 0 0 0 0 9007199254740992 -- EPERM
	says testguest syscall getppid 0 0 0 0 0 9007199254740993 -- 0
	says testguest syscall getppid 0 0 0 0 0 0 -- 0
	rule getppid ERRNO ', args: [{index: 5, value: 4294967296, op: "SCMP_CMP_GE"}]'
	says testguest syscall getppid 0 0 0 0 0 4294967296 -- EPERM
	says testguest syscall getppid 0 0 0 0 0 4294967295 -- 0
}

# ---------------------------------------------------------------- architectures, flags, names

@test "architectures of other machines, and those younger than the library, do no harm" {
	rule getppid ERRNO
	config '.linux.seccomp.architectures = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86",
		"SCMP_ARCH_X32", "SCMP_ARCH_ARM",
		"SCMP_ARCH_AARCH64", "SCMP_ARCH_S390X", "SCMP_ARCH_RISCV64",
		"SCMP_ARCH_LOONGARCH64", "SCMP_ARCH_M68K", "SCMP_ARCH_SH"]'
	both_ways says testguest syscall getppid -- EPERM
	config '.linux.seccomp.architectures = ["SCMP_ARCH_NOSUCH"]'
	try rl run --bundle "$B" "$C"
	refused /linux/seccomp/architectures/0 SCMP_ARCH_NOSUCH
}

@test "32-bit calls: under the filter where their architecture is listed, else killed" {
	bundle_args testguest call32
	try rl run --bundle "$B" "$C"
	if [ "$status$output" != 0ok ]; then
		# No such calls on this machine: nothing to get around the filter with.
		return 0
	fi
	rule getppid ERRNO
	config '.linux.seccomp.architectures = ["SCMP_ARCH_X86_64"]'
	killed testguest call32
	config '.linux.seccomp.architectures += ["SCMP_ARCH_X86"]'
	says testguest call32 -- ok
	config '.linux.seccomp.syscalls[0] += {names: ["getpid"], errnoRet: 95}'
	bundle_args testguest call32
	try rl run --bundle "$B" "$C"
	equal "$output" EOPNOTSUPP
}

@test "flags" {
	local flag
	rule getppid ERRNO
	for flag in LOG SPEC_ALLOW TSYNC; do
		config '.linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_" + $f]' --arg f "$flag"
		both_ways says testguest syscall getppid -- EPERM
	done
	config '.linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_LOG",
		"SECCOMP_FILTER_FLAG_SPEC_ALLOW"]'
	both_ways says testguest syscall getppid -- EPERM
	config '.linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_NOSUCH"]'
	try rl run --bundle "$B" "$C"
	refused /linux/seccomp/flags SECCOMP_FILTER_FLAG_NOSUCH
}

@test "unknown system calls: passed over, or refused where that is asked for" {
	rule getppid ERRNO
	config '.linux.seccomp.syscalls[0].names = ["no_such_call", "getppid"]'
	says testguest syscall getppid -- EPERM
	config '.annotations["run.oci.seccomp_fail_unknown_syscall"] = "1"'
	try rl run --bundle "$B" "$C"
	refused /linux/seccomp/syscalls/0/names/0 no_such_call
	config '.annotations["run.oci.seccomp_fail_unknown_syscall"] = "0"'
	says testguest syscall getppid -- EPERM
}

@test "a profile that contradicts itself is refused by its path" {
	local path profile
	cp "$B/config.json" "$T/whole"
	while read -r path profile; do
		cp "$T/whole" "$B/config.json"
		filter "(def umask(what): {names: [\"umask\"], action: \"SCMP_ACT_\\(what)\"};
			def arg(i; op): {args: [{index: i, value: 1, op: op}]}; $profile)"
		try rl create --bundle "$B" "$C"
		refused "$path"
	done <<'END'
/linux/seccomp/defaultErrnoRet {defaultErrnoRet: 1}
/linux/seccomp/syscalls/0/errnoRet {syscalls: [umask("KILL") + {errnoRet: 1}]}
/linux/seccomp/syscalls/1/errnoRet {syscalls: [umask("LOG"), umask("ERRNO") + {errnoRet: 5000}]}
/linux/seccomp/syscalls/0/names {syscalls: [{names: [], action: "SCMP_ACT_KILL"}]}
/linux/seccomp/syscalls/0/action {syscalls: [{names: ["umask"], action: "SCMP_ACT_NOSUCH"}]}
/linux/seccomp/syscalls/0/args/0/op {syscalls: [umask("KILL") + arg(0; "EQ")]}
/linux/seccomp/syscalls/0/args/0/index {syscalls: [umask("KILL") + arg(6; "SCMP_CMP_EQ")]}
/linux/seccomp/defaultAction {defaultAction: "SCMP_ACT_NOTIFY", listenerPath: "/x"}
/linux/seccomp/listenerMetadata {listenerMetadata: "x"}
/linux/seccomp/listenerPath {syscalls: [{names: ["umask"], action: "SCMP_ACT_NOTIFY"}]}
END
}

# ---------------------------------------------------------------- users

@test "loading needs nothing of the user, and gives the user nothing" {
	rule getppid ERRNO
	config '.process.user = {uid: 1000, gid: 1000} | .process.capabilities = {bounding: [],
		effective: [], permitted: [],
		inheritable: [], ambient: []}'
	both_ways says testguest syscall getppid -- EPERM
	both_ways says grep -E '^(Cap(Prm|Eff|Bnd)|Uid)' /proc/self/status -- \
		$'Uid:\t1000\t1000\t1000\t1000\n'\
$'CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nCapBnd:\t0000000000000000'
}

# ---------------------------------------------------------------- listeners

# agent CODE: starts one at T/agent.sock.
agent() {
	rm -f "$T/agent.sock" "$T/agent.json"
	"$ROOTLET_BUILDDIR/tests/guest/testguest" agent "$T/agent.sock" "$T/agent.json" "$1" \
		>"$T/agent.out" 3>&- &
	agent_pid=$!
	wait_for test -S "$T/agent.sock"
}

# agent_ends: by itself, because no process is left under the filter.
agent_ends() {
	local i
	for ((i = 0; i < 500; i++)); do
		kill -0 "$agent_pid" 2>/dev/null || break
		sleep 0.02
	done
	wait "$agent_pid"
	agent_pid=
}

# notify_of NAME...: a profile that asks T/agent.sock about these.
notify_of() {
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: $s,
		syscalls: [{names: $ARGS.positional, action: "SCMP_ACT_NOTIFY"}]}' --arg s \
			"$T/agent.sock" --args -- "$@"
}

answered() {
	script 'testguest syscall mkdirat -100 /tmp/x 493; [ -e /tmp/x ] || echo none;
		testguest syscall umask 18'
	agent 95
	try rl run --bundle "$B" "$C"
	equal "$status$stderr" 0
	equal "$output" $'EOPNOTSUPP\nnone\n18'
	agent_ends
	equal "$(wc -l <"$T/agent.out")" 1
	agent 0
	try rl run --bundle "$B" "$C"
	equal "$status$stderr" 0
	equal "$output" $'0\nnone\n18'
	agent_ends
	agent -1
	try rl run --bundle "$B" "$C"
	equal "$status$stderr" 0
	equal "$output" $'0\n18'
	agent_ends
	rmdir "$B/rootfs/tmp/x" || unshare --map-auto --map-root-user rmdir "$B/rootfs/tmp/x"
}

@test "NOTIFY: an agent answers for the container's calls" {
	notify_of mkdirat
	both_ways answered
}

@test "NOTIFY: the container process state" {
	local pid
	notify_of mkdirat
	config '.linux.seccomp.listenerMetadata = "some = \"data\"" |
		.annotations["org.example.key"] = "value"'
	script 'testguest syscall mkdirat -100 /tmp/x 493'
	for nnp in yes no; do
		privileges "$nnp"
		agent 0
		rl create --bundle "$B" "$C" >"$T/out"
		pid=$(pid_of)
		wait_for test -s "$T/agent.json"
		jq -e --arg id "$C" --arg b "$B" --argjson pid "$pid" \
			'.fds == ["seccompFd"] and .pid == $pid
			and .metadata == "some = \"data\"" and .ociVersion == .state.ociVersion and
			(.ociVersion | startswith("1."))
			and .state.id == $id and .state.status == "creating" and .state.pid == $pid
			and .state.bundle == $b
			and .state.annotations["org.example.key"] == "value"' "$T/agent.json" \
				>"$T/jq.out" || fail "$(<"$T/agent.json")"
		rl start "$C"
		wait_for status_is stopped
		equal "$(<"$T/out")" 0
		rl delete "$C"
		agent_ends
	done
}

@test "NOTIFY: of the runtime's own last calls too, which must not lock it up" {
	notify_of execve close sendmsg sendto wait4 waitid write chdir openat capset prctl
	both_ways lets_all_happen
}

lets_all_happen() {
	agent -1
	says echo fine -- fine
	agent_ends
	[ "$(wc -l <"$T/agent.out")" -ge 2 ]
}

@test "NOTIFY: with TSYNC and LOG, as another user, and by the annotation" {
	notify_of mkdirat
	config '.linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG"] |
		.process.user = {uid: 1000, gid: 1000}
		| .linux.seccomp.listenerPath = "/no/such/agent" |
		.annotations["run.oci.seccomp.receiver"] = $s' --arg s "$T/agent.sock"
	both_ways one_answer
}

one_answer() {
	agent 95
	says testguest syscall mkdirat -100 /tmp/x 493 -- EOPNOTSUPP
	agent_ends
}

no_agent() {
	try rl run --bundle "$B" "$C"
	refused /linux/seccomp/listenerPath "$T/agent.sock" "$@"
	try rl create --bundle "$B" "$C"
	refused /linux/seccomp/listenerPath "$T/agent.sock" "$@"
	nothing_left
}

@test "NOTIFY: without an agent there is no container" {
	notify_of mkdirat
	both_ways no_agent "No such file"
	touch "$T/agent.sock"
	both_ways no_agent "Connection refused"
	config '.linux.seccomp.listenerPath = "/" + ("x" * 200)'
	try rl run --bundle "$B" "$C"
	refused /linux/seccomp/listenerPath longer
}

@test "NOTIFY: a listener that no rule asks for is left alone" {
	rule getppid ERRNO
	config '.linux.seccomp.listenerPath = "/no/such/agent" | .linux.seccomp.listenerMetadata
		= "x"'
	both_ways says testguest syscall getppid -- EPERM
}
