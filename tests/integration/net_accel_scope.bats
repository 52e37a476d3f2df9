# SPDX-License-Identifier: Apache-2.0
# --net=slirp4netns:accel=seccomp: which connections are by sockets of the host, and of which
# processes; what is refused.
#
# rooms: host session
#
# shellcheck disable=SC2016,SC2317 # what stands in single quotes is for the shell of that host

load helpers
load kernel_helpers
load accel_helpers

# ---------------------------------------------------------------- out

@test "without the option the socket is the container's" {
	on_host '
		script "accelguest call block 192.0.2.9 7000"
		rl run --bundle "$B" --net=slirp4netns "$C"'
	[[ ${line[0]} == "10.0.2.100 192.0.2.1 "* ]]
}

@test "the annotation does the same" {
	config '.annotations["org.rootlet.net"] = "slirp4netns:accel=seccomp"'
	on_host '
		script "accelguest call block 192.0.2.9 7000"
		rl run --bundle "$B" "$C"'
	[[ ${line[0]} == "192.0.2.1 "* ]]
}

@test "refused and unreachable are what the host is told" {
	on_host '
		script "
			accelguest call block 192.0.2.9 7999
			accelguest call nonblock 192.0.2.9 7999
			accelguest call block 198.51.100.1 80
			accelguest call nonblock 2001:db8:1::1 80
			accelguest call block 192.0.2.77 80
			true"
		rl run --bundle "$B" "$ACCEL" "$C"'
	equal "${line[0]}" "connect: ECONNREFUSED"
	# On this cable the refusal may come before connect returns.
	[[ ${line[1]} == *": ECONNREFUSED" ]]
	equal "${line[2]}" "connect: ENETUNREACH"
	equal "${line[3]}" "connect: ENETUNREACH"
	equal "${line[4]}" "connect: EHOSTUNREACH"
}

@test "addresses and networks that the container has given itself stay its own" {
	on_host '
		script "
			ip address add 192.0.2.9/32 dev lo
			netguest peer:7000 >/tmp/s &
			while ! grep -q ready /tmp/s; do :; done
			accelguest call block 192.0.2.9 7000
			unshare -n sh -c \"accelguest call block 192.0.2.9 7000\"
			kill %1"
		config ".process.capabilities |= map_values(. + [\"CAP_NET_ADMIN\", '\
'\"CAP_SYS_ADMIN\"] | unique)"
		rl run --bundle "$B" "$ACCEL" "$C"'
	[[ ${line[0]} == "192.0.2.9 192.0.2.9 "* ]]
	equal "${line[1]}" "connect: ENETUNREACH"
}

# ---------------------------------------------------------------- the host's own

@test "allow_lan=false: the host's networks are out of reach, what lies behind a gateway is not" {
	on_host '
		far ip address add 198.51.100.9/32 dev lo
		ip route add 198.51.100.0/24 via 192.0.2.9
		script "
			accelguest call block 192.0.2.9 7000
			accelguest call block 198.51.100.9 7000"
		rl run --bundle "$B" "$ACCEL,allow_lan=false" "$C"'
	[[ ${line[0]} == "connect: E"* ]] || fail "${line[0]}"
	[[ ${line[1]} == "192.0.2.1 "* ]]
}

# Seen to reach it, by IPv4 and IPv6: as a client with both the device and the filter left out of
# make_client (libnet/switch/socket.c; each alone holds), as a listener without the filter of
# switch_server.
@test "a program that races does not reach the host's loopback" {
	on_host "$race"
	equal "$output" "$nothing_reached"
}

# ---------------------------------------------------------------- whose sockets

@test "beside a profile of the bundle's, by another user, from a startContainer hook" {
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir",
		"mkdirat"],
		action: "SCMP_ACT_ERRNO", errnoRet: 95}, {names: ["seccomp"],
		action: "SCMP_ACT_ERRNO"}]}
		| .hooks.startContainer = [{path: "/bin/sh", args: ["sh", "-c",
		"accelguest call block 192.0.2.9 7000 >/tmp/hook"]}]'
	on_host '
		script "mkdir /tmp/x 2>&1; cat /tmp/hook; accelguest call nonblock 2001:db8::9 7000"
		for i in true false; do
			config ".process.noNewPrivileges = \$i" --argjson i "$i"
			rl run --bundle "$B" "$ACCEL" "$C"
		done
		config ".process.user = {uid: 1000, gid: 1000}"
		rm "$B/rootfs/tmp/hook"
		rl run --bundle "$B" "$ACCEL" "$C"'
	equal "${#line[@]}" 9
	for ((i = 0; i < 9; i += 3)); do
		has "${line[i]}" "not supported"
		[[ ${line[i + 1]} == "192.0.2.1 "* ]] || fail "${line[i + 1]}"
		[[ ${line[i + 2]} == "2001:db8::1 "* ]] || fail "${line[i + 2]}"
	done
}

@test "exec, before and after the start, and who shares the network, are accelerated too" {
	cp -a "$B" "$T/other"
	on_host '
		script "exec sleep 1000"
		rl create --bundle "$B" "$ACCEL" "$C" </dev/null >"$T/out" 2>&1
		rl exec "$C" accelguest call block 192.0.2.9 7000
		rl start "$C"
		rl exec "$C" accelguest call nonblock 192.0.2.9 7000
		rl exec --user 1000:1000 "$C" accelguest call block 2001:db8::9 7000
		B=$T/other
		script "accelguest call block 192.0.2.9 7000; sleep 1000"
		rl run --detach --bundle "$T/other" --net="container:$C" "$C-2" </dev/null '\
'>"$T/out" 2>"$T/err"
		wait_for grep -q 192.0.2 "$T/out"
		cat "$T/out"
		rl exec "$C-2" accelguest call block 192.0.2.9 7000
		# The one that the helper was made for goes; the network stays.
		rl delete --force "$C"
		rl exec "$C-2" accelguest call block 192.0.2.9 7000
		rl delete --force "$C-2"'
	equal "${#line[@]}" 6
	for i in 0 1 3 4 5; do
		[[ ${line[i]} == "192.0.2.1 "* ]] || fail "$i: ${line[i]}"
	done
	[[ ${line[2]} == "2001:db8::1 "* ]]
}

@test "the switch keeps three capabilities, has a filter, no descriptor of the caller's, is small" {
	on_host '
		serve "echo ready; exec sleep 1000" "$ACCEL" --publish 0.0.0.0:80:80
		pid=$(pgrep -x rootlet-switch)
		grep -E "^(CapPrm|CapEff|NoNewPrivs|Seccomp):" "/proc/$pid/status"
		ls -l "/proc/$pid/fd" | grep -cvE '\
'"/dev/null|socket:|net:|user:|eventpoll|seccomp|total" || true
		rl exec "$C" true
		rl exec "$C" true
		listeners() { ls -l "/proc/$pid/fd" | grep -c seccomp; }
		one() { [ "$(listeners)" = 1 ]; }
		wait_for one
		rl exec --detach "$C" accelguest serve plain 0.0.0.0 80 >"$T/server" 2>&1 </dev/null
		wait_for grep -q ready "$T/server"
		cat "$T/server"
		[ "$(awk "/^RssAnon/ { print \$2 }" "/proc/$pid/status")" -lt 1000 ]
		rl delete --force "$C"'
	equal "$(tr -s '\t ' ' ' <<<"$output")" "CapPrm: 0000000000001404
CapEff: 0000000000001404
NoNewPrivs: 1
Seccomp: 2
0
ready 0.0.0.0 80"
}

# ---------------------------------------------------------------- refused

@test "refused: a listener of the bundle's, no user namespace, a foreign network, an old kernel" {
	cp "$B/config.json" "$T/config"
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: "/tmp/agent",
		syscalls: [{names: ["mkdir"], action: "SCMP_ACT_NOTIFY"}]}'
	try rl run --bundle "$B" "$ACCEL" "$C"
	refused "--net" "/linux/seccomp/listenerPath" "leave one of them out"
	cp "$T/config" "$B/config.json"
	config '.linux.namespaces |= map(if .type == "network" then .path = "/proc/self/ns/net" else
		. end)'
	try rl run --bundle "$B" "$ACCEL" "$C"
	refused "--net" "joins a network namespace by its path"
	cp "$T/config" "$B/config.json"
	try rl run --bundle "$B" --net=slirp4netns:accel=yes "$C"
	refused "accel" "seccomp or none"
	on_host '
		cp "$T/config" "$B/config.json"
		config ".linux.namespaces |= map(select(.type != \"user\")) | '\
'del(.linux.uidMappings, .linux.gidMappings)"
		rl run --bundle "$B" "$ACCEL" "$C" 2>&1 && exit 1
		cp "$T/config" "$B/config.json"
		# A container around this one that forbids pidfd_getfd(2), a kernel without
		# SO_NETNS_COOKIE, one that keeps SO_ATTACH_FILTER.
		for what in pidfd_getfd cookie; do
			without "$what" "$ROOTLET" --root "$T/state" run --bundle "$B" "$ACCEL" '\
'"$C" 2>&1 && exit 1
		done
		without filter "$ROOTLET" --root "$T/state" run --bundle "$B" '\
'"$ACCEL,allow_lan=false" "$C" 2>&1 && exit 1
		true'
	equal "${#line[@]}" 4
	has "${line[0]}" "accel=seccomp needs a user namespace"
	has "${line[1]}" "pidfd_getfd(2)"
	has "${line[2]}" "Linux 5.14 is needed"
	has "${line[3]}" "allow_lan=false exclude each other"
}
