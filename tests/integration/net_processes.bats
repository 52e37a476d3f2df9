# SPDX-License-Identifier: Apache-2.0
# The processes of a container's network: which slirp4netns, what each may do, and what becomes of
# the others when one ends.
#
# rooms: host session
#
# shellcheck disable=SC2016,SC2030,SC2031,SC2153

load helpers
load net_helpers

# ---------------------------------------------------------------- which slirp4netns

@test "a slirp4netns that is too old, broken, or gives up: said before anything is made" {
	in_place_of_slirp '#!/bin/sh
echo slirp4netns version 0.3.3'
	try run_with_it --net=slirp4netns
	refused "slirp4netns 0.3.3 ($T/path/slirp4netns) is too old" "0.4.0 or newer"
	in_place_of_slirp '#!/bin/sh
echo slirp4netns version 1.0.1'
	try run_with_it --net=slirp4netns:enable_dns=false
	refused "slirp4netns 1.0.1" "too old" "1.1.0 or newer"
	in_place_of_slirp 'no program'
	try run_with_it --net=slirp4netns
	refused "$T/path/slirp4netns" "reinstall"
	in_place_of_slirp '#!/bin/sh
[ "$1" != --version ] || { echo slirp4netns version 1.2.0; exit; }
echo "cannot find the moon" >&2
exit 1'
	try run_with_it --net=slirp4netns --publish "127.0.0.1:$P:80"
	refused "slirp4netns could not connect the network" "cannot find the moon"
	refuses 127.0.0.1 "$P"
}

@test "a slirp4netns that gives up when its device is there: the program is ended" {
	script 'echo running; exec sleep 100'
	in_place_of_slirp "#!/bin/sh
[ \"\$1\" != --version ] || { echo slirp4netns version 1.2.0; exit; }
$(command -v slirp4netns) \"\$@\" 3>/dev/null &
sleep 1
echo 'no room for a sandbox' >&2
kill \$!
exit 1"
	try run_with_it --net=slirp4netns --publish "127.0.0.1:$P:80"
	equal "$status" 1
	equal "$output" running
	equal "$(wc -l <"$T/try.err")" 1
	has "$stderr" "slirp4netns could not connect the network: no room for a sandbox"
	refuses 127.0.0.1 "$P"
	PATH=$T/path:$PATH try rl create --bundle "$B" --net=slirp4netns "$C"
	refused "no room for a sandbox"
	# Hooks may use the network: they wait for all of it.
	config \
		".hooks.createRuntime = [{\"path\": \"/bin/sh\", \"args\": \
[\"sh\", \"-c\", \"touch $T/hooked\"]}]"
	try run_with_it --net=slirp4netns
	refused "no room for a sandbox"
	[ ! -e "$T/hooked" ]
}

# musl, for one, opens by it.
@test "a slirp4netns that opens by open(2) is given the device as well" {
	[ "$(uname -m)" = x86_64 ] || skip "a machine without open(2)"
	in_place_of_slirp "#!$(command -v python3)
import ctypes, fcntl, os, sys, time
if sys.argv[1] == '--version':
    print('slirp4netns version 1.2.0')
    sys.exit()
tun = ctypes.CDLL(None).syscall(2, b'/dev/net/tun', os.O_RDWR)
asked = fcntl.ioctl(tun, 0x400454ca, b'other'.ljust(40, b'\\0'))  # TUNSETIFF
is_now = fcntl.ioctl(tun, 0x800454d2, bytes(40))  # TUNGETIFF
with open('$T/device', 'w') as file:
    print(is_now[:16].rstrip(b'\\0').decode(), *sys.argv[1:], file=file)
os.write(3, b'1')
time.sleep(100)"
	script 'exec sleep 100'
	PATH=$T/path:$PATH rl run --detach --bundle "$B" --net=slirp4netns "$C"
	wait_for test -s "$T/device"
	has "$(cat "$T/device")" "tap0 "
	rl delete --force "$C"
}

# ---------------------------------------------------------------- hardened

@test "the forwarder keeps CAP_NET_ADMIN over the container's network alone; nobody looks into it" {
	serve 'exec netguest tcp:80' --publish "127.0.0.1:$P:80"
	local forwarder
	forwarder=$(child_of "$(helper_pid)" rootlet-ports)
	equal "$(awk '/^CapEff/ { print $2 }' "/proc/$forwarder/status")" 0000000000001000
	equal "$(awk '/^CapBnd/ { print $2 }' "/proc/$forwarder/status")" 0000000000001000
	equal "$(awk '/^CapPrm/ { print $2 }' "/proc/$forwarder/status")" 0000000000001000
	grep -q '^NoNewPrivs:[[:space:]]*1$' "/proc/$forwarder/status"
	grep -q '^Seccomp:[[:space:]]*2$' "/proc/$forwarder/status"
	# Of its user's processes none may trace it or read its memory.
	try cat "/proc/$forwarder/environ"
	equal "$status" 1
	has "$stderr" "Permission denied"
	equal "$(ask 127.0.0.1 "$P" hello)" hello
	rl delete --force "$C"
}

# ---------------------------------------------------------------- ends

@test "kill -9 of slirp4netns: it comes back, with its ports" {
	serve 'exec netguest tcp:80' --publish "127.0.0.1:$P:80"
	equal "$(ask 127.0.0.1 "$P" hello)" hello
	local helper slirp
	helper=$(helper_pid) slirp=$(child_of "$helper" slirp4netns)
	kill -9 "$slirp"
	wait_for gone "$slirp"
	wait_for child_of "$helper" slirp4netns
	wait_for answers 127.0.0.1 "$P" again
	rl delete --force "$C"
}

@test "the device outlives slirp4netns, with what root has set; without routes it is made anew" {
	config '.process.capabilities |= with_entries(.value += ["CAP_NET_ADMIN"])'
	serve 'exec netguest tcp:80' --publish "127.0.0.1:$P:80"
	local helper slirp
	helper=$(helper_pid) slirp=$(child_of "$helper" slirp4netns)
	rl exec "$C" ip link set tap0 mtu 1400
	rl exec "$C" ip address add 10.0.2.77/32 dev tap0
	kill -9 "$slirp"
	wait_for gone "$slirp"
	wait_for child_of "$helper" slirp4netns
	rl exec "$C" netguest ping 10.0.2.2
	try rl exec "$C" ip address show tap0
	has "$output" "mtu 1400"
	has "$output" "10.0.2.77/32"
	slirp=$(child_of "$helper" slirp4netns)
	rl exec "$C" ip route flush dev tap0
	kill -9 "$slirp"
	wait_for gone "$slirp"
	pings() { rl exec "$C" netguest ping 10.0.2.2; }
	wait_for pings
	try rl exec "$C" ip address show tap0
	has "$output" "mtu 65520"
	has "$output" "inet 10.0.2.100/24"
	has "$output" "inet6 fd00::100/64"
	not has "$output" "10.0.2.77"
	equal "$(ask 127.0.0.1 "$P" hello)" hello
	rl delete --force "$C"
}

# taken_away TEXT: TEXT does that, inside.
taken_away() {
	config '.process.capabilities |= with_entries(.value += ["CAP_NET_ADMIN", "CAP_SYS_ADMIN"])'
	serve 'exec netguest tcp:80' --publish "127.0.0.1:$P:80"
	local helper slirp events before
	helper=$(helper_pid) slirp=$(child_of "$helper" slirp4netns)
	ROOTLET_TEST=$C "$ROOTLET" --root "$T/state" events --interval 1h "$C" >"$T/events" \
		2>&1 3>&- &
	events=$!
	wait_for follows "$events"
	rl exec "$C" sh -c "$1"
	wait_for grep -q tap0 "$T/events"
	gone "$slirp"
	equal "$(grep '"type":"network"' "$T/events" | jq -r .data.event)" \
		"tap0 taken away inside: no network until a restart"
	# Nor does the helper spin.
	before=$(cut -d ' ' -f 14,15 "/proc/$helper/stat")
	stays not child_of "$helper" slirp4netns
	equal "$(cut -d ' ' -f 14,15 "/proc/$helper/stat")" "$before"
	equal "$(ask 127.0.0.1 "$P" hello)" hello
	rl delete --force "$C"
	wait "$events"
	all_gone "$helper"
}

@test "the device deleted from inside: slirp4netns ends and stays away, events tells, ports go on" {
	taken_away 'ip link delete tap0'
}

# Its end there would not be heard of.
@test "the device moved to another network namespace: the same" {
	taken_away 'unshare -n sleep 1000 >/dev/null 2>&1 &
		until [ "$(readlink /proc/$!/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do
			sleep 0.02
		done
		ip link set tap0 netns $!'
}

@test "kill -9 of the forwarder: it comes back, with its ports" {
	serve 'exec netguest tcp:80' --publish "127.0.0.1:$P:80"
	equal "$(ask 127.0.0.1 "$P" hello)" hello
	local helper forwarder
	helper=$(helper_pid) forwarder=$(child_of "$helper" rootlet-ports)
	kill -9 "$forwarder"
	wait_for gone "$forwarder"
	wait_for answers 127.0.0.1 "$P" again
	rl delete --force "$C"
}

@test "kill -9 of a foreground rootlet: the container and its network go on until delete" {
	script 'exec netguest tcp:80'
	rl run --bundle "$B" --publish "127.0.0.1:$P:80" "$C" </dev/null >"$T/out" 2>&1 &
	local rootlet
	wait_for answers 127.0.0.1 "$P" hello
	rootlet=$(pgrep -o -f "run --bundle $B ")
	kill -9 "$rootlet"
	wait_for answers 127.0.0.1 "$P" again
	local helper
	helper=$(helper_pid)
	rl delete --force "$C"
	all_gone "$helper"
}

@test "the port is free when delete returns, and when a foreground run does" {
	for _ in 1 2 3; do
		serve 'exec netguest tcp:80' --publish "127.0.0.1:$P:80"
		rl delete --force "$C"
		script true
		try rl run --bundle "$B" --publish "127.0.0.1:$P:80" "$C"
		equal "$status" 0
	done
}

@test "a hook finds the network ready; a failing one leaves nothing of it" {
	printf \
		'#!/bin/sh\nread -r state\npid=$(echo "$state" | sed '\
'"s/.*\\"pid\\":\\([0-9]*\\).*/\\1/")\ncat /proc/$pid/net/dev >%s\nexit 7\n' "$T/dev" >"$T/hook"
	chmod +x "$T/hook"
	# shellcheck disable=SC2016 # jq's variable
	config '.hooks.createRuntime = [{"path": $h}]' --arg h "$T/hook"
	try rl run --bundle "$B" --publish "127.0.0.1:$P:80" "$C"
	refused createRuntime
	grep -q tap0 "$T/dev"
	refuses 127.0.0.1 "$P"
}

# ---------------------------------------------------------------- shared

@test "container:ID of one that shares itself: the network is there until the last of three" {
	local helper other
	other=$(free_port)
	serve 'exec netguest tcp:80' --publish "127.0.0.1:$P:80"
	equal "$(ask 127.0.0.1 "$P" hello)" hello
	helper=$(helper_pid)
	script 'cat /etc/resolv.conf /etc/hosts; exec netguest tcp:81'
	rl run --detach --bundle "$B" --net="container:$C" "$C-2" </dev/null >"$T/out2" 2>&1
	wait_for grep -q ready "$T/out2"
	# Names as the first has them.
	has "$(cat "$T/out2")" "nameserver 10.0.2.3"
	has "$(cat "$T/out2")" $'10.0.2.100\trootlet'
	script 'exec netguest tcp:82'
	rl run --detach --bundle "$B" --net="container:$C-2" "$C-3" </dev/null >"$T/out3" 2>&1
	wait_for grep -q ready "$T/out3"
	rl delete --force "$C"
	equal "$(rl port list "$C-2")" "127.0.0.1:$P:80/tcp"
	rl port remove "$C-2" "127.0.0.1:$P:80"
	rl delete --force "$C-2"
	rl port add "$C-3" "127.0.0.1:$other:82"
	equal "$(ask 127.0.0.1 "$other" third)" third
	not gone "$helper"
	rl delete --force "$C-3"
	refuses 127.0.0.1 "$other"
	all_gone "$helper"
}

# ---------------------------------------------------------------- without containers

@test "libnet alone: a program that knows no containers gives a command a network and a port" {
	local netrun=$ROOTLET_BUILDDIR/examples/netrun guest=$ROOTLET_BUILDDIR/tests/guest/netguest
	try env ROOTLET_TEST="$C" "$netrun" ip -oneline address
	equal "$status" 0
	has "$output" "inet 10.0.2.100/24"
	try env ROOTLET_TEST="$C" "$netrun" sh -c 'exit 7'
	equal "$status" 7
	ROOTLET_TEST=$C "$netrun" --publish "127.0.0.1:$P:80" "$guest" peer:80 >"$T/out" 3>&- &
	wait_for grep -q ready "$T/out"
	has "$(ask 127.0.0.1 "$P" '')" "10.0.2.2 "
	# Whose port it is: one line, and nothing started.
	try env ROOTLET_TEST="$C" "$netrun" --publish "127.0.0.1:$P:80" true
	equal "$status" 125
	has "$stderr" "TCP port $P on the host"
	kill -9 "$(pgrep -f "^$guest peer")"
	wait $! || equal "$?" 137
	refuses 127.0.0.1 "$P"
}
