#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# inside: runs bats files, or a command, in a test room. Started there by root, outside of any
# session.
#
#   inside.sh tests FILE.bats...         relative to the sources
#   inside.sh command user|root COMMAND...
#   inside.sh terminal user|root COMMAND...
#
# What an ordinary user runs, runs in a login session of theirs, which logind and PAM make as for
# ssh: a scope that belongs to the system's manager, with the user's own manager and bus beside it.
#
# From the environment: ROOTLET_ROOM (session or vm), ROOM_USER, ROOM_OTHER, ROOM_LIMIT (seconds for
# one file), ROOM_FILTER, and ROOM_RESULTS, a folder for logs and core files.
set -eu

source=/srv/rootlet/source
build=/srv/rootlet/build

# session user|root [OPTION-OF-SYSTEMD-RUN...] -- COMMAND...
session() {
	local who=$1 name
	local -a options
	shift
	# Not --service-type=exec: of a service with PAM, systemd 252 never learns that it was
	# executed, and ends it after 90 s.
	options=(--quiet --wait --collect --service-type=simple -p LimitCORE=infinity \
		-p TasksMax=infinity
		-E LANG=C.UTF-8 -E "TERM=${TERM:-dumb}" \
			-E PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin
		-E "ROOTLET=$build/rootlet" -E "ROOTLET_SRCDIR=$source" -E "ROOTLET_BUILDDIR=$build"
		-E "ROOTLET_TEST_USER=$ROOM_USER" -E "ROOTLET_ROOM=$ROOTLET_ROOM" \
			-E BATS_TEST_TIMEOUT="${ROOM_TEST_LIMIT:-300}")
	for name in "${!ROOTLET_KILLS@}"; do
		options+=(-E "$name=${!name}")
	done
	if [ "$who" = root ]; then
		options+=(-E HOME=/root -p WorkingDirectory=/root)
	else
		options+=(-p "User=$ROOM_USER" -p PAMName=login -E XDG_SESSION_CLASS=user \
			-E XDG_SESSION_TYPE=tty
			-p "WorkingDirectory=/home/$ROOM_USER")
	fi
	systemd-run "${options[@]}" "$@"
}

# user_units: the scopes of the user's manager, and what failed there.
user_units() {
	setpriv --reuid="$ROOM_USER" --regid="$ROOM_USER" --init-groups env \
		"XDG_RUNTIME_DIR=/run/user/$(id -u "$ROOM_USER")" \
		systemctl --user list-units --all --plain --no-legend |
		awk '$1 ~ /\.scope$/ || $3 == "failed" { print $1 }'
}

# cores: moves the core files away, and names them. The working folders are where a kernel that
# isn't ours puts them.
cores() {
	local file
	for file in /home/"$ROOM_USER"/core* /root/core* /var/tmp/cores/core*; do
		if [ -f "$file" ]; then
			mkdir -p "$ROOM_RESULTS/cores"
			mv "$file" "$ROOM_RESULTS/cores/"
			echo "${file##*/}"
		fi
	done
}

# tidy FILE BEFORE: is anything of a file's left in the machine?
tidy() {
	local after left
	after=$(user_units)
	left=$(comm -13 <(sort <<<"$2") <(sort <<<"$after") | tr '\n' ' ')
	left="$left$(cores | tr '\n' ' ')"
	if [ -n "$left" ]; then
		echo "# left: $left"
		echo "# room: left"
	else
		echo "# room: tidy"
	fi
}

# other_without_manager: what a file before this one may have changed, if only by su, whose session
# leaves a manager behind for a while.
other_without_manager() {
	local id
	id=$(id -u "$ROOM_OTHER")
	if [ -e "/run/user/$id" ] || [ -e "/var/lib/systemd/linger/$ROOM_OTHER" ]; then
		loginctl disable-linger "$ROOM_OTHER"
		systemctl stop "user@$id.service" "user-runtime-dir@$id.service"
	fi
}

tests() {
	local file who status before
	local -a bats=(bats --formatter tap)
	[ -z "${ROOM_FILTER:-}" ] || bats+=(--filter "$ROOM_FILTER")
	# What the session room shows just as well takes ten times as long there.
	[ "$ROOTLET_ROOM" != vm ] || bats+=(--filter-tags '!not-vm')
	for file in "$@"; do
		who=user
		case $file in
		*/root/*) who=root ;;
		esac
		echo "# room: begin ${file#tests/integration/}"
		other_without_manager
		before=$(user_units)
		status=0
		session "$who" --pipe -- timeout -k 10 "$ROOM_LIMIT" "${bats[@]}" "$source/$file" \
			</dev/null 2>&1 || status=$?
		tidy "$file" "$before"
		echo "# room: end $status"
	done
	echo "# room: done"
}

action=$1
shift
case $action in
tests) tests "$@" ;;
command) session "$1" --pipe -- "${@:2}" ;;
terminal) session "$1" --pty -- "${@:2}" ;;
*) echo "inside.sh: $action: no such action" >&2 && exit 2 ;;
esac
