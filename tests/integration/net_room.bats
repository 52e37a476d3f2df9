# SPDX-License-Identifier: Apache-2.0
# A container's network on a machine that is ours as a whole: sockets from systemd, devices as root
# changes them.
#
# rooms: session
#
# shellcheck disable=SC2016,SC2030,SC2031,SC2153,SC2154

load helpers
load net_helpers

teardown() {
	sudo chmod 0666 /dev/net/tun
	container_teardown
}

@test "port 80, by a socket that the system's manager has bound" {
	[ "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" -gt 80 ]
	script 'exec netguest tcp:80'
	try rl run --bundle "$B" --publish 127.0.0.1:80:80 "$C"
	refused "port 80 on the host" "have systemd pass the socket"
	sudo systemd-run --quiet --collect --unit="$C" --uid="$(id -u)" --gid="$(id -g)" \
		--setenv=XDG_RUNTIME_DIR="$XDG_RUNTIME_DIR" --setenv=ROOTLET_TEST="$C" \
		--property=Delegate=yes --socket-property=ListenStream=127.0.0.1:80 \
		--socket-property=BindToDevice=lo --service-type=simple "$ROOTLET" \
		--root "$T/state" run --bundle "$B" --publish 127.0.0.1:80:80 "$C"
	# The first connection starts it.
	wait_for answers 127.0.0.1 80 hello
	equal "$(rl port list "$C")" 127.0.0.1:80:80/tcp
	sudo systemctl stop "$C.socket" "$C.service"
	rl delete --force "$C" 2>/dev/null || true
	refuses 127.0.0.1 80
}

@test "the tun device is root's alone: said, with the remedy; nothing is left" {
	script true
	sudo chmod 0600 /dev/net/tun
	try rl run --bundle "$B" --publish "127.0.0.1:$P:80" "$C"
	refused "the container's network device" "you may not open /dev/net/tun" \
		"sudo chmod 0666 /dev/net/tun"
	refuses 127.0.0.1 "$P"
	sudo chmod 0666 /dev/net/tun
	rl run --bundle "$B" --publish "127.0.0.1:$P:80" "$C"
}

# refused_namespaces [PROPERTY...]: rootlet in a service that may make no user namespace. Not by
# --uid: with a filter, systemd then sets no_new_privs, which is another obstacle.
refused_namespaces() {
	try sudo systemd-run --quiet --pipe --wait --collect --property=RestrictNamespaces=~user \
		--setenv=XDG_RUNTIME_DIR="$XDG_RUNTIME_DIR" --setenv=ROOTLET_TEST="$C" "$@" \
		setpriv --reuid="$(id -u)" --regid="$(id -g)" --init-groups "$ROOTLET" \
		--root "$T/state" run --bundle "$B" --net=slirp4netns "$C" </dev/null
	equal "$(wc -l <"$T/try.err")" 1
	equal "$output" ""
}

@test "user namespaces are forbidden, by a filter or by AppArmor: each said with its remedy" {
	refused_namespaces
	has "$stderr" "a seccomp filter around this process probably forbids it"
	# As Ubuntu has it: the switch is a file that this kernel lacks.
	mkdir "$T/kernel"
	echo 1 >"$T/kernel/apparmor_restrict_unprivileged_userns"
	chmod 0755 "$T" "$T/kernel"
	refused_namespaces --property="BindReadOnlyPaths=$T/kernel:/proc/sys/kernel"
	has "$stderr" "AppArmor allows user namespaces only to programs with a profile"
	has "$stderr" "profile rootlet $ROOTLET flags=(unconfined) { userns, }"
	has "$stderr" "/etc/apparmor.d/rootlet"
}
