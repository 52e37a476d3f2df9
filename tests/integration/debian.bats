#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A whole Debian as an ordinary user's container: what its own tools need of ids and capabilities.
#
# The tree is made once for this file, by mmdebstrap from the machine's own package sources.
# ROOTLET_DEBIAN_TAR may name a tar file of an earlier run, or where to leave one.
# status, output and stderr come from `try`; what is between single quotes is for the shell inside.
# shellcheck disable=SC2154,SC2153,SC2016,SC2030,SC2031

load helpers

# namespace COMMAND...: with the ids that the container will have, each under the same number.
namespace() {
	unshare --map-root-user --map-auto "$@"
}

why_not() {
	if [ "$(id -u)" -eq 0 ]; then
		echo "for an ordinary user"
	elif ! command -v mmdebstrap >/dev/null; then
		echo "needs mmdebstrap"
	fi
}

setup_file() {
	[ -z "$(why_not)" ] || return 0
	# Not in bats' own folder, which is closed to the subordinate ids.
	debian_dir=$(mktemp -d "${TMPDIR:-/tmp}/rootlet-debian.XXXXXX")
	export debian_dir
	chmod 0755 "$debian_dir"
	local tar=${ROOTLET_DEBIAN_TAR:-$debian_dir/debian.tar}
	if [ ! -e "$tar" ]; then
		# shellcheck source=/dev/null
		TMPDIR=$debian_dir mmdebstrap --quiet --mode=unshare --variant=minbase \
			--include=procps \
			"$(. /etc/os-release && echo "$VERSION_CODENAME")" "$tar" \
			>"$debian_dir/log" 2>&1 </dev/null 3>&- || {
			tail -n 20 "$debian_dir/log" >&2
			return 1
		}
	fi
	mkdir "$debian_dir/debian"
	namespace tar -C "$debian_dir/debian" --exclude='./dev/*' -xpf "$tar"
	rm -f "$debian_dir/debian.tar"
}

teardown_file() {
	[ -z "${debian_dir:-}" ] || remove_tree "$debian_dir"
}

setup() {
	[ -z "$(why_not)" ] || skip "$(why_not)"
	container_setup --rootless
	config '.root.path = $tree' --arg tree "$debian_dir/debian"
}

@test "root of a Debian, with its ids" {
	inside 'id; . /etc/os-release; echo "$ID"; cat /proc/self/uid_map;
		stat -c "%u %g" /etc/passwd /etc/shadow; ps -o comm= -e'
	has "$output" "uid=0(root) gid=0(root) groups=0(root)"
	has "$output" "debian"
	equal "$(grep -cE '^ +[0-9]+ +[0-9]+ +[0-9]+$' <<<"$output")" \
		"$((1 + $(awk -F: -v n="$(id -un)" -v u="$(id -u)" '$1 == n || $1 == u' \
		/etc/subuid | wc -l)))"
	has "$output" "0 0
0 42"
}

@test "useradd, and su to the new user" {
	inside 'useradd -m bob &&
		su bob -c \
		"id; cd; pwd; touch mine; stat -c %U:%G mine; touch /etc/no 2>/dev/null || echo '\
'denied"'
	has "$output" "uid=1000(bob) gid=1000(bob) groups=1000(bob)"
	has "$output" "/home/bob"
	has "$output" "bob:bob"
	has "$output" "denied"
	# It is there in the next container too.
	inside 'stat -c "%U %u" /home/bob; userdel -r bob 2>/dev/null; getent passwd bob ||
		echo gone'
	equal "$output" "bob 1000
gone"
}

@test "chown to nobody, and setuid and setgid bits" {
	inside 'cd /srv; touch a; chown 65534:65534 a; stat -c "%u %g %U" a; chmod 6755 a;
		stat -c %a a; rm a'
	equal "$output" "65534 65534 nobody
6755"
}

@test "apt and dpkg work" {
	inside 'apt-get --version | head -n 1; dpkg --audit; dpkg -l procps | tail -n 1 | cut -c1-2'
	has "$output" "apt "
	has "$output" "ii"
}

@test "a package can be removed and its files belong to whom they should" {
	inside 'dpkg --purge --force-depends procps >/dev/null 2>&1; command -v ps || echo gone
		chown root:shadow /etc/shadow; stat -c "%U:%G" /etc/shadow'
	equal "$output" "gone
root:shadow"
}
