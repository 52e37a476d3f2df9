# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # status, output, stderr: of helpers' `try`
#
# pid_namespaces: a container that was made in one pid namespace, and commands in another. Tried:
# without the number of the namespace in its state each of them called it stopped, and `delete`
# removed it while it ran.

# elsewhere PROC ARGUMENT...: rootlet in a pid namespace of its own; PROC: fresh or old, what /proc
# shows there.
elsewhere() {
	local -a how=(--pid --fork)
	[ "$1" = old ] || how+=(--mount-proc)
	[ "$(id -u)" -eq 0 ] || how+=(--map-root-user --map-auto)
	shift
	ROOTLET_TEST=$C unshare "${how[@]}" "$ROOTLET" --root "$T/state" "$@" 3>&-
}

# refuses_to WORDS ARGUMENT...: with that in the message, and the container runs on.
refuses_to() {
	local words=$1
	shift
	try elsewhere "$proc" "$@"
	[ "$status" -ne 0 ] || fail "no error"
	equal "$output" ""
	has "$stderr" "$words"
	equal "$(wc -l <"$T/try.err")" 1
	kill -0 "$pid"
	status_is running
}

# made_there [OPTION...]: global ones. The container has no cgroup by which it could be reached.
made_there() {
	local proc pid
	script 'exec sleep 1000'
	rl "$@" run --detach --bundle "$B" "$C" </dev/null >/dev/null
	pid=$(pid_of)
	for proc in fresh old; do
		try elsewhere "$proc" state "$C"
		equal "$(jq -c '[.status, .pid]' <<<"$output")" '["running",0]'
		refuses_to "that is not stopped: running" delete "$C"
		refuses_to "made in another pid namespace" delete --force "$C"
		has "$stderr" "remove the folder $T/state/$C"
		refuses_to "made in another pid namespace" kill "$C" KILL
		refuses_to "made in another pid namespace" exec "$C" true
		refuses_to "made in another pid namespace" ps --format json "$C"
		refuses_to "made in another pid namespace" run --net="container:$C" --bundle "$B" \
			"$C-2"
	done
	rl delete --force "$C"
	# One whose end nobody records.
	rl "$@" create --bundle "$B" "$C" </dev/null >/dev/null
	try elsewhere fresh wait "$C"
	[ "$status" -ne 0 ] || fail "no error"
	has "$stderr" "made in another pid namespace"
	try elsewhere fresh delete "$C"
	has "$stderr" "made in another pid namespace"
	status_is created
	rl delete --force "$C"
}
