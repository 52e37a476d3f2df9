# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# files: which bats files run where. Sourced by tests/run.sh and by the rooms.

# room_of ROOM FILE...: those of the bats files that run in ROOM: host, session or vm. A line "# rooms: ROOM..." near the
# top of a file says so; without one it is for the host.
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
