# SPDX-License-Identifier: Apache-2.0
# --net=slirp4netns:accel=seccomp for a user of the whole machine, without a namespace around him in
# which he has all capabilities. Kernels of 2026 (6.18, and Debian's 6.1.0-56 too) keep
# SO_ATTACH_FILTER of TCP sockets for CAP_NET_ADMIN over their network
# namespace: an ordinary user has connections outward alone there. With that one capability he has
# all.
#
# rooms: vm
#
# shellcheck disable=SC2016,SC2034,SC2154,SC2317

load helpers
load kernel_helpers
load accel_helpers

# The cable leads from the machine itself to a network namespace "accel": the addresses are
# accel_helpers'.
setup_file() {
	sudo ip netns add accel
	sudo ip link add accel0 type veth peer name accel1 netns accel
	sudo sh -euc '
		ip address add 192.0.2.1/24 dev accel0
		ip address add 2001:db8::1/64 dev accel0 nodad
		ip link set accel0 up
		ip neigh add 192.0.2.50 lladdr 02:00:00:00:00:50 dev accel0
		ip neigh add 2001:db8::50 lladdr 02:00:00:00:00:50 dev accel0
		ip -n accel link set lo up
		ip -n accel address add 192.0.2.9/24 dev accel1
		ip -n accel address add 2001:db8::9/64 dev accel1 nodad
		ip -n accel link set accel1 up'
	far "$ROOTLET_BUILDDIR/tests/guest/netguest" peer:7000 tcp:7001 >"$BATS_FILE_TMPDIR/far" \
		3>&- &
	wait_for grep -q ready "$BATS_FILE_TMPDIR/far"
}

teardown_file() {
	sudo ip netns pids accel | xargs --no-run-if-empty sudo kill
	sudo ip netns delete accel
	sudo ip link delete accel0 2>/dev/null || true
}

teardown() {
	[ -z "${server:-}" ] || kill "$server"
	container_teardown
}

# far COMMAND...: on the second host.
far() {
	sudo nsenter --net=/run/netns/accel "$@"
}

far_ask() {
	far "$ROOTLET_BUILDDIR/tests/guest/accelguest" call block "$@" || true
}

# may_attach: a socket filter to a TCP socket, as nobody in particular.
may_attach() {
	python3 - 2>/dev/null <<'END'
import ctypes, socket, struct
keep = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0xffffffff))
socket.socket().setsockopt(socket.SOL_SOCKET, 26, struct.pack("HxxxxxxQ", 1,
    ctypes.addressof(keep)))
END
}

# admin_rl ARGUMENT...: rl, with CAP_NET_ADMIN over the machine's network and no other capability.
admin_rl() {
	sudo setpriv --reuid="$(id -u)" --regid="$(id -g)" --init-groups --inh-caps=+net_admin \
		--ambient-caps=+net_admin \
		env HOME="$HOME" USER="$USER" XDG_RUNTIME_DIR="$XDG_RUNTIME_DIR" ROOTLET_TEST="$C" \
		"$ROOTLET" --root "$T/state" "$@" 3>&-
}

@test "an ordinary user: out by the host's socket, for every user inside; a port is forwarded" {
	equal "$(readlink /proc/self/ns/user)" "$(sudo readlink /proc/1/ns/user)"
	equal "$(readlink /proc/self/ns/net)" "$(sudo readlink /proc/1/ns/net)"
	equal "$(awk '/^Cap(Prm|Eff|Amb):/ { print $2 }' /proc/self/status |
		sort -u)" 0000000000000000
	serve 'for to in 192.0.2.9 2001:db8::9; do accelguest call block $to 7000;
		accelguest call nonblock $to 7000; done
		exec accelguest serve plain :: 80' "$ACCEL" --publish 8080:80
	mapfile -t line <"$T/out"
	for i in 0 1; do
		[[ ${line[i]} == "192.0.2.1 192.0.2.1 "* ]] || fail "${line[i]}"
		[[ ${line[i + 2]} == "2001:db8::1 2001:db8::1 "* ]] || fail "${line[i + 2]}"
	done
	for user in 0:0 1000:1000; do
		try rl exec --user "$user" "$C" accelguest call block 192.0.2.9 7000
		[[ $output == "192.0.2.1 192.0.2.1 "* ]] || fail "$user: $output"
		try rl exec --user "$user" "$C" accelguest call epoll 192.0.2.9 7000
		[[ $output == "10.0.2.100 192.0.2.1 "* ]] || fail "$user: $output"
	done
	if may_attach; then
		equal "${line[4]}" "ready :: 8080"
	else
		equal "${line[4]}" "ready :: 80"
		has "$(cat "$T/err")" \
			"published ports are forwarded, connections outward alone are accelerated"
	fi
	equal "$(far_ask 192.0.2.1 8080)" "192.0.2.9 ::ffff:192.0.2.9"
	equal "$(far_ask 2001:db8::1 8080)" "2001:db8::9 2001:db8::9"
	# CAP_DAC_READ_SEARCH, SYS_PTRACE and SYS_ADMIN, of the container's user namespace.
	switch=$(pgrep -x rootlet-switch)
	equal "$(awk '/^Cap(Prm|Eff):/ { print $2 }' "/proc/$switch/status" |
		sort -u)" 0000000000280004
	equal "$(sudo readlink "/proc/$switch/ns/user")" \
		"$(readlink "/proc/$(rl state "$C" | jq .pid)/ns/user")"
	equal "$(sudo readlink "/proc/$switch/ns/net")" "$(readlink /proc/self/ns/net)"
	# Whoever is root in the container can't look into it.
	equal "$(stat -c %U "/proc/$switch/mem")" root
	rl delete --force "$C"
}

# net_accel_out.bats says without what it was seen to reach it.
@test "an ordinary user's program that races does not reach the machine's loopback" {
	secret 127.0.0.1 ::1
	server=$!
	has "$("$ROOTLET_BUILDDIR/tests/guest/accelguest" call block 127.0.0.1 9000)" secret
	: >"$T/reached"
	races 200 1000
	rl run --bundle "$B" "$ACCEL" --publish 0.0.0.0:8080:80 --publish 8081:81 "$C" >"$T/out" \
		2>"$T/err"
	equal "$(sort -u "$T/out") $(wc -l <"$T/out")" "reached 0 6"
	equal "$(cat "$T/reached")" ""
}

@test "with CAP_NET_ADMIN, out: the socket is the host's, by run and exec; else it stays inside" {
	rl() { admin_rl "$@"; }
	serve 'for to in 192.0.2.9 2001:db8::9; do accelguest call block $to 7000;
		accelguest call nonblock $to 7000; done
		echo ready; exec sleep 1000' "$ACCEL"
	mapfile -t line <"$T/out"
	for i in 0 1; do
		[[ ${line[i]} == "192.0.2.1 192.0.2.1 "* ]] || fail "${line[i]}"
		[[ ${line[i + 2]} == "2001:db8::1 2001:db8::1 "* ]] || fail "${line[i + 2]}"
	done
	try rl exec "$C" accelguest call block 192.0.2.9 7000
	[[ $output == "192.0.2.1 192.0.2.1 "* ]] || fail "$output"
	try rl exec --user 1000:1000 "$C" accelguest call block 192.0.2.9 7000
	[[ $output == "10.0.2.100 192.0.2.1 "* ]] || fail "$output"
	rl delete --force "$C"
}

@test "with CAP_NET_ADMIN, in: the server's socket is at the host's port; port remove ends it" {
	rl() { admin_rl "$@"; }
	serve 'exec accelguest serve plain :: 80' "$ACCEL" --publish 8080:80
	equal "$(cat "$T/out")" "ready :: 8080"
	equal "$(far_ask 192.0.2.1 8080)" "192.0.2.9 ::ffff:192.0.2.9"
	equal "$(far_ask 2001:db8::1 8080)" "2001:db8::9 2001:db8::9"
	rl port remove "$C" 8080:80
	equal "$(far_ask 192.0.2.1 8080)" "connect: ECONNREFUSED"
	equal "$(far_ask 2001:db8::1 8080)" "connect: ECONNREFUSED"
	rl delete --force "$C"
}

# net_accel_scope.bats says without what it was seen to reach it.
@test "with CAP_NET_ADMIN, a program that races does not reach the machine's loopback" {
	rl() { admin_rl "$@"; }
	secret 127.0.0.1 ::1
	server=$!
	# The server is there, and says so to who asks it outside.
	has "$("$ROOTLET_BUILDDIR/tests/guest/accelguest" call block 127.0.0.1 9000)" secret
	: >"$T/reached"
	races 200 1000
	rl run --bundle "$B" "$ACCEL" --publish 0.0.0.0:8080:80 --publish 8081:81 "$C" >"$T/out"
	equal "$(sort -u "$T/out") $(wc -l <"$T/out")" "reached 0 6"
	equal "$(cat "$T/reached")" ""
}
