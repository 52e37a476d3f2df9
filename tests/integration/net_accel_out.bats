# SPDX-License-Identifier: Apache-2.0
# --net=slirp4netns:accel=seccomp where the kernel keeps socket filters of TCP for CAP_NET_ADMIN, as
# an ordinary user has it on kernels of 2026: connections outward alone. net_accel_user.bats is
# about that user himself.
#
# rooms: host session
#
# What stands in single quotes is for the shell of that host
# shellcheck disable=SC2016,SC2034,SC2154,SC2317

load helpers
load kernel_helpers
load accel_helpers

# on_plain_host TEXT: on_host, where rl may attach no socket filter.
on_plain_host() {
	on_host 'rl() { without filter "$ROOTLET" --root "$T/state" "$@"; }
'"$1"
}

@test "out by the host's sockets, by run, exec and who shares the network; the run says so" {
	cp -a "$B" "$T/other"
	on_plain_host "$ask"'
		serve "
			for to in 192.0.2.9 2001:db8::9 ::ffff:192.0.2.9; do
				accelguest call block \$to 7000
				accelguest call nonblock \$to 7000
			done
			exec accelguest serve plain :: 80" "$ACCEL" --publish 8080:80
		grep -v ready "$T/out"
		rl exec "$C" accelguest call block 192.0.2.9 7000
		rl exec --user 1000:1000 "$C" accelguest call nonblock 2001:db8::9 7000
		B=$T/other
		script "accelguest call block 192.0.2.9 7000"
		rl run --bundle "$T/other" --net="container:$C" "$C-2"
		grep ready "$T/out"
		far_ask 192.0.2.1 8080
		far_ask 2001:db8::1 8080
		rl port remove "$C" 8080:80
		far_ask 192.0.2.1 8080
		rl delete --force "$C"'
	equal "${#line[@]}" 13
	for i in 0 1 4 5 6 8; do
		[[ ${line[i]} == "192.0.2.1 192.0.2.1 "* ||
			${line[i]} == "::ffff:192.0.2.1 192.0.2.1 "* ]] || fail "$i: ${line[i]}"
	done
	for i in 2 3 7; do
		[[ ${line[i]} == "2001:db8::1 2001:db8::1 "* ]] || fail "$i: ${line[i]}"
	done
	# In the container nothing of the host is seen of it: the server's socket is its own.
	equal "${line[9]}" "ready :: 80"
	equal "${line[10]}" "192.0.2.9 ::ffff:192.0.2.9"
	equal "${line[11]}" "2001:db8::9 2001:db8::9"
	equal "${line[12]}" "connect: ECONNREFUSED"
	equal "$(grep \
		-c "published ports are forwarded, connections outward alone are accelerated" \
		"$T/err")" 1
}

@test "options go along, epoll sets are seen, signals end a connect, failures are the host's" {
	on_plain_host '
		ip neigh add 192.0.2.50 lladdr 02:00:00:00:00:50 dev eth0
		script "
			for to in 192.0.2.9 192.0.2.9 2001:db8::9; do accelguest options \$to '\
'7000; done
			for how in epoll dup bound; do accelguest call \$how 192.0.2.9 7000; done
			accelguest interrupt 192.0.2.50 80
			accelguest call block 192.0.2.9 7999
			accelguest call nonblock 192.0.2.9 7999
			accelguest call block 198.51.100.1 80; true"
		rl run --bundle "$B" "$ACCEL" "$C"'
	equal "${#line[@]}" 10
	for i in 0 1; do
		[[ ${line[i]} == "192.0.2.1 192.0.2.1 "* ]] || fail "${line[i]}"
	done
	[[ ${line[2]} == "2001:db8::1 2001:db8::1 "* ]]
	for i in 3 4 5; do
		[[ ${line[i]} == "10.0.2.100 192.0.2.1 "* ]] || fail "${line[i]}"
	done
	[[ ${line[6]} == "EINTR "*" E"* ]] || fail "${line[6]}"
	equal "${line[7]} ${line[8]} ${line[9]}" \
		"connect: ECONNREFUSED then: ECONNREFUSED connect: ENETUNREACH"
}

# A socket of IPv6 that was judged for one family could be used for the other.
@test "a socket for both families stays inside where the configuration tells them apart" {
	on_plain_host '
		for option in enable_ipv6=false outbound_addr=192.0.2.1; do
			script "
				accelguest call block ::ffff:192.0.2.9 7000
				accelguest call block 192.0.2.9 7000"
			rl run --bundle "$B" "$ACCEL,$option" "$C"
		done'
	equal "${#line[@]}" 4
	for i in 0 2; do
		[[ ${line[i]} == "::ffff:10.0.2.100 192.0.2.1 "* ]] || fail "$i: ${line[i]}"
		[[ ${line[i + 1]} == "192.0.2.1 192.0.2.1 "* ]] || fail "$i: ${line[i + 1]}"
	done
}

# Seen to be bound without bind_for_good (libnet/switch/socket.c), with a filter and without.
@test "no other port of the host can be had by a socket that was switched" {
	on_host '
		ip neigh add 192.0.2.50 lladdr 02:00:00:00:00:50 dev eth0
		script "accelguest rebind 192.0.2.50 7001 8888; true"
		rl run --bundle "$B" "$ACCEL" "$C"
		rl() { without filter "$ROOTLET" --root "$T/state" "$@"; }
		rl run --bundle "$B" "$ACCEL" "$C"'
	equal "$output" "bind: EINVAL
bind: EINVAL"
}

# Seen to reach it, by IPv4 and IPv6, without the device of make_client (libnet/switch/socket.c).
@test "a program that races does not reach the host's loopback" {
	on_plain_host "$race"
	equal "$output" "$nothing_reached"
}

# ports used|taken: the 4096 of those who are switched are in use with 192.0.2.9 port 7100, or bound
# by somebody who does not share.
ports() {
	python3 - "$1" >"$T/$1" 3>&- <<'END' &
import resource, socket, sys, time
resource.setrlimit(resource.RLIMIT_NOFILE, [resource.getrlimit(resource.RLIMIT_NOFILE)[1]] * 2)
held = []
for port in range(61440, 65536):
    s = socket.socket()
    if sys.argv[1] == "used":
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("0.0.0.0", port))
    if sys.argv[1] == "used":
        s.connect(("192.0.2.9", 7100))
    held.append(s)
print("ready", flush=True)
time.sleep(1000)
END
	pid=$!
	wait_for grep -q ready "$T/$1"
}

@test "where no port is left towards a peer, the container's own socket goes there" {
	export -f ports
	on_plain_host '
		far python3 - >"$T/many" 3>&- <<"END" &
import resource, socket
resource.setrlimit(resource.RLIMIT_NOFILE, [resource.getrlimit(resource.RLIMIT_NOFILE)[1]] * 2)
s = socket.socket()
s.bind(("0.0.0.0", 7100))
s.listen(4096)
print("ready", flush=True)
held = []
while True:
    c, who = s.accept()
    if len(held) < 4096:
        held.append(c)
    else:
        c.send(b"one more\n")
        c.close()
END
		wait_for grep -q ready "$T/many"
		script "accelguest call block 192.0.2.9 7000"
		ports taken
		rl run --bundle "$B" "$ACCEL" "$C"
		kill "$pid"
		wait "$pid" || true
		ports used
		script "accelguest call block 192.0.2.9 7100; accelguest call nonblock 192.0.2.9 '\
'7000"
		rl run --bundle "$B" "$ACCEL" "$C"
		kill "$pid"'
	[[ ${line[0]} == "10.0.2.100 192.0.2.1 "* ]] || fail "${line[0]}"
	equal "${line[1]}" "10.0.2.100 one more"
	[[ ${line[2]} == "192.0.2.1 192.0.2.1 "* ]] || fail "${line[2]}"
}
