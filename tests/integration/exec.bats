#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rooms: host session
# Programs for the container's shell and for jq; output, stderr: of helpers' `try`
# shellcheck disable=SC2016,SC2154
# exec: one more process in a container that is there: who it is, what it may, where it runs, how it
# ends.

load helpers
load held_exec
load exec_helpers

# process FILTER: T/process.json, the container's own process changed.
process() {
	jq ".process | .terminal = false | $1" "$B/config.json" >"$T/process.json"
}

caps() {
	printf '%s' "grep -E '^Cap(Inh|Prm|Eff|Bnd|Amb)' /proc/self/status | cut -f 2 | tr '\n' ' '"
}

# ---------------------------------------------------------------- where it runs

@test "it is in every namespace of the container's first process, and in its root" {
	config '.linux.namespaces += [{type: "cgroup"}, {type: "time"}] |
		.linux.namespaces |= unique'
	echo here >"$B/rootfs/etc/mark"
	running
	exe "$C" sh \
		-c 'for ns in user pid mnt net ipc uts cgroup time; do readlink /proc/self/ns/$ns;
		done'
	equal "$output" \
		"$(for ns in user pid mnt net ipc uts cgroup time; do readlink \
		"/proc/$(pid_of)/ns/$ns"; done)"
	says here "$C" cat /etc/mark
	says "$(printf '%s\n' /root / /)" "$C" sh \
		-c 'cd; pwd; readlink /proc/self/root; readlink /proc/1/root'
}

@test "before Linux 5.8, where a pidfd is none for setns" {
	running
	try env ROOTLET_TEST="$C" "$tool" as-5.7 "$ROOTLET" --root "$T/state" exec "$C" sh \
		-c 'for ns in user pid mnt net ipc uts; do readlink /proc/self/ns/$ns; done'
	equal "$status$stderr" 0
	equal "$output" \
		"$(for ns in user pid mnt net ipc uts; do readlink "/proc/$(pid_of)/ns/$ns"; done)"
}

@test "it sees the first process as pid 1, and is a child of nobody there" {
	running
	exe "$C" sh \
		-c 'tr "\0" " " </proc/1/cmdline; echo; grep PPid /proc/self/status;
		ps -o pid,args | grep -c sleep'
	equal "$(sed -n 1p <<<"$output")" "sleep 1000 "
	# Of the shell's child grep: the shell's own parent is outside.
	says $'PPid:\t0' "$C" grep PPid /proc/self/status
}

@test "a session keyring: the container's, not the caller's" {
	running
	exe "$C" testguest keyring
	has "$output" "_ses.$C"
	first=$output
	says "$first" "$C" testguest keyring
}

# Tried: sys_close_except taken out of guest_main and guest_enter: 4, 5 and 6 were there.
@test "no descriptor of the caller's reaches it, and no environment" {
	running
	SECRET=1 says "$(printf '%s\n' 0 1 2)" "$C" testguest fds 5</etc/passwd 6</
	SECRET=1 exe "$C" env
	[[ $output != *SECRET* ]]
}

@test "--preserve-fds" {
	running
	echo content >"$T/file"
	try bash -c 'exec 3<"$1" 4<"$1" 5<"$1" 6<"$1"; shift; exec "$@"' bash "$T/file" "$ROOTLET" \
		--root "$T/state" exec --preserve-fds 3 "$C" \
		sh -c 'testguest fds; cat <&3'
	equal "$status$stderr" 0
	equal "$output" "$(printf '%s\n' 0 1 2 3 4 5 content)"
	# A gap stays one: rootlet's own that lie there in the meantime are not passed on.
	try bash -c 'exec 3<&- 4<&- 5<&- 6<"$1"; shift; exec "$@"' bash "$T/file" "$ROOTLET" \
		--root "$T/state" exec --preserve-fds 4 "$C" sh -c 'testguest fds; cat <&6'
	equal "$status$stderr" 0
	equal "$output" "$(printf '%s\n' 0 1 2 6 content)"
}

@test "socket activation: LISTEN_FDS, with the pid that the process has there" {
	running
	try env ROOTLET_TEST="$C" LISTEN_FDS=2 bash -c 'exec 3<"$1" 4<"$1"; shift; exec "$@"' bash \
		/etc/passwd \
		"$ROOTLET" --root "$T/state" exec "$C" sh \
		-c 'echo $LISTEN_FDS; [ "$LISTEN_PID" = $$ ] && echo mine; testguest fds'
	equal "$status$stderr" 0
	equal "$output" "$(printf '%s\n' 2 mine 0 1 2 3 4)"
}

@test "closed streams are the null device" {
	running
	ROOTLET_TEST=$C "$ROOTLET" --root "$T/state" exec "$C" \
		sh -c 'a=$(stat -L -c %t:%T /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2);
		echo "$a" >/tmp/fds' <&- >&- 2>&- 3>&-
	says "$(printf '1:3\n1:3\n1:3')" "$C" cat /tmp/fds
}

# Tried: guest_wait_ids without guest_is_guarded, so that it makes the process dumpable: all of it
# could be had.
@test "while it is set up, the container can neither trace it nor see what it holds" {
	config '.process.capabilities |= map_values(. + ["CAP_SYS_PTRACE"])'
	held_exec
	# It did see it, and may trace what is its own.
	equal "$output" $'trace EPERM\nmem EACCES\nenviron EACCES\nok'
}

# ---------------------------------------------------------------- without --process: like the
# container's own

@test "environment, cwd, user, capabilities, limits and noNewPrivileges are the configuration's" {
	config '.process += {cwd: "/tmp", env: ["PATH=/bin", "FROM=config"], user: {uid: 1000,
		gid: 1000, additionalGids: [5, 7], umask: 63},
		rlimits: [{type: "RLIMIT_NOFILE", soft: 77, hard: 88}], noNewPrivileges: true}
		| .process.capabilities = {bounding: ["CAP_KILL", "CAP_CHOWN"],
		permitted: ["CAP_KILL"], effective: ["CAP_KILL"]}'
	running
	says "$(printf '%s\n' FROM=config HOME=/tmp PATH=/bin)" "$C" sh \
		-c 'env | grep -vE "PWD|SHLVL" | sort'
	says "$(printf '%s\n' /tmp 1000 '1000 5 7' 0077 '77 88' 1)" "$C" sh -c \
		'pwd; id -u; id -G; umask; echo $(ulimit -Sn) $(ulimit -Hn);
		grep NoNewPrivs /proc/self/status | cut -f 2'
	# Who is not root loses them with the execve, unless they are ambient.
	says \
		"0000000000000000 0000000000000000 0000000000000000 0000000000000021 \
0000000000000000 " "$C" sh -c "$(caps)"
	says \
		"0000000000000000 0000000000000020 0000000000000020 0000000000000021 \
0000000000000000 " -u 0 "$C" sh -c "$(caps)"
}

@test "scheduling, I/O priority, personality and the OOM score are the configuration's" {
	local nice
	nice=$(nicer 7)
	config '.process += {scheduler: {policy: "SCHED_BATCH", nice: $n}, oomScoreAdj: 900,
		ioPriority: {class: "IOPRIO_CLASS_IDLE"}} |
		.linux.personality = {domain: "LINUX32"}' --argjson n "$nice"
	running
	says "$(printf '%s\n' "$nice" 900 idle 3 i686)" "$C" sh \
		-c 'cut -d" " -f 19 /proc/self/stat; cat /proc/self/oom_score_adj
		ionice -p $$ | cut -d: -f 1; cut -d" " -f 41 /proc/self/stat; uname -m'
}

@test "the seccomp filter is the configuration's, in both ways of loading it" {
	local nnp
	for nnp in false true; do
		config '.process.noNewPrivileges = $n |
			.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
			syscalls: [{names: ["getppid"], action: "SCMP_ACT_ERRNO", errnoRet: 95}]}' \
				--argjson n $nnp
		running
		says EOPNOTSUPP "$C" testguest syscall getppid
		says "$(printf '%s\t%s\n' Seccomp: 2 Seccomp_filters: 1)" "$C" grep Seccomp \
			/proc/self/status
		rl delete --force "$C"
	done
}

@test "a seccomp listener: the agent hears of this process, in a container that runs" {
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: $l,
		listenerMetadata: "meta",
		syscalls: [{names: ["mkdirat"], action: "SCMP_ACT_NOTIFY"}]}' --arg l "$T/agent"
	"$tool" agent "$T/agent" "$T/agent.json" 0 >"$T/agent.out" &
	agent=$!
	wait_for test -S "$T/agent"
	running
	kill "$agent"
	rm -f "$T/agent"
	"$tool" agent "$T/agent" "$T/agent.json" 7 >"$T/agent.out" &
	agent=$!
	wait_for test -S "$T/agent"
	says E2BIG "$C" testguest syscall mkdirat
	kill "$agent" 2>/dev/null || true
	equal "$(jq -r '[.state.status, .state.pid, .metadata] | join(" ")' "$T/agent.json")" \
		"running $(pid_of) meta"
	[ "$(jq .pid "$T/agent.json")" != "$(pid_of)" ]
}

@test "a filter that allows only what the program needs, with noNewPrivileges" {
	config '.process.noNewPrivileges = true | .linux.seccomp = {defaultAction: "SCMP_ACT_LOG",
		syscalls: [
		{names: ["setns", "setgroups", "sendmsg", "recvmsg", "unshare", "capset", "setsid"],
		action: "SCMP_ACT_KILL_PROCESS"}]}'
	running
	says fine "$C" echo fine
}

# ---------------------------------------------------------------- options

@test "--env adds, and the last of a name counts" {
	config '.process.env = ["PATH=/bin", "A=config", "B=config"]'
	running
	says "A=two B=config C=x=y" --env A=one -e A=two -eC=x=y "$C" sh \
		-c 'echo A=$A B=$B C=$C; [ "$(env | grep -c ^A=)" = 1 ]'
	try rl exec -e novalue "$C" true
	not_started "--env: \`novalue\` is not NAME=VALUE"
}

@test "--cwd; a relative one, one that is missing" {
	running
	says /srv --cwd /srv "$C" pwd
	try rl exec --cwd srv "$C" pwd
	not_started "--cwd: \`srv\` is not an absolute path"
	try rl exec --cwd /nosuch "$C" pwd
	not_started '/process/cwd: chdir to "/nosuch": No such file or directory'
}

# Tried: the getcwd of guest_cwd taken out: the process ran in the host's root.
@test "--cwd out of the container's root by a descriptor: refused (CVE-2024-21626)" {
	running
	for fd in 3 4 5 6 7 8 9 10 11 12 13 14; do
		# A descriptor of our own may be there, of the container's root: that leads nowhere
		# else.
		try rl exec --cwd "/proc/self/fd/$fd" "$C" testguest getcwd
		[ "$output" = / ] || not_started "/process/cwd"
	done
	for fd in 3 9; do
		try bash -c 'exec 3</ 4</ 5</ 6</ 7</ 8</ 9</etc; exec "$@"' bash "$ROOTLET" \
			--root "$T/state" exec --preserve-fds 7 --cwd "/proc/self/fd/$fd" "$C" \
			testguest getcwd
		# Its working directory is settled where the container's /proc does not show it.
		not_started "/process/cwd"
	done
}

# CVE-2026-30892. Tried: strtoul(3) in parse_id's place: `root` was uid 0.
@test "--user: ids as strict numbers, in the container's map" {
	config '.process.user = {uid: 0, gid: 7}'
	running
	says "1000 7" --user 1000 "$C" sh -c 'echo $(id -u) $(id -g)'
	says "1000 1001" -u 1000:1001 "$C" sh -c 'echo $(id -u) $(id -g)'
	for bad in root bob 1000:users ' 1' 1x -1 0x0 +0 : 1: :1 4294967295 4294967296 \
		18446744073709551616 1:2:3; do
		try rl exec "--user=$bad" "$C" id
		not_started "--user:" "is not an id"
	done
	try rl exec --user 3000000000 "$C" id
	not_started "uid 3000000000 is not mapped in the container"
	try rl exec --user 1:3000000000 "$C" id
	not_started "gid 3000000000 is not mapped in the container"
}

@test "--additional-gids: repeated and in lists, on top of the configuration's" {
	config '.process.user.additionalGids = [11]'
	running
	says "0 11 12 13 14" -g 12 --additional-gids 13,14 "$C" id -G
	for bad in users '1,' ,1 1,,2 4294967295; do
		try rl exec "--additional-gids=$bad" "$C" id
		not_started "--additional-gids:" "is not an id"
	done
}

# Tried: inheritable made the permitted set in set_caps: all of it was inheritable.
@test "--cap adds to bounding, permitted, effective, never to the other two (CVE-2022-29162)" {
	config '.process.capabilities = {bounding: ["CAP_KILL"], permitted: ["CAP_KILL"],
		effective: ["CAP_KILL"]}'
	running
	says \
		"0000000000000000 0000000000000421 0000000000000421 0000000000000421 \
0000000000000000 " \
		--cap CAP_CHOWN -c net_bind_service "$C" sh -c "$(caps)"
	config 'del(.process.capabilities)'
	try rl exec --cap CAP_NONE "$C" true
	not_started "--cap: \`CAP_NONE\` is no capability"
}

@test "--no-new-privs, and without" {
	config '.process.noNewPrivileges = false'
	running
	says 0 "$C" sh -c 'grep NoNewPrivs /proc/self/status | cut -f 2'
	says 1 --no-new-privs "$C" sh -c 'grep NoNewPrivs /proc/self/status | cut -f 2'
	says 0 --no-new-privs=false "$C" sh -c 'grep NoNewPrivs /proc/self/status | cut -f 2'
}

@test "options end at CONTAINER; a \"--\" behind it is not the command" {
	running
	says "-x --env -t" "$C" echo -x --env -t
	says "-x" "$C" -- echo -x
	says "-- -x" -- "$C" echo -- -x
}

# ---------------------------------------------------------------- --process

@test "--process: what the file says, and nothing of the configuration's own process" {
	config '.process.env += ["FROM=config"] | .process.rlimits = [{type: "RLIMIT_NOFILE",
		soft: 55, hard: 66}]'
	running
	process \
		'{args: ["sh", "-c", "pwd; id -u; echo from=$FROM mine=$MINE; ulimit -Sn; grep '\
'CapPrm /proc/self/status | cut -f 2"],
		cwd: "/srv", env: ["PATH=/bin", "MINE=file"], user: {uid: 33, gid: 33}, rlimits: '\
'[{type: "RLIMIT_NOFILE", soft: 44, hard: 44}]}'
	says "$(printf '%s\n' /srv 33 'from= mine=file' 44 0000000000000000)" \
		--process "$T/process.json" "$C"
	# Options come on top.
	says "$(printf '%s\n' /tmp 34 'from= mine=option' 44 0000000000000000)" \
		-p "$T/process.json" --cwd /tmp -u 34 -e MINE=option "$C"
}

@test "--process: a file that is missing, no JSON, or wrong" {
	running
	try rl exec --process "$T/none" "$C"
	not_started "--process: $T/none: No such file or directory"
	echo '{' >"$T/process.json"
	try rl exec --process "$T/process.json" "$C"
	not_started "--process: $T/process.json"
	process '.args = []'
	try rl exec --process "$T/process.json" "$C"
	not_started "/args: at least one entry is required"
	process '.user.uid = "1"'
	try rl exec --process "$T/process.json" "$C"
	not_started "/user/uid"
}

# ---------------------------------------------------------------- CPUs

@test "execCPUAffinity: the final CPUs are the process's; it does not concern the first process" {
	[ "$(nproc)" -ge 2 ] || skip "needs two CPUs"
	config '.process.execCPUAffinity = {initial: "0", final: "1"}'
	running
	says $'Cpus_allowed_list:\t1' "$C" grep Cpus_allowed_list /proc/self/status
	equal "$(grep Cpus_allowed_list "/proc/$(pid_of)/status")" \
		"$(grep Cpus_allowed_list /proc/self/status)"
	config '.process.execCPUAffinity = {initial: "0"}'
	process .
	jq '.args = ["grep", "Cpus_allowed_list", "/proc/self/status"]' "$T/process.json" \
		>"$T/p2.json"
	says $'Cpus_allowed_list:\t0' -p "$T/p2.json" "$C"
	jq '.execCPUAffinity = {final: "8000"}' "$T/p2.json" >"$T/p3.json"
	try rl exec -p "$T/p3.json" "$C"
	not_started "/process/execCPUAffinity/final: Invalid argument"
	jq '.execCPUAffinity = {final: "9000"}' "$T/p2.json" >"$T/p3.json"
	try rl exec -p "$T/p3.json" "$C"
	not_started "/process/execCPUAffinity/final: 9000 is more than"
}

# ---------------------------------------------------------------- its end

@test "the exit status is the process's, 128 + N after a signal" {
	running
	for want in 0 1 7 254; do
		try rl exec "$C" sh -c "exit $want"
		equal "$status$output$stderr" "$want"
	done
	try rl exec "$C" sh -c 'kill -KILL $$'
	equal "$status$output$stderr" 137
	try rl exec "$C" sh -c 'kill -TERM $$'
	equal "$status" 143
}

@test "a program that is not there, may not be executed, is a directory, or is none: 255" {
	: >"$B/rootfs/bin/plain"
	echo text >"$B/rootfs/bin/text"
	chmod +x "$B/rootfs/bin/text"
	printf '#!/nosuch\n' >"$B/rootfs/bin/broken"
	chmod +x "$B/rootfs/bin/broken"
	running
	try rl exec "$C" foo
	not_started 'exec: "foo": executable file not found in $PATH' "no such file or directory"
	try rl exec "$C" /bin/foo
	not_started 'exec: "/bin/foo": stat /bin/foo: no such file or directory'
	try rl exec "$C" /bin/plain
	not_started 'exec: "/bin/plain"' "permission denied"
	try rl exec "$C" plain
	not_started 'exec: "plain"' "permission denied"
	try rl exec "$C" /bin
	not_started 'exec: "/bin": permission denied'
	try rl exec "$C" /bin/text/x
	not_started 'exec: "/bin/text/x"' "not a directory"
	try rl exec "$C" /bin/text
	not_started "exec format error"
	try rl exec "$C" broken
	not_started "no such file or directory" "the interpreter of its first line"
}

@test "signals go through; the caller's end by SIGKILL leaves the process" {
	running
	ROOTLET_TEST=$C "$ROOTLET" --root "$T/state" exec "$C" sh \
		-c 'trap "echo got term; exit 9" TERM; echo ready; while :; do usleep 20000; done' \
		>"$T/out" 3>&- &
	pid=$!
	wait_for grep -q ready "$T/out"
	kill -TERM "$pid"
	status=0
	wait "$pid" || status=$?
	equal "$status" 9
	has "$(cat "$T/out")" "got term"
}

@test "bytes go through pipes in both directions, and the streams stay apart" {
	running
	head -c 1000000 /dev/urandom >"$T/in"
	# shellcheck disable=SC2002 # pipes are the point
	cat "$T/in" | rl exec "$C" cat | cat >"$T/out"
	cmp "$T/in" "$T/out"
	try rl exec "$C" sh -c 'echo one; echo two >&2'
	equal "$status/$output/$stderr" 0/one/two
}

@test "--detach: returns at once, with the pid file written; the pid is the process's" {
	running
	exe --detach --pid-file "$T/pid" "$C" sleep 999
	equal "$output" ""
	equal "$(wc -l <"$T/pid")" 0
	equal "$(tr '\0' ' ' <"/proc/$(cat "$T/pid")/cmdline")" "sleep 999 "
	says "sleep 999 " "$C" sh \
		-c 'for p in /proc/[0-9]*; do tr "\0" " " <$p/cmdline | grep -x "sleep 999 "; done;
		true'
	kill -KILL "$(cat "$T/pid")"
}

@test "a failure writes no pid file, and keeps one that was there" {
	running
	try rl exec --detach --pid-file "$T/pid" "$C" nosuch
	not_started "not found"
	[ ! -e "$T/pid" ]
	echo old >"$T/pid"
	try rl exec --detach --pid-file "$T/pid" "$C" nosuch
	equal "$(cat "$T/pid")" old
	try rl exec --pid-file "$T/no/such" "$C" true
	not_started "--pid-file:"
}

@test "--pidfd-socket: the client gets a pidfd of the process" {
	running
	"$tool" receive-pidfd "$T/socket" >"$T/out" &
	client=$!
	wait_for test -S "$T/socket"
	exe --detach --pidfd-socket "$T/socket" --pid-file "$T/pid" "$C" sleep 999
	wait "$client"
	equal "$(cat "$T/out")" "payload setns
pid $(cat "$T/pid")"
	kill -KILL "$(cat "$T/pid")"
	try rl exec --pidfd-socket "$T/none" "$C" true
	not_started "--pidfd-socket: connecting to $T/none"
}
