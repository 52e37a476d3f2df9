# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# machine: what the scripts need of the machine. Packages, an ordinary user with subordinate ids,
# and a place to build. Sourced by tests/run.sh, tests/bench/start.sh and examples/quickstart.sh,
# under bash -eu.
#
# The caller sets machine_name (for messages) before it sources this file.

# shellcheck disable=SC2034 # for those who source this
# What ./autogen.sh && ./configure && make needs, and what rootlet needs to run.
machine_build_packages='gcc make libc6-dev autoconf automake pkg-config libyajl-dev'
machine_build_packages="$machine_build_packages libcap-dev libseccomp-dev libsystemd-dev"
# shellcheck disable=SC2034
machine_run_packages='uidmap slirp4netns'

say() {
	printf '%s: %s\n' "${machine_name:-rootlet}" "$*"
}

die() {
	printf '%s: %s\n' "${machine_name:-rootlet}" "$*" >&2
	exit 1
}

is_root() {
	[ "$(id -u)" -eq 0 ]
}

# as_root COMMAND...: directly, or through sudo.
as_root() {
	if is_root; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "this needs root, and there is no sudo: $*"
	fi
}

# machine_missing PACKAGE...: prints those that are not installed.
machine_missing() {
	local package state
	for package in "$@"; do
		state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || state=
		if [ "$state" != installed ]; then
			printf '%s\n' "$package"
		fi
	done
}

# machine_install yes|no PACKAGE...: installs what is missing and says so; with "no", refuses with
# the list.
machine_install() {
	local allowed=$1
	local -a missing
	shift
	command -v dpkg-query >/dev/null || die \
		"this script installs Debian packages, and this is no Debian. Needed: $*"
	mapfile -t missing < <(machine_missing "$@")
	if [ "${#missing[@]}" -eq 0 ]; then
		say "nothing to install"
		return 0
	fi
	if [ "$allowed" = no ]; then
		die "missing, and not installed because of --no-install:
  apt-get install ${missing[*]}"
	fi
	say "installing ${missing[*]}"
	if ! ls /var/lib/apt/lists/*Packages* >/dev/null 2>&1; then
		machine_apt update || die "apt-get update failed"
	fi
	if ! machine_apt install --yes --no-install-recommends "${missing[@]}"; then
		# Lists that are older than the archive name packages that are gone.
		say "trying again with new package lists"
		machine_apt update || die "apt-get update failed"
		machine_apt install --yes --no-install-recommends "${missing[@]}" ||
			die "apt-get install ${missing[*]} failed"
	fi
}

# machine_apt ARGUMENT...: quiet, unless it fails.
machine_apt() {
	local output
	output=$(as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o Dpkg::Use-Pty=0 \
		"$@" 2>&1 </dev/null) || {
		tail -n 20 <<<"$output" | sed 's/^/    | /' >&2
		return 1
	}
}

# machine_ranges FILE NAME: succeeds if NAME, by name or by number, has a range of at least 65536
# ids in FILE.
machine_ranges() {
	[ -r "$1" ] && awk -F: -v name="$2" -v id="$(id -u "$2")" '
		($1 == name || $1 == id) && $3 >= 65536 { found = 1 } END { exit !found }' "$1"
}

# machine_free_range: the first id of 65536 that nobody has in /etc/subuid or /etc/subgid, from
# 100000 up.
machine_free_range() {
	cat /etc/subuid /etc/subgid 2>/dev/null | awk -F: '
		BEGIN { next_free = 100000 }
		NF == 3 && $2 + $3 > next_free { next_free = $2 + $3 }
		END { print next_free }'
}

# machine_subordinate NAME: sees to it that NAME has ranges.
machine_subordinate() {
	local name=$1 first
	if ! machine_ranges /etc/subuid "$name"; then
		first=$(machine_free_range)
		say "giving $name the subordinate uids $first to $((first + 65535))"
		as_root usermod --add-subuids "$first-$((first + 65535))" "$name"
	fi
	if ! machine_ranges /etc/subgid "$name"; then
		first=$(machine_free_range)
		say "giving $name the subordinate gids $first to $((first + 65535))"
		as_root usermod --add-subgids "$first-$((first + 65535))" "$name"
	fi
}

# machine_user NAME: sees to it that the ordinary user NAME exists, with ranges and a runtime
# folder. Sets user, user_uid, user_gid, user_home. Only root can do this for others; anyone can for
# themself.
machine_user() {
	user=$1
	if ! id -u "$user" >/dev/null 2>&1; then
		say "making the ordinary user $user (userdel -r $user removes it again)"
		as_root touch /etc/subuid /etc/subgid
		as_root useradd --create-home --shell /bin/bash "$user"
	fi
	machine_subordinate "$user"
	user_uid=$(id -u "$user")
	user_gid=$(id -g "$user")
	user_home=$(getent passwd "$user" | cut -d: -f6)
	if [ ! -d "/run/user/$user_uid" ]; then
		as_root mkdir -p /run/user
		as_root install -d -m 0700 -o "$user_uid" -g "$user_gid" "/run/user/$user_uid"
	fi
}

# machine_tun: sees to it that an ordinary user may open the tun device, as udev has it on a machine
# that has udev.
machine_tun() {
	if [ ! -c /dev/net/tun ]; then
		as_root mkdir -p /dev/net
		as_root mknod /dev/net/tun c 10 200 2>/dev/null || return 0
	fi
	if [ "$(stat -c %a /dev/net/tun)" != 666 ]; then
		say "making /dev/net/tun accessible to everyone"
		as_root chmod 0666 /dev/net/tun
	fi
}

# machine_keys: sees to it that the user may have more keys. A container's session keyring is one,
# and so is that of each zombie that pid 1 does not wait for; the kernel allows some 200.
machine_keys() {
	local have most
	read -r have most \
		< <(awk -v uid="$user_uid:" '$1 == uid {
			split($4, keys, "/")
			print keys[1], keys[2]
		}' /proc/key-users) || return 0
	[ "$user_uid" -ne 0 ] && [ "$((most - have))" -lt 100 ] || return 0
	say "$user has $have of $most keys: allowing everyone $((have + 200)) \
(sysctl kernel.keys.maxkeys)"
	as_root sysctl -qw "kernel.keys.maxkeys=$((have + 200))" \
		"kernel.keys.maxbytes=$((20000 + have * 100))" || true
}

# as_user COMMAND...: as that user, with the environment of a fresh login and nothing of ours. What
# the caller wants inside goes before the command as VAR=VALUE.
as_user() {
	local -a environment
	environment=(env -i "HOME=$user_home" "USER=$user" "LOGNAME=$user" SHELL=/bin/bash \
		"TERM=${TERM:-dumb}"
		LANG=C.UTF-8 PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin
		"XDG_RUNTIME_DIR=/run/user/$user_uid")
	if [ -S "/run/user/$user_uid/bus" ]; then
		environment+=("DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/$user_uid/bus")
	fi
	if [ "$(id -u)" -eq "$user_uid" ]; then
		"${environment[@]}" "$@"
	else
		as_root setpriv "--reuid=$user_uid" "--regid=$user_gid" --init-groups \
			--inh-caps=-all \
			"${environment[@]}" "$@"
	fi
}

# machine_copy SOURCE TARGET: the sources without what was built in place, for a user who may not
# read SOURCE. TARGET is a folder of that user.
machine_copy() {
	local source=$1 target=$2 commit=unknown
	if [ -e "$source/.git" ] && command -v git >/dev/null; then
		commit=$(git -C "$source" -c safe.directory='*' describe --always \
			--abbrev=40 --exclude='*' --dirty 2>/dev/null) ||
			commit=unknown
	fi
	tar -C "$source" -cf - --exclude-vcs --exclude='./build-*' --exclude=./autom4te.cache \
		--exclude=./configure --exclude=./aclocal.m4 --exclude=./config.h \
		--exclude=./config.h.in --exclude=./config.status --exclude=./config.log \
		--exclude=./stamp-h1 --exclude=./Makefile --exclude=./Makefile.in --exclude='*.o' \
		--exclude='*.a' --exclude='*.log' --exclude='*.trs' --exclude=.deps \
		--exclude=.dirstamp --exclude=./rootlet --exclude=./commit.h . |
		as_user tar -C "$target" --no-same-owner -xf -
	echo "$commit" | as_user tee "$target/.commit" >/dev/null
}
