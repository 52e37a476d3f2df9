#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rootlet inside rootlet, in a container that systemd runs.
# rooms: session
# Programs for the container's shell; output, stderr: of helpers' `try`
# shellcheck disable=SC2016,SC2154

load helpers
load debian
load nested

# scope_of ID COMMAND...: the cgroup of a detached container that is started behind COMMAND, and a
# limit it reads there.
scope_of() {
	in_inner sh -euc '
		id=$0
		"$@" rootlet run --detach --bundle /srv/bundle "$id" </dev/null >/dev/null
		sed -n s/^0:://p /proc/$("$@" rootlet state "$id" | jq .pid)/cgroup
		"$@" rootlet exec "$id" cat /sys/fs/cgroup/cgroup.max.descendants
		"$@" rootlet delete --force "$id"' "$@"
}

no_scopes() {
	[ -z "$(in_inner systemctl list-units --plain --no-legend --all 'rootlet-*')" ]
}

@test "in a container that systemd runs: a scope of its manager, for a user of the user's" {
	debian_systemd
	debian_boots
	equal "$output" running
	bob_is_there
	capable_helpers
	inner \
		'.process.args = ["sleep", "1000"] | .linux.resources.unified = '\
'{"cgroup.max.descendants": "7"}'
	try scope_of one env
	equal "$stderr$output" $'/system.slice/rootlet-one.scope/container\n7'
	# bob's manager is there as long as he has a session, or lingers; what cron would start has
	# nothing in its environment.
	in_inner loginctl enable-linger bob
	wait_for in_inner test -S /run/user/1000/systemd/private
	try scope_of two setpriv --reuid=1000 --regid=1000 --init-groups --inh-caps=-all env \
		-i PATH=/usr/local/bin:/usr/bin:/bin
	equal "$stderr$output" \
		$'/user.slice/user-1000.slice/user@1000.service'\
$'/app.slice/rootlet-two.scope/container\n7'
	wait_for no_scopes
	equal "$(in_inner sh -c 'find /sys/fs/cgroup -name "rootlet-*"')" ""
	rl delete --force "$C"
}
