# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# files: which bats files run where. Sourced by tests/run.sh and by the rooms.

# room_of ROOM FILE...: those of the bats files that run in ROOM: host, session or vm. A line "#
# rooms: ROOM..." near the top of a file says so; without one it is for the host.
room_of() {
	local file rooms wanted=$1
	shift
	for file in "$@"; do
		[ -r "$file" ] || continue
		rooms=$(sed -n '1,20s/^# rooms: *//p' "$file")
		case " ${rooms:-host} " in
		*" $wanted "*) printf '%s\n' "$file" ;;
		esac
	done
}

# alone FILE..., beside FILE...: those that have a line "# alone" near their top, or have none.
# What is measured there, or looked at in the whole machine, would be disturbed by other tests.
alone() {
	local file
	for file in "$@"; do
		! head -n 20 "$file" | grep -q '^# alone' || printf '%s\n' "$file"
	done
}

beside() {
	local file
	for file in "$@"; do
		head -n 20 "$file" | grep -q '^# alone' || printf '%s\n' "$file"
	done
}

# by_tests FILE...: those with the most tests first, so that no long one is left for the end.
by_tests() {
	local file
	for file in "$@"; do
		printf '%d %s\n' "$(grep -c '^@test' "$file")" "$file"
	done | sort -rn | cut -d' ' -f2
}
