# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Programs for the container's shell and for jq; output, stderr: of helpers' `try`
# shellcheck disable=SC2016,SC2154,SC2030,SC2031
#
# cve_process: what a process of a container has, and may not have. The tests of cve.bats, by an
# ordinary user, and of root/cve.bats. After cve.

# detached TEXT [OPTION...]: the container runs TEXT in the background; its output is T/out.
detached() {
	script "$1"
	shift
	rl run --detach --bundle "$B" "$@" "$C" </dev/null >"$T/out" 2>"$T/err"
}

# A program of the container's is the runtime itself, by a "#!" of /proc/self/exe, and its dynamic
# linker is the container's own.
#
# Tried: the protected copy taken out (host_self_protect): the file was empty, or "evil".
cve_runtime_file() {
	local before linker
	cp "$ROOTLET" "$T/own"
	before=$(cksum <"$T/own")
	linker=$(readelf -lW "$T/own" | sed -n 's/.*program interpreter: \(.*\)\]/\1/p')
	mkdir -p "$B/rootfs${linker%/*}"
	cp "$ROOTLET_BUILDDIR/tests/guest/exeguest" "$B/rootfs$linker"
	printf '#!/proc/self/exe\n' >"$B/rootfs/bin/evil"
	chmod 0755 "$B/rootfs/bin/evil"
	detached 'sleep 60'
	# By another file than the one that the container's monitor is, which the kernel calls busy.
	ROOTLET_TEST=$C try "$T/own" --root "$T/state" exec "$C" /bin/evil
	wait_for test -s "$B/rootfs/srv/told"
	rl delete --force "$C"
	equal "$(cksum <"$T/own")" "$before"
	not grep -x written "$B/rootfs/srv/told"
}

# Tried: inheritable made the permitted set in set_caps: all of it was inheritable.
cve_inheritable() {
	local text='grep -E "Cap(Inh|Amb)" /proc/self/status'
	inside "$text"
	equal "$(cut -f 2 <<<"$output" | tr -d '0\n')" ""
	detached 'sleep 60'
	try rl exec "$C" sh -c "$text"
	equal "$(cut -f 2 <<<"$output" | tr -d '0\n')" ""
	equal "$(wc -l <<<"$output")" 2
	try rl exec --cap CAP_CHOWN "$C" sh -c "$text"
	equal "$(cut -f 2 <<<"$output" | tr -d '0\n')" ""
	rl delete --force "$C"
}

# Tried: the bind of adapt_cgroup made a writable one: each hierarchy was.
cve_cgroup_mount() {
	config 'del(.linux.namespaces[] | select(.type == "cgroup"))
		| (.mounts[] | select(.type == "cgroup")).options = ["rw"]'
	inside 'n=0; while read -r _ _ _ _ where flags _; do
			case $where in
			/sys/fs/cgroup | /sys/fs/cgroup/*)
				n=$((n + 1))
				case $flags in ro,*) ;; *) echo "$where $flags" ;; esac
				;;
			esac
		done </proc/self/mountinfo
		echo "n=$((n > 0))"
		mkdir /sys/fs/cgroup/x 2>/dev/null && echo writable
		find /sys/fs/cgroup -name release_agent -exec testguest try open-write {} \; |
			grep -vx -e EROFS -e EACCES
		true'
	equal "$output" "n=1"
}

# Tried: the getcwd of guest_cwd taken out: the process ran in the host's root.
cve_cwd() {
	local fd
	bundle_args testguest getcwd
	for fd in 14 13 12 11 10 9 8 6 5 4 3 7; do
		config '.process.cwd = $d' --arg d "/proc/self/fd/$fd"
		try rl run --bundle "$B" "$C" 7</
		# What is in reach may only be the container's own: the kernel says "(unreachable)"
		# of what isn't below the root.
		[[ $status$output == 0/* ]] || refused /process/cwd
	done
	# One that the caller hands in on purpose is in reach, and refused.
	try with_descriptors run --preserve-fds 5 --bundle "$B" "$C"
	refused /process/cwd "leads out of the container's root"
	config '.process.cwd = "/"'
	detached 'sleep 60'
	try with_descriptors exec --preserve-fds 5 --cwd /proc/self/fd/7 "$C" testguest getcwd
	equal "$output" ""
	has "$stderr" /process/cwd
	for fd in {3..14}; do
		try rl exec --cwd "/proc/self/fd/$fd" "$C" testguest getcwd 7</
		[[ $status$output == 0/* ]] || has "$stderr" /process/cwd
	done
	try rl exec "$C" testguest fds 7</ 9</etc/passwd
	equal "$output" $'0\n1\n2'
	rl delete --force "$C"
}

# with_descriptors ARGUMENT...: a rootlet whose caller has all from 3 to 7 open, 7 is the host's
# root.
with_descriptors() {
	ROOTLET_TEST=$C "$ROOTLET" --root "$T/state" "$@" 3</dev/null 4</dev/null 5</dev/null \
		6</dev/null 7</
}

# Tried: strtoul(3) in parse_id's place: `root` was uid 0.
cve_strict_ids() {
	local bad
	detached 'sleep 60'
	for bad in root 1x ' 1' -1 +0 0x0 1: :1 1:2:3 4294967295 4294967296 \
		18446744073709551616; do
		try rl exec "--user=$bad" "$C" id -u
		equal "$output" ""
		has "$stderr" "--user:"
	done
	try rl exec --user 1 "$C" id -u
	equal "$output" 1
	rl delete --force "$C"
}

# CVE-2017-5226 was a program in a sandbox that put words into its caller's terminal. A process of
# a container is the leader of a session of its own, so that the caller's terminal is not its
# controlling one, and TIOCSTI is not for it.
#
# Tried: setsid taken out of the set-up: /dev/tty was the caller's terminal.
cve_terminal_input() {
	local told='{ testguest try open-read /dev/tty; testguest try type 0; } >/srv/told'
	script "$told"
	on_terminal_of_ours run --bundle "$B" "$C"
	grep -qx ENXIO "$B/rootfs/srv/told"
	not grep -x ok "$B/rootfs/srv/told"
	rm "$B/rootfs/srv/told"
	detached 'sleep 60'
	on_terminal_of_ours exec "$C" sh -c "$told"
	grep -qx ENXIO "$B/rootfs/srv/told"
	not grep -x ok "$B/rootfs/srv/told"
	rl delete --force "$C"
}

# on_terminal_of_ours ARGUMENT...: a rootlet with a new terminal as its controlling one, and as
# stdin.
on_terminal_of_ours() {
	ROOTLET_TEST=$C python3 -c 'import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status))' "$ROOTLET" --root "$T/state" "$@" 3>&-
}

# CVE-2020-15257: what shares the host's network reaches every abstract socket there; a file's mode
# holds for no such name. So rootlet and what it starts have none.
#
# Tried: a socket of an abstract name made in the network's helper: it was found.
cve_abstract_sockets() {
	local pid inode found=0 names
	detached 'sleep 60' --net slirp4netns --publish "127.0.0.1:$(free_port):80"
	equal "$(cat "$T/err")" ""
	for pid in $(marked) $(jq '.network.pid // empty' "$T/state/$C/state.json"); do
		for inode in $(readlink "/proc/$pid"/fd/* | sed -n 's/^socket:\[\(.*\)\]$/\1/p'); do
			found=$((found + 1))
			names=$(awk -v i="$inode" '$7 == i && $8 ~ /^@/' /proc/net/unix)
			equal "$names" ""
		done
	done
	rl delete --force "$C"
	[ "$found" -gt 0 ] || fail "no process of the network has a socket"
}

# CVE-2021-20199: what came in by a published port seemed to come from 127.0.0.1, which many a
# service trusts.
#
# Tried: the forwarder made to connect to the container's loopback, with its own address: the
# client seemed to be 127.0.0.1.
cve_client_address() {
	local port
	port=$(free_port)
	cp "$ROOTLET_BUILDDIR/tests/guest/netguest" "$B/rootfs/bin"
	detached 'exec netguest peer4:80' --net slirp4netns --publish "127.0.0.1:$port:80"
	wait_for grep -q ready "$T/out"
	try timeout 20 busybox nc 127.0.0.1 "$port" </dev/null
	rl delete --force "$C"
	[[ $output == [0-9]* ]] || fail "no answer: $output$stderr"
	[[ $output != 127.* ]] || fail "the client seems to be $output"
}

# CVE-2022-0811 was a value that went on to be a second sysctl. Names that the kernel does not
# divide by namespace are refused, whatever they look like, and a value is one.
#
# Tried: the check of sysctl names taken out of the plan: the error was the kernel's, and root's
# pattern was changed.
cve_sysctl_names() {
	local before after name bad=
	before=$(cat /proc/sys/kernel/core_pattern)
	for name in kernel.core_pattern kernel/core_pattern net.ipv4/../../kernel/core_pattern \
		net/../kernel/core_pattern kernel.shm_rmid_forced+kernel.core_pattern \
		net..kernel.core_pattern fs.mqueue./../../kernel/core_pattern; do
		config '.linux.sysctl = {($n): "core.evil"}' --arg n "$name"
		try rl run --bundle "$B" "$C"
		refused "/linux/sysctl" || bad+=" $name"
	done
	config '.linux.sysctl = {"kernel.shm_rmid_forced": "1+kernel.core_pattern=core.evil"}'
	try rl run --bundle "$B" "$C"
	[ "$status" -ne 0 ] || bad+=" value"
	after=$(cat /proc/sys/kernel/core_pattern)
	[ "$after" = "$before" ] || echo "$before" >/proc/sys/kernel/core_pattern
	equal "$after$bad" "$before"
}

# CVE-2022-2989, CVE-2023-25173: groups that the caller is in, or that nobody asked for, are rights
# to the container's files; a group of the bundle's that is left out may be a right against them.
#
# Tried: setgroups taken out of set_ids: the caller's groups were there.
cve_groups() {
	config '.process.user = {uid: 1000, gid: 1000, additionalGids: [1000, 7]}
		| .process.capabilities |= map_values(. + ["CAP_SETGID"])'
	inside 'grep ^Groups /proc/self/status'
	equal "$(head -n 1 <<<"$output" | tr -s '\t ' ' ')" "Groups: 7 1000 "
	config 'del(.process.user.additionalGids)'
	detached 'sleep 60'
	try rl exec "$C" grep ^Groups /proc/self/status
	equal "$(tr -d '\t ' <<<"$output")" "Groups:"
	try rl exec --user 0:0 "$C" grep ^Groups /proc/self/status
	equal "$(tr -d '\t ' <<<"$output")" "Groups:"
	rl delete --force "$C"
}

# CVE-2024-25621: what a runtime keeps about containers is for no other user's eyes, whatever the
# caller's umask.
#
# Tried: the mode of the state's folders made 0777: they were found.
cve_state_modes() {
	local found
	script 'sleep 60'
	(umask 0 && rl run --detach --bundle "$B" "$C" </dev/null >/dev/null 2>&1)
	found=$(find "$T/state" \( ! -type l -perm /077 -o ! -user "$(id -u)" \) \
		-printf '%m %u %p\n')
	rl delete --force "$C"
	equal "$found" ""
}

# crun's fault of 2025: a name below its own cgroup could lead out of it.
#
# Tried: the check of the name taken out of the plan: the run went on.
cve_subgroup() {
	local name bad
	for name in run.oci.systemd.subgroup run.oci.delegate-cgroup; do
		for bad in ../x a/../../x .. /../x; do
			config '.annotations = {($n): $b}' --arg n "$name" --arg b "$bad"
			try rl run --bundle "$B" "$C"
			refused "$name"
		done
	done
}
