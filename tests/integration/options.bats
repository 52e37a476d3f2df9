#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Every option of crun and runc is known to its command here, with two dashes and with one, with "="
# and without. status, output and stderr come from `try`.
# shellcheck disable=SC2154,SC2153,SC2030,SC2031

load helpers

setup() {
	container_setup
}

teardown() {
	container_teardown
}

# Command, then the options of either peer: a letter, "name" for a flag, "name=" for one that takes
# a value.
peers="
global    debug log= log-format= log-level= root= systemd-cgroup cgroup-manager= rootless= criu= \
version v V
create    b= bundle= console-socket= pid-file= no-pivot no-new-keyring preserve-fds= pidfd-socket= \
f= config= no-subreaper
run       b= bundle= console-socket= pid-file= no-pivot no-new-keyring preserve-fds= pidfd-socket= \
f= config= no-subreaper
run       d detach keep
start
state
kill      a all r regex
delete    f force r regex
list      f= format= q quiet
ps        f= format=
spec      b= bundle= rootless f= file=
features
exec      console-socket= cwd= e= env= t tty u= user= p= process= d detach pid-file= \
process-label= apparmor= no-new-privs
exec      c= cap= preserve-fds= cgroup= pidfd-socket= g= additional-gids= ignore-paused
pause
resume
events    interval= stats
update    r= resources= blkio-weight= cpu-period= cpu-quota= cpu-share= cpu-rt-period= \
cpu-rt-runtime= cpuset-cpus=
update    cpuset-mems= kernel-memory= kernel-memory-tcp= memory= memory-reservation= memory-swap= \
pids-limit=
update    l3-cache-schema= mem-bw-schema= cpu-burst= cpu-idle=
checkpoint image-path= work-path= leave-running tcp-established ext-unix-sk shell-job file-locks \
parent-path= pre-dump
checkpoint manage-cgroups-mode= tcp-skip-in-flight link-remap lazy-pages status-fd= page-server= \
empty-ns= auto-dedup
checkpoint network-lock=
restore   b= bundle= image-path= work-path= tcp-established ext-unix-sk shell-job file-locks \
manage-cgroups-mode= d detach
restore   pid-file= console-socket= lsm-profile= lsm-mount-context= no-subreaper no-pivot \
empty-ns= auto-dedup lazy-pages
restore   tcp-close network-lock=
mounts
"

# accepted COMMAND OPTION...: --help ends before anything is done, and after all options were read.
accepted() {
	local command=$1
	shift
	[ "$command" != global ] || command=
	try rl ${command:+"$command"} "$@" --help
	[ "$status" -eq 0 ] || fail "$command $*: $stderr"
	has "$output" Usage:
}

# A value that each option takes. Global ones are looked at before --help is.
value() {
	case $1 in
	log-format) echo json ;;
	log-level) echo debug ;;
	log | root) echo "$T/$1" ;;
	cgroup-manager) echo disabled ;;
	preserve-fds) echo 0 ;;
	*) echo value ;;
	esac
}

@test "every option of the peers, in every spelling" {
	local command options option name n=0
	while read -r command options; do
		[ -z "$command" ] || accepted "$command"
		for option in $options; do
			name=${option%=}
			n=$((n + 1))
			if [ ${#name} -eq 1 ] && [ "$option" = "$name" ]; then
				[ "$command" = global ] || accepted "$command" "-$name"
			elif [ ${#name} -eq 1 ]; then
				accepted "$command" "-$name" "$(value "$name")"
				accepted "$command" "-$name$(value "$name")"
			elif [ "$option" = "$name" ]; then
				[ "$command/$name" != global/version ] || continue
				for dashes in - --; do
					accepted "$command" "$dashes$name"
					accepted "$command" "$dashes$name=true"
					accepted "$command" "$dashes$name=false"
				done
			else
				for dashes in - --; do
					accepted "$command" "$dashes$name" "$(value "$name")"
					accepted "$command" "$dashes$name=$(value "$name")"
				done
			fi
		done
	done <<<"$peers"
	[ "$n" -gt 50 ]
	rm -f "$T/log"
}

@test "the version, as Docker's daemon reads it" {
	for spelling in -v -V --version -version; do
		try rl "$spelling"
		equal "$status$stderr" 0
		sed -n 1p "$T/try.out" | grep -qE '^rootlet version [0-9]+\.[0-9]+'
		sed -n 2p "$T/try.out" | grep -qE '^commit: .+'
		sed -n 3p "$T/try.out" | grep -qE '^spec: 1\.[0-9]+\.[0-9]+$'
	done
}

@test "options that mean nothing here change nothing" {
	bundle_args echo ran
	try rl --rootless=true --criu /no/such/criu --debug=false run -no-subreaper=false \
		--bundle "$B" "$C"
	equal "$status$output$stderr" 0ran
}

@test "what no peer knows is refused by name, by every command" {
	local command
	for command in $(rl --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
		try rl "$command" --nonsense x
		# A failed exec has runc's status for it.
		[ "$command" != exec ] || { equal "$status" 255 && status=1; }
		refused "$command: unknown option --nonsense"
	done
	try rl --nonsense
	refused "unknown option --nonsense"
}
