#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# systemd as PID 1 of a container: a Debian that boots, in a cgroup that is its own to divide.
# rooms: session vm
# Programs for the container's shell; output, stderr: of helpers' `try`
# shellcheck disable=SC2016,SC2154

load helpers
load debian

setup() {
	debian_setup
	before=$(user_units)
	debian_systemd
	config '.hostname = "inner"'
}

teardown() {
	container_teardown
	wait_for same_units "$before" || equal "$(user_units)" "$before"
}

# of_unit UNIT PROPERTY: as the inner manager has it.
of_unit() {
	in_inner systemctl show --value --property "$2" "$1"
}

# cgroup_of PID
cgroup_of() {
	sed -n 's/^0:://p' "/proc/$1/cgroup"
}

@test "a Debian boots, each service in a cgroup of its own, and its own way down ends it cleanly" {
	local top pid
	config '.linux.resources.unified = {"cgroup.max.depth": "20"}'
	[ "$ROOTLET_ROOM" != vm ] || config \
		'.linux.resources += {memory: {limit: 402653184}, pids: {limit: 300}}'
	debian_boots
	equal "$output" running || fail \
		"$(in_inner systemctl --failed --plain --no-legend; in_inner journalctl \
		-b --no-pager -p warning)"
	equal "$(in_inner journalctl -b --no-pager --quiet -p warning --grep cgroup)" ""
	# The limits are seen in there, and what the init can hand down is handed down.
	equal "$(in_inner cat /sys/fs/cgroup/cgroup.max.depth)" 20
	if [ "$ROOTLET_ROOM" = vm ]; then
		equal "$(in_inner cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max)" \
			$'402653184\n300'
		equal "$(in_inner cat /sys/fs/cgroup/cgroup.subtree_control)" "memory pids"
	fi
	# From inside, and from outside.
	equal "$(in_inner sed -n 's/^0:://p' /proc/1/cgroup)" /init.scope
	pid=$(of_unit dbus MainPID)
	equal "$(in_inner sed -n 's/^0:://p' "/proc/$pid/cgroup")" /system.slice/dbus.service
	top=$(cgroup_of "$(pid_of)")
	has "$top" "/user@$(id -u).service/app.slice/rootlet-$C.scope/container/init.scope"
	top=/sys/fs/cgroup${top%/init.scope}
	[ -n "$(cat "$top/system.slice/dbus.service/cgroup.procs")" ]
	# A process of ours is beside init: the container's own cgroup must have none.
	equal "$(in_inner sed -n 's/^0:://p' /proc/self/cgroup)" /init.scope
	# A service starts, is where the manager says, has its own limit, and ends with what it has
	# started.
	in_inner systemd-run --quiet --unit=twice -p TasksMax=40 sh \
		-c 'sleep 1000 & exec sleep 1000'
	equal "$(of_unit twice ActiveState) $(of_unit twice ControlGroup)" \
		"active /system.slice/twice.service"
	wait_for sh -c '[ "$(wc -l <"$0")" -eq 2 ]' "$top/system.slice/twice.service/cgroup.procs"
	[ "$ROOTLET_ROOM" != vm ] || equal \
		"$(in_inner cat /sys/fs/cgroup/system.slice/twice.service/pids.max)" 40
	in_inner systemctl stop twice
	[ ! -e "$top/system.slice/twice.service" ]
	# Who logs in there has a manager of their own, with cgroups below it.
	in_inner useradd --create-home --uid 1000 bob
	try in_inner systemd-run --quiet --pipe --wait -p User=bob -p PAMName=login sh \
		-c 'export XDG_RUNTIME_DIR=/run/user/1000
		sed -n s/^0:://p /proc/self/cgroup; systemctl --user is-system-running --wait
		systemd-run --user --scope --quiet --unit=mine -p Delegate=yes sed -n s/^0:://p \
		/proc/self/cgroup'
	[[ $output == /user.slice/user-1000.slice/session-*.scope$'\n'* ]] ||
		fail "bob is in $output"
	equal "${output#*$'\n'}" "running
/user.slice/user-1000.slice/user@1000.service/app.slice/mine.scope"
	# Not by a signal's number, but by what systemd makes of it: everything is stopped in order.
	rl kill "$C" SIGRTMIN+3
	try rl wait "$C"
	equal "$output" 0
	rl delete "$C"
	[ ! -e "$top" ]
}
