# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Text for another shell; status, output, T: of helpers.bash
# shellcheck disable=SC2016,SC2034,SC2154
# A person at a terminal: a pseudo-terminal, what is typed there, what appears.

# on_terminal SHELL-TEXT: runs it with a pseudo-terminal (24x80, unless it changes that) in the
# background. What appears there is in T/screen; `keys` types. RUN in the text runs the bundle, EXEC
# is exec with its options to follow.
on_terminal() {
	local rootlet='env ROOTLET_TEST=$C "$ROOTLET" --root "$T/state"' text
	text=${1//RUN/$rootlet run --bundle \"\$B\" \"\$C\"}
	text=${text//EXEC/$rootlet exec}
	mkfifo "$T/keys"
	printf 'tty >"$T/tty"; stty rows 24 cols 80\n%s\n' "$text" >"$T/commands"
	command script -qefc 'sh "$T/commands"' /dev/null <"$T/keys" >"$T/screen" 2>&1 3>&- &
	terminal=$!
	exec 8>"$T/keys"
}

# keys TEXT: types it (escapes as printf has them).
keys() {
	printf '%b' "$1" >&8
}

# on_screen TEXT: waits for it.
on_screen() {
	wait_for grep -qF -- "$1" "$T/screen" || fail "on the screen: $(cat "$T/screen")"
}

# terminal_ends: waits; sets `status` and `output`.
terminal_ends() {
	status=0
	wait "$terminal" || status=$?
	exec 8>&-
	output=$(tr -d '\r' <"$T/screen")
}
