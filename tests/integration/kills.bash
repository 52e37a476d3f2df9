# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
#
# kills: every command, and kill -9 of any of its processes at any moment (tests/guest/kills.py).
# After helpers and net_helpers.
#
# ROOTLET_KILLS (default: 30) rounds; ROOTLET_KILLS_SEED repeats their choices, though not their
# timing; ROOTLET_KILLS_ONLY is a regular expression for the commands.

# kills [OPTION...]: global options.
kills() {
	local seed=${ROOTLET_KILLS_SEED:-$RANDOM} rounds=${ROOTLET_KILLS:-30}
	echo "# ROOTLET_KILLS_SEED=$seed" >&3
	script 'exec sleep 1000'
	config '.hooks = ({prestart: [], createRuntime: [], createContainer: [],
		startContainer: [], poststart: [], poststop: []}
		| map_values([{path: "/bin/sleep", args: ["sleep", "0.01"]}]))'
	try python3 "$ROOTLET_SRCDIR/tests/guest/kills.py" "$ROOTLET" "$T/state" "$B" "$C" \
		"$(free_port)" "$seed" "$rounds" "$@"
	[ "$status" -eq 0 ] || fail "$stderr$output"
	while read -r line; do
		echo "# $line" >&3
	done <<<"$output"
}
