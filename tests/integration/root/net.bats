# SPDX-License-Identifier: Apache-2.0
# A network is made while the ids are still being mapped. Here newuidmap is slow, or fails: only
# root can make one that an ordinary user's rootlet takes.
#
# shellcheck disable=SC2016

load ../helpers

setup() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	[ -n "${ROOTLET_TEST_USER:-}" ] || skip "needs an ordinary user: ROOTLET_TEST_USER"
	container_setup --rootless --net=slirp4netns
	chmod 0755 "$T"
	mkdir "$T/state" "$T/bin" "$T/told"
	script 'ip addr show tap0'
	chown -R "$ROOTLET_TEST_USER:" "$B" "$T/state" "$T/told"
}

# program NAME TEXT: one that runs TEXT and then, if it comes to that, the real one. The bit does
# nothing for a script, but it is what rootlet looks for.
program() {
	printf '#!/bin/sh\n%s\nexec %s "$@"\n' "$2" "$(type -P "$1")" >"$T/bin/$1"
	chmod 4755 "$T/bin/$1"
}

user_run() {
	try setpriv --reuid "$(id -u "$ROOTLET_TEST_USER")" \
		--regid "$(id -g "$ROOTLET_TEST_USER")" --init-groups --inh-caps=-all \
		env -i "PATH=$T/bin:/usr/local/bin:/usr/bin:/bin" HOME=/ "ROOTLET_TEST=$C" \
		"$ROOTLET" --root "$T/state" run --bundle "$B" "$@" "$C" 3>&-
}

@test "root: the device is there before the ids are mapped; slirp4netns begins when they are" {
	program newuidmap \
		"sleep 0.5; cat /proc/\$1/net/dev >$T/told/devices; cat /proc/\$1/uid_map \
>$T/told/map"
	program slirp4netns \
		"[ \"\$1\" = --version ] || { ls $T/told && echo begun; } >>$T/told/begun"
	user_run
	[ "$status" -eq 0 ] || fail "$stderr"
	has "$output" "inet 10.0.2.100/24"
	grep -q tap0 "$T/told/devices"
	equal "$(cat "$T/told/map")" ""
	equal "$(cat "$T/told/begun")" $'begun\ndevices\nmap\nbegun'
}

@test "root: ids that can't be mapped after all: nothing of the network is left" {
	program newuidmap "sleep 0.2; echo 'newuidmap: out of order' >&2; exit 1"
	program slirp4netns "[ \"\$1\" = --version ] || echo \$\$ >>$T/told/begun"
	user_run --publish 127.0.0.1:48080:80
	refused "newuidmap: out of order"
	[[ $stderr != *slirp4netns* ]] || fail "$stderr"
	[ ! -e "$T/told/begun" ] || fail "slirp4netns was started"
	user_run --publish 127.0.0.1:48080:80
	refused "newuidmap: out of order"
}

@test "root: a container that fails while its ids are mapped says why" {
	program newuidmap "sleep 0.3"
	# Of a namespace that is no namespace: the guest finds out before it waits for its ids.
	config '.linux.namespaces |= map(if .type == "ipc" then .path = $p else . end)' --arg p \
		"$B/config.json"
	user_run
	refused ipc
}
