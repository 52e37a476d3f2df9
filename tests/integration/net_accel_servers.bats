# SPDX-License-Identifier: Apache-2.0
# --net=slirp4netns:accel=seccomp: servers on published ports that have a socket of the host, or are
# forwarded to.
#
# rooms: host session
#
# shellcheck disable=SC2016,SC2317 # what stands in single quotes is for the shell of that host

load helpers
load kernel_helpers
load accel_helpers

# ---------------------------------------------------------------- in

@test "a server that can't be switched is forwarded to: IPv4 for a port of both, another address" {
	on_host "$ask"'
		try_it() {
			serve "exec accelguest serve plain $2 $3" "$ACCEL" --publish "$1"
			cat "$T/out"
			far_ask 192.0.2.1 8080
			far_ask 2001:db8::1 8080
			rl delete --force "$C"
		}
		try_it 8080:80 0.0.0.0 80
		try_it 0.0.0.0:8080:80 127.0.0.1 80
		try_it 0.0.0.0:8080:80 0.0.0.0 8080'
	equal "$(sed 's/^192.0.2.9 /far: /; s/^2001:db8::9 /far6: /' <<<"$output")" \
		"ready 0.0.0.0 80
far: 192.0.2.9
far6: 10.0.2.2
ready 127.0.0.1 80
far: 
connect: ECONNREFUSED
ready 0.0.0.0 8080
far: 
connect: ECONNREFUSED"
}

@test "a server ends: refused; another comes; one that can't be switched is forwarded to" {
	on_host "$ask"'
		serve "echo ready; exec sleep 1000" "$ACCEL" --publish 0.0.0.0:8080:80
		server() {
			: >"$T/server"
			rl exec --detach "$C" accelguest serve "$@" >"$T/server" 2>&1 </dev/null
			wait_for grep -q ready "$T/server"
		}
		server once 0.0.0.0 80
		far_ask 192.0.2.1 8080
		far_ask 192.0.2.1 8080
		server once :: 80
		rl exec "$C" accelguest serve once 0.0.0.0 80 || true
		far_ask 192.0.2.1 8080
		# With a second name it stays inside.
		server dup 0.0.0.0 80
		far_ask 192.0.2.1 8080
		far_ask 192.0.2.1 8080
		rl delete --force "$C"'
	equal "${output//192.0.2.9 /far: }" "far: 192.0.2.9
connect: ECONNREFUSED
bind: EADDRINUSE
far: ::ffff:192.0.2.9
far: 192.0.2.9
far: 192.0.2.9"
}

@test "port remove ends a server that was switched, what is connected goes on; add and remove" {
	on_host "$ask"'
		serve "exec accelguest serve plain 0.0.0.0 80" "$ACCEL" --publish 0.0.0.0:8080:80
		far_ask 192.0.2.1 8080
		rl port remove "$C" 0.0.0.0:8080:80
		far_ask 192.0.2.1 8080
		ss -Hltn "sport = :8080"
		rl port add "$C" 0.0.0.0:8081:81
		rl exec --detach "$C" accelguest serve plain 0.0.0.0 81 >"$T/server" 2>&1 </dev/null
		wait_for grep -q ready "$T/server"
		cat "$T/server"
		far_ask 192.0.2.1 8081
		rl delete --force "$C"
		ss -Hltn "sport = :8081"'
	equal "${output//192.0.2.9 /far: }" "far: 192.0.2.9
connect: ECONNREFUSED
ready 0.0.0.0 8081
far: 192.0.2.9"
}

@test "port remove ends one that listens again, one that 64 others came after, one of IPv6" {
	on_host "$ask"'
		try_it() {
			serve "exec accelguest serve $1 $2 80" "$ACCEL" --publish 0.0.0.0:8080:80
			far_ask 192.0.2.1 8080
			rl port remove "$C" 0.0.0.0:8080:80
			[ "$1" != again ] || wait_for grep -q "again: listens" "$T/out"
			far_ask 192.0.2.1 8080
			rl delete --force "$C"
		}
		try_it again 0.0.0.0
		try_it many 0.0.0.0
		try_it plain ::'
	equal "${output//192.0.2.9 /far: }" "far: 192.0.2.9
connect: ECONNREFUSED
far: 192.0.2.9
connect: ECONNREFUSED
far: ::ffff:192.0.2.9
connect: ECONNREFUSED"
}

@test "a port that was bound by somebody else, and client_address=gateway, are forwarded" {
	on_host "$ask"'
		serve "exec accelguest serve plain 0.0.0.0 80" "$ACCEL,client_address=gateway" '\
'--publish 0.0.0.0:8080:80
		far_ask 192.0.2.1 8080
		rl delete --force "$C"
		script "exec accelguest serve plain 0.0.0.0 80"
		python3 - "$ROOTLET" --root "$T/state" run --detach --bundle "$B" "$ACCEL" \
			--publish 0.0.0.0:8080:80 "$C" </dev/null >"$T/out" 2>&1 3< <(:) \
			<<"END" || { cat "$T/out" >&2 && exit 1; }
import os, socket, sys
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("0.0.0.0", 8080))
s.listen(10)
os.dup2(s.fileno(), 3)
os.environ["LISTEN_FDS"] = "1"
os.environ["LISTEN_PID"] = str(os.getpid())
os.environ["ROOTLET_TEST"] = os.environ["C"]
os.execv(sys.argv[1], sys.argv[1:])
END
		wait_for grep -q ready "$T/out"
		far_ask 192.0.2.1 8080
		rl delete --force "$C"'
	equal "${output//192.0.2.9 /far: }" "far: 10.0.2.2
far: 192.0.2.9"
}
