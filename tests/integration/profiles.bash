# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2154 # jq's variables; output, stderr: of helpers' `try`
#
# profiles: containers under a whole seccomp profile, and what each system call has to return there.

profiles_jq=$BATS_TEST_DIRNAME/profiles.jq
[ -r "$profiles_jq" ] || profiles_jq=$BATS_TEST_DIRNAME/../profiles.jq

testguest=$ROOTLET_BUILDDIR/tests/guest/testguest

# What podman gives a container that asks for nothing, and beside it all that the profile knows.
ordinary_caps='["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL",
	"CAP_NET_BIND_SERVICE", "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP",
	"CAP_SETUID", "CAP_SYS_CHROOT"]'

# all_caps PROFILE
all_caps() {
	jq -c --argjson ordinary "$ordinary_caps" \
		'[.syscalls[] | .includes.caps, .excludes.caps | select(.)[]]
			+ ["CAP_BPF", "CAP_SYS_ADMIN"] + $ordinary | unique' "$1"
}

# jq_profiles FILTER [JQ-OPTION...]
jq_profiles() {
	local filter=$1
	shift
	jq "$(<"$profiles_jq") $filter" "$@"
}

# profile_apply PROFILE CAPS: into the configuration, together with the capabilities.
profile_apply() {
	jq_profiles 'resolved($c; $a; $k)' --argjson c "$2" --arg a "$(dpkg --print-architecture)" \
		--arg k "$(uname -r | cut -d. -f1,2)" "$1" >"$T/seccomp.json"
	config '.linux.seccomp = $s[0]
		| .process.capabilities = {bounding: $c, effective: $c, permitted: $c,
			inheritable: [], ambient: []}' \
		--slurpfile s "$T/seccomp.json" --argjson c "$2"
}

# answers FILE: what the calls in it return in a container of this configuration.
answers() {
	cp "$1" "$B/rootfs/calls"
	bundle_args testguest syscalls /calls
	try rl run --bundle "$B" "$C"
	[ "$status$stderr" = 0 ] || fail "status $status: $stderr; $(tail -n 1 <<<"$output")"
}

# by_the_profile FILE: each call in it returns what the profile in the configuration says; one that
# is allowed, what it returns without any filter (T/free has that); one that an agent is asked
# about, -95.
by_the_profile() {
	jq_profiles \
		'. as $seccomp | ($free | split("\n")
			| map(select(. != "") | capture("^(?<key>.*): (?<value>-?[0-9]+)$"))
			| from_entries) as $free
		| $calls | split("\n")[] | select(. != "") | . as $call | split(" ") as $words
		| ($words[0] | sub("^.*:"; "")) as $name | ($words[1:] | map(tonumber)) as $values
		| ($seccomp | verdict($name; $values))
		| if . == "ALLOW" then $free[$call] elif . == "NOTIFY" then -95 else . end
		| "\($call): \(.)"' -r --arg calls "$(<"$1")" --arg free "$(<"$T/free")" \
		<(jq .linux.seccomp "$B/config.json") >"$T/expected"
	not grep -F null "$T/expected"
	answers "$1"
	diff "$T/expected" - <<<"$output" || fail \
		"(above: < is what the profile says, > what the container got)"
}

# denied_calls: of all that the machine has, by all ways into the kernel that the profile is for,
# those that this configuration's profile doesn't allow with arguments of 0. None of them reaches
# the kernel, so nothing needs to be known of what they do.
denied_calls() {
	local absent='^$'
	[ "$("$testguest" call32)" = ok ] || absent=^i386:
	jq_profiles '. as $seccomp | $names | split("\n")[] | select(. != "")
		| . as $call | sub("^.*:"; "") as $name
		| select($seccomp | verdict($name; [0, 0, 0, 0, 0, 0]) | type == "number")
		| $call' \
		-r --arg names "$("$testguest" calls | grep -v "$absent")" \
		<(jq .linux.seccomp "$B/config.json")
}

# Calls that do no harm and whose answer the kernel's rules settle, where they reach it. The first
# part is what a profile makes dependent on a capability; the second what programs live on. (clone:
# CLONE_NEWUSER and CLONE_NEWNS, each with CLONE_FS, and CLONE_SIGHAND alone, which the kernel
# refuses all; unshare: CLONE_NEWUSER with a flag that there is not.)
harmless_calls() {
	cat <<'END'
acct 0
bpf 99 0 0
chroot 0
clock_settime 99 0
delete_module 0 0
fanotify_init 4294967295 0
finit_module -1 0 0
init_module 0 0 0
ioperm 0 0 0
iopl 3
kcmp 0 0 99 0 0
lookup_dcookie 0 0 0
open_by_handle_at -1 0 0
perf_event_open 0 0 0 0 0
process_madvise -1 0 0 0 0
quotactl 0 0 0 0
setdomainname 0 -1
sethostname 0 -1
setns -1 0
settimeofday 0 0
mount 0 0 0 0 0
umount2 0 0
pivot_root 0 0
unshare 0
unshare 268435457
clone 268435968 0 0 0 0
clone 131584 0 0 0 0
clone 2048 0 0 0 0
clone3 0 0
ptrace 99 0 0 0
personality 4294967295
keyctl 99 0 0
umask 18
umask 0
getppid
mkdirat -100 0 0
openat -100 0 0
read -1 0 0
socket 99 0 0
socket 1 1 0 0 0 0
close -1
socketpair 99 0 0 0
futex 0 99 0 0 0 0
prctl 9999 0 0 0 0
seccomp 99 0 0
memfd_create 0 0
statx -1 0 0 0 0
landlock_create_ruleset 0 0 99
END
}

# profile_calls: T/calls, the calls to try under this configuration's profile, and T/free, what
# those of them that have an answer of the kernel's return without it.
profile_calls() {
	{
		harmless_calls
		jq_profiles 'around_conditions' -r <(jq .linux.seccomp "$B/config.json") |
			grep -v '^clone '
	} | sort -u >"$T/calls"
	cp "$B/config.json" "$T/config.whole"
	config 'del(.linux.seccomp)'
	answers "$T/calls"
	printf '%s\n' "$output" >"$T/free"
	cp "$T/config.whole" "$B/config.json"
	denied_calls >"$T/denied"
	[ "$(wc -l <"$T/denied")" -ge 30 ]
	cat "$T/denied" >>"$T/calls"
}

# profile_holds [false|true]: the container's system calls under its profile, in that way of loading
# it (noNewPrivileges) or in both.
profile_holds() {
	local nnp
	profile_calls
	for nnp in ${1:-false true}; do
		config '.process.noNewPrivileges = $n' --argjson n "$nnp"
		by_the_profile "$T/calls"
	done
}
