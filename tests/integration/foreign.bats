#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rooms: host session
# Folders that are not rootlet's: --root and the ID can name any folder of the user's, and nothing
# in it may be touched that rootlet did not make.
# status, output and stderr come from `try`.
# shellcheck disable=SC2154,SC2153,SC2016,SC2030,SC2031

load helpers

# look DIR: all that is in it, with modes and contents.
look() {
	(cd "$1" && find . -printf '%p %m %s %l\n' | sort && find . -type f -exec cksum {} + | sort)
}

# at ROOT ARGUMENT...
at() {
	local root=$1
	shift
	ROOTLET_TEST=$C "$ROOTLET" --root "$root" "$@" 3>&-
}

# left_alone ROOT ID: by every command that makes or removes; each says so in one line.
left_alone() {
	local root=$1 id=$2 before command
	before=$(look "$root")
	for command in "run --bundle $B" "run --keep --bundle $B" "run --detach --bundle $B" \
		"create --bundle $B" "delete" "delete --force" "start"; do
		# shellcheck disable=SC2086 # several words
		try at "$root" $command "$id"
		refused "$id"
		equal "$(look "$root")" "$before"
	done
}

@test "the bundle as --root: its root filesystem is no left-over of a container" {
	cd "$B"
	left_alone . rootfs
	has "$stderr" "/rootfs was not made by rootlet"
}

@test "a folder that holds a config.json, or another runtime's container, is left alone" {
	mkdir -m 0700 "$T/web" "$T/web/site" "$T/web/empty"
	cp "$B/config.json" "$T/web/site"
	left_alone "$T/web" site
	left_alone "$T/web" empty
	# runc's file has the same name.
	echo '{"id": "site", "init_process_pid": 1}' >"$T/web/site/state.json"
	left_alone "$T/web" site
	cp "$B/config.json" "$T/web/site/exit"
	left_alone "$T/web" site
	rm -r "$T/web"
}

@test "a file of somebody's in a left-over, or in a container's folder, keeps it" {
	mkdir -m 0700 "$T/state"
	mkdir -m 1700 "$T/state/$C"
	touch "$T/state/$C/config.json" "$T/state/$C/letter"
	for command in "run --bundle $B" "create --bundle $B" "delete --force"; do
		# shellcheck disable=SC2086 # several words
		try rl $command "$C"
		refused "$T/state/$C/letter was not made by rootlet" "move it away"
		equal "$(ls "$T/state/$C")" "config.json
letter"
	done
	rm "$T/state/$C/letter"
	try rl run --bundle "$B" "$C"
	equal "$status$stderr" 0

	script 'exec sleep 1000'
	rl run --detach --bundle "$B" "$C"
	mkdir "$T/state/$C/letters"
	try rl delete --force "$C"
	refused "$T/state/$C/letters was not made by rootlet"
	wait_for status_is stopped
	rmdir "$T/state/$C/letters"
	rl delete "$C"
}

@test "a folder by the name of a state file: what is in it is not removed" {
	mkdir -m 0700 "$T/state"
	mkdir -m 1700 "$T/state/$C"
	mkdir "$T/state/$C/net"
	touch "$T/state/$C/net/letter"
	try rl delete --force "$C"
	refused "$T/state/$C/net" "move it away"
	[ -e "$T/state/$C/net/letter" ]
	rm "$T/state/$C/net/letter"
	rl delete --force "$C"
	[ ! -e "$T/state/$C" ]
}

# foreign_link TARGET LINK: one that belongs to another user.
foreign_link() {
	ln -s "$1" "$2"
	if [ "$(id -u)" -eq 0 ]; then
		chown -h 12345 "$2"
	else
		unshare --map-auto --map-root-user chown -h 1:1 "$2"
	fi
	[ "$(stat -c %u "$2")" != "$(id -u)" ]
}

@test "links of another user in the path of --root are not followed, one's own are" {
	local command root
	mkdir -m 0700 "$T/web" "$T/web/$C"
	echo keep >"$T/web/$C/index.html"
	foreign_link "$T/web" "$T/foreign"
	ln -s foreign "$T/own"
	for root in "$T"/foreign{,/,/.,/new} "$T"/own{,/x}; do
		for command in "run --bundle $B $C" "create --bundle $B $C" "delete --force $C" \
			"list" "state $C"; do
			# shellcheck disable=SC2086 # several words
			try at "$root" $command
			refused "$root" "symbolic link" "not followed"
		done
	done
	equal "$(find "$T/web" | sort)" "$T/web
$T/web/$C
$T/web/$C/index.html"
	rm "$T/own"
	# The runtime folder too.
	if [ "$(id -u)" -ne 0 ]; then
		try env "XDG_RUNTIME_DIR=$T/foreign" "$ROOTLET" list
		refused "$T/foreign/rootlet" "not followed"
		[ ! -e "$T/web/rootlet" ]
	fi
	ln -s web/../state "$T/own"
	try at "$T/own/a" run --bundle "$B" "$C"
	equal "$status$stderr" 0
	rmdir "$T/state/a"
	rm -r "$T/web"
}
