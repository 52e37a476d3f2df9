#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Device rules at a scope of systemd: whatever the manager does to its units, they stay.
# rooms: session
# shellcheck disable=SC2016,SC2154

load ../helpers

setup() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	container_setup --rootless=false
	config '.process.capabilities |= map_values(. + ["CAP_MKNOD"])
		| .linux.resources.devices = [{allow: false}, {allow: true, type: "c", major: 10,
		minor: 229}]'
	script 'mknod /dev/yes c 10 229; mknod /dev/no c 10 250; echo made >/tmp/made;
		exec sleep 1000'
	rl --cgroup-manager systemd run -d --bundle "$B" "$C"
	wait_for test -s "$B/rootfs/tmp/made"
}

held() {
	equal "$(rl exec "$C" sh -c 'for n in yes no; do (exec 3<>/dev/$n) 2>&1 && echo opens;
		done')" "opens
sh: can't create /dev/no: Operation not permitted"
}

reloaded() {
	[ "$(systemctl show --property ActiveState --value "rootlet-$C.scope")" = active ]
}

@test "root: they outlive daemon-reload, daemon-reexec, and a change of the scope" {
	held
	systemctl daemon-reload
	held
	systemctl daemon-reexec
	wait_for reloaded
	held
	systemctl set-property --runtime "rootlet-$C.scope" TasksMax=77
	held
	rl update --resources - "$C" <<<'{"unified": {"cgroup.max.depth": "9"}}'
	held
	rl delete --force "$C"
	systemctl daemon-reload
}

@test "root: an update of them outlives a reload too, and what another puts at the cgroup stays" {
	rl update --resources - "$C" <<<'{"devices": [{"allow": false}]}'
	systemctl daemon-reload
	equal "$(rl exec "$C" sh -c '(exec 3<>/dev/yes) 2>&1')" \
		"sh: can't create /dev/yes: Operation not permitted"
	# A program of systemd's own, for what the scope was given by somebody else.
	systemctl set-property --runtime "rootlet-$C.scope" 'DeviceAllow=char-pts rw'
	rl update --resources - "$C" <<<'{"devices": [{"allow": true}]}'
	equal "$(rl exec "$C" sh -c '(exec 3<>/dev/yes) 2>&1')" \
		"sh: can't create /dev/yes: Operation not permitted"
	systemctl set-property --runtime "rootlet-$C.scope" DeviceAllow=
	equal "$(rl exec "$C" sh -c '(exec 3<>/dev/yes) 2>&1 && echo opens')" opens
	rl delete --force "$C"
}
