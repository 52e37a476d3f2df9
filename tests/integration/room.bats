#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154,SC2016 # output: of helpers' `try`; programs for another shell
# The test rooms themselves: do they have what they are for?
#
# rooms: session vm

load helpers

manager() {
	echo "/user.slice/user-$(id -u).slice/user@$(id -u).service"
}

@test "room: an ordinary user, in a login session's scope, with a bus and a manager that answer" {
	[ "$(id -u)" -eq 1000 ]
	[[ $(sed -n 's/^0:://p' /proc/self/cgroup) == /user.slice/user-1000.slice/session-*.scope ]]
	equal "$XDG_RUNTIME_DIR" /run/user/1000
	equal "$DBUS_SESSION_BUS_ADDRESS" unix:path=/run/user/1000/bus
	equal "$(stat -c '%F %u' /run/user/1000/bus /run/user/1000/systemd/private)" \
		$'socket 1000\nsocket 1000'
	equal "$(systemctl --user is-system-running)" running
	equal "$(busctl --user get-property org.freedesktop.systemd1 /org/freedesktop/systemd1 \
		org.freedesktop.systemd1.Manager ControlGroup)" \
		"s \"$(manager)\""
	equal "$(loginctl show-user rootlet-test -p Linger)" Linger=yes
	equal "$(loginctl show-session "$XDG_SESSION_ID" -p Class)" Class=user
}

@test "room: no bus of another user, no manager of a user who doesn't linger" {
	equal "$(sudo -n -u rootlet-other id -u)" 1001
	equal "$(sudo -n ls /run/user)" 1000
}

@test "room: cgroup v2 and nothing else, delegated by a scope of the user's" {
	equal "$(stat -f -c %T /sys/fs/cgroup)" cgroup2fs
	try systemd-run --user --scope --quiet -p Delegate=yes -- sh -c '
		group=/sys/fs/cgroup$(sed -n "s/^0:://p" /proc/self/cgroup)
		mkdir "$group/inner" && echo $$ >"$group/inner/cgroup.procs" &&
		cat /proc/self/cgroup'
	equal "$status" 0
	[[ $(sed -n 's/^0:://p' <<<"$output") == "$(manager)"/app.slice/run-*.scope/inner ]]
}

@test "room: the user's manager has the controllers of this machine" {
	equal "$(cat "/sys/fs/cgroup$(manager)/cgroup.controllers")" "$(
		if [ "$ROOTLET_ROOM" = vm ]; then
			echo cpuset cpu io memory pids
		else
			# As the outer machine has them, in the same order.
			tr ' ' '\n' </sys/fs/cgroup/cgroup.controllers |
				grep -xE 'cpuset|cpu|io|memory|pids' | paste -sd ' '
		fi
	)"
}

@test "room: sources and build can't be written to, and there is no network" {
	not touch "$ROOTLET_SRCDIR/file"
	not touch "$ROOTLET_BUILDDIR/file"
	not sudo -n touch "$ROOTLET"
	equal "$(ip -o link show | cut -d' ' -f2)" lo:
}

@test "room: a container in its own user namespace has its own /proc and /sys" {
	inside 'grep -E " /(proc|sys) " /proc/mounts | cut -d" " -f1-3;
		ls /proc/self/status /sys/class/net/lo/address'
	equal "$output" \
		$'proc /proc proc\nsysfs /sys sysfs\n/proc/self/status\n/sys/class/net/lo/address'
}
