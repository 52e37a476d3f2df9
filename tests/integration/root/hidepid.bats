#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154
# A host whose procfs hides the processes of others (hidepid=, proc(5)): a container's process with
# a subordinate id is such a one.

load ../helpers

setup() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	[ -n "${ROOTLET_TEST_USER:-}" ] || skip "needs an ordinary user: ROOTLET_TEST_USER"
	container_setup --rootless
	chmod 0755 "$T"
	chown -R "$ROOTLET_TEST_USER:" "$T"
}

# hiding WAY COMMAND...: the shell command as the ordinary user, where /proc is mounted so.
hiding() {
	timeout -k 1 60 unshare --mount --propagation private sh -ec '
		mount -t proc -o "hidepid=$1" proc /proc
		exec setpriv "--reuid=$2" "--regid=$3" --init-groups --inh-caps=-all env -i \
			PATH=/usr/local/bin:/usr/bin:/bin HOME=/ "ROOTLET_TEST=$4" \
			rl="$5 --root $6" B="$7" C="$4" sh -c "$8"' - \
		"$1" "$(id -u "$ROOTLET_TEST_USER")" \
		"$(id -g "$ROOTLET_TEST_USER")" "$C" "$ROOTLET" "$T/state" "$B" "$2" \
		</dev/null 3>&-
}

@test "root: hidden processes: started, found, executed in, ended" {
	local way
	config '.process.user = {uid: 1000, gid: 1000}'
	bundle_args sleep 1000
	for way in 1 2 4; do
		try hiding "$way" '$rl run --detach --bundle "$B" "$C" >/dev/null
			$rl state "$C" | jq -r .status
			$rl exec "$C" id -u; $rl exec -u 0 "$C" id -u
			$rl ps -f json "$C" | jq length
			$rl kill "$C" KILL; $rl wait "$C"; $rl delete "$C"; $rl list -q'
		equal "$stderr$output" $'running\n1000\n0\n1\n137'
	done
}

@test "root: hidden processes: create and start, and namespaces joined" {
	config '.process.user = {uid: 1000, gid: 1000}'
	bundle_args sleep 1000
	try hiding 2 '$rl create --bundle "$B" "$C" >/dev/null; $rl state "$C" | jq -r .status
		$rl start "$C"; $rl state "$C" | jq -r .status
		pid=$($rl state "$C" | jq .pid)
		jq --arg p "/proc/$pid/ns/user" ".linux.namespaces |= map(select(.type != \"user\"))
			+ [{type: \"user\", path: \$p}]
			| del(.linux.uidMappings, .linux.gidMappings)
			| .process.args = [\"id\", \"-u\"]" "$B/config.json" >"$B/joins.json"
		$rl run --bundle "$B" --config "$B/joins.json" "$C-2"
		$rl delete --force "$C"
		$rl list -q'
	equal "$stderr$output" $'created\nrunning\n1000'
}
