# SPDX-License-Identifier: Apache-2.0
# --net=slirp4netns:accel=seccomp: connections by sockets of the host. What depends on the kernel,
# and what each container is to have; net_accel_scope.bats and net_accel_servers.bats go into the
# details, net_accel_user.bats has what an ordinary user of the whole machine sees.
#
# rooms: host session vm
#
# shellcheck disable=SC2016,SC2317 # what stands in single quotes is for the shell of that host

load helpers
load kernel_helpers
load accel_helpers

# ---------------------------------------------------------------- out

@test "a connection's socket is the host's, at both ends; blocking or not, IPv4 and IPv6" {
	on_host '
		script "
			accelguest call block 192.0.2.9 7000
			accelguest call nonblock 192.0.2.9 7000
			accelguest call block 2001:db8::9 7000
			accelguest call nonblock ::ffff:192.0.2.9 7000
			accelguest thread block 192.0.2.9 7000
			accelguest thread nonblock 192.0.2.9 7000"
		rl run --bundle "$B" "$ACCEL" "$C"'
	[[ ${line[0]} == "192.0.2.1 192.0.2.1 "* ]]
	[[ ${line[1]} == "192.0.2.1 192.0.2.1 "* ]]
	[[ ${line[2]} == "2001:db8::1 2001:db8::1 "* ]]
	[[ ${line[3]} == "::ffff:192.0.2.1 192.0.2.1 "* ]]
	[[ ${line[4]} == "192.0.2.1 192.0.2.1 "* ]]
	[[ ${line[5]} == "192.0.2.1 192.0.2.1 "* ]]
}

@test "a socket in an epoll set, with a second name or an own port, stays the container's" {
	on_host '
		script "for how in epoll dup bound; do accelguest call \$how 192.0.2.9 7000; done"
		rl run --bundle "$B" "$ACCEL" "$C"'
	equal "${#line[@]}" 3
	for each in "${line[@]}"; do
		[[ $each == "10.0.2.100 192.0.2.1 "* ]] || fail "$each"
	done
}

# The second by IPv4 is compared to what a new socket was found to have at the first.
@test "options that were set before go along" {
	on_host '
		script "for to in 192.0.2.9 192.0.2.9 2001:db8::9; do accelguest options \$to '\
'7000; done"
		rl run --bundle "$B" "$ACCEL" "$C"'
	equal "${#line[@]}" 3
	[[ ${line[0]} == "192.0.2.1 192.0.2.1 "* ]] || fail "${line[0]}"
	[[ ${line[1]} == "192.0.2.1 192.0.2.1 "* ]] || fail "${line[1]}"
	[[ ${line[2]} == "2001:db8::1 2001:db8::1 "* ]] || fail "${line[2]}"
}

@test "a signal ends a connect that waits, and so does SO_SNDTIMEO; others connect meanwhile" {
	on_host '
		# Its packets are sent, and nobody takes them.
		ip neigh add 192.0.2.50 lladdr 02:00:00:00:00:50 dev eth0
		script "
			accelguest call block 192.0.2.50 80 &
			accelguest interrupt 192.0.2.50 80
			accelguest call block 192.0.2.9 7000
			kill %1"
		rl run --bundle "$B" "$ACCEL" "$C"'
	equal "${line[0]}" "EINTR 192.0.2.1 EALREADY"
	[[ ${line[1]} == "192.0.2.1 192.0.2.1 "* ]]
}

@test "what is inside stays inside: the container's loopback, its own address, UDP, UNIX sockets" {
	on_host '
		script "
			netguest peer:80 udp-peer:81 >/tmp/s &
			while ! grep -q ready /tmp/s; do :; done
			accelguest call block 127.0.0.1 80
			accelguest call nonblock ::1 80
			accelguest call block 10.0.2.100 80
			accelguest udp 192.0.2.9 7002
			accelguest unix /tmp/u
			kill %1"
		rl run --bundle "$B" "$ACCEL" "$C"'
	[[ ${line[0]} == "127.0.0.1 127.0.0.1 "* ]]
	[[ ${line[1]} == "::1 ::1 "* ]]
	[[ ${line[2]} == "10.0.2.100 10.0.2.100 "* ]]
	[[ ${line[3]} == "udp: 192.0.2.1 "* ]]
	equal "${line[4]}" "unix: the peer is myself"
}

# ---------------------------------------------------------------- in

@test "a server on a published port has a socket of the host, by whatever address it listens" {
	on_host "$ask"'
		try_it() {
			serve "exec accelguest serve $2 $3 80" "$ACCEL" --publish "$1"
			cat "$T/out"
			far_ask 192.0.2.1 8080
			far_ask 2001:db8::1 8080
			rl exec "$C" accelguest call block 127.0.0.1 80 || true
			rl exec "$C" accelguest call nonblock ::1 80 || true
			rl delete --force "$C"
		}
		try_it 0.0.0.0:8080:80 plain 0.0.0.0
		try_it 192.0.2.1:8080:80 plain 0.0.0.0
		try_it 8080:80 plain ::
		try_it 192.0.2.1:8080:80 plain ::
		try_it [2001:db8::1]:8080:80 only6 ::'
	# What a call from the second host prints, then two from inside: the address at this end,
	# and the one that the server sees.
	equal "${output//then: /connect: }" "ready 0.0.0.0 8080
192.0.2.9 192.0.2.9
connect: ECONNREFUSED
127.0.0.1 127.0.0.1
connect: ECONNREFUSED
ready 192.0.2.1 8080
192.0.2.9 192.0.2.9
connect: ECONNREFUSED
192.0.2.1 192.0.2.1
connect: ECONNREFUSED
ready :: 8080
192.0.2.9 ::ffff:192.0.2.9
2001:db8::9 2001:db8::9
127.0.0.1 ::ffff:127.0.0.1
::1 ::1
ready ::ffff:192.0.2.1 8080
192.0.2.9 ::ffff:192.0.2.9
connect: ECONNREFUSED
192.0.2.1 ::ffff:192.0.2.1
connect: ECONNREFUSED
ready 2001:db8::1 8080
connect: ECONNREFUSED
2001:db8::9 2001:db8::9
connect: ECONNREFUSED
2001:db8::1 2001:db8::1"
}

# ---------------------------------------------------------------- the host's own

@test "no address of the host's loopback is reached, and the host's others as by slirp4netns" {
	on_host '
		secret 127.0.0.1 127.9.9.9 ::1
		netguest=$ROOTLET_BUILDDIR/tests/guest/netguest
		"$netguest" peer:7500 >"$T/local" &
		wait_for grep -q ready "$T/local"
		script "
			for address in 127.0.0.1 127.9.9.9 0.0.0.0 10.0.2.2 ::1 :: '\
'::ffff:127.0.0.1 ::ffff:0.0.0.0 fd00::2 192.0.2.1; do
				echo \$address \$(accelguest call block \$address 9000)
				echo \$address \$(accelguest call nonblock \$address 9000)
			done
			accelguest call block 192.0.2.1 7500"
		rl run --bundle "$B" "$ACCEL" "$C"
		cat "$T/reached"'
	equal "${#line[@]}" 21
	for each in "${line[@]:0:20}"; do
		[[ $each == *" "*": E"* ]] || fail "$each"
	done
	# slirp4netns reaches the host by its own address; that is its to decide.
	[[ ${line[20]} == "10.0.2.100 "* ]]
}

# ---------------------------------------------------------------- whose sockets

@test "kill -9 of the switch or of the helper: nothing connects, and what is connected goes on" {
	on_host '
		secret 127.0.0.1
		script "
			nc 192.0.2.9 7001 </tmp/in >/tmp/answer &
			exec 9>/tmp/in; exec sleep 1000"
		mkfifo "$B/rootfs/tmp/in"
		for who in rootlet-switch rootlet-net; do
			rl run --detach --bundle "$B" "$ACCEL" "$C" </dev/null >"$T/out" 2>&1
			connected() { far ss -Htn state established "sport = :7001" | grep -q .; }
			wait_for connected
			rl exec --detach "$C" sh -c "
				while [ ! -e /tmp/go ]; do sleep 0.1; done
				accelguest call block 192.0.2.9 7000 >/tmp/said
				accelguest call nonblock 127.0.0.1 9000 >>/tmp/said
				accelguest udp 127.0.0.1 7002 >>/tmp/said
				echo still there >/tmp/in
				touch /tmp/done"
			kill -KILL "$(pgrep -x "$who")"
			gone() { ! pgrep -x rootlet-switch; }
			wait_for gone
			touch "$B/rootfs/tmp/go"
			done_() { [ -e "$B/rootfs/tmp/done" ] && grep -q still '\
'"$B/rootfs/tmp/answer"; }
			wait_for done_
			cat "$B/rootfs/tmp/said" "$B/rootfs/tmp/answer"
			rl delete --force "$C"
			rm -f "$B"/rootfs/tmp/{go,done,answer,said}
		done
		cat "$T/reached"'
	equal "$output" "connect: ENOSYS
connect: ENOSYS
udp: ENOSYS
still there
connect: ENOSYS
connect: ENOSYS
udp: ENOSYS
still there"
}

@test "a program of another kind of calls, and io_uring, get no way around: unknown" {
	on_host '
		script "accelguest ways 192.0.2.9 7000"
		rl run --bundle "$B" "$ACCEL" "$C"'
	equal "$output" "io_uring_setup: ENOSYS
x32 connect: ENOSYS
sendto with MSG_FASTOPEN: EOPNOTSUPP
TCP_FASTOPEN_CONNECT: EOPNOTSUPP"
}

@test "the switch sees of the host's files those of /proc alone" {
	on_host '
		serve "echo ready; exec sleep 1000" "$ACCEL"
		root=/proc/$(pgrep -x rootlet-switch)/root
		readlink "$root"
		[ -r "$root/self/status" ]
		ls "$root/etc" "$root$HOME" 2>/dev/null || echo none
		rl delete --force "$C"'
	equal "$output" $'/proc\nnone'
}
