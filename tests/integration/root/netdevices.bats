#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Programs for the container's shell and for jq; output, stderr: of helpers' `try`
# shellcheck disable=SC2016,SC2154,SC2030,SC2031
# linux.netDevices: devices of the runtime's network namespace, which is one of the test's own, move
# into the container.

load ../helpers

setup() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	unshare --net ip link add probe0 type veth peer name probe1 || skip "needs veth devices"
	container_setup --rootless=false
	before='ip link add veth0 type veth peer name peer0; ip link set peer0 up'
}

# net_run: in a new network namespace, after `before`; `after` runs in the same one when the
# container is gone.
net_run() {
	try unshare --net sh -ec "$before"'
		status=0; "$@" || status=$?
		eval "$AFTER" >&2; exit $status' sh env "ROOTLET_TEST=$C" "$ROOTLET" \
			--root "$T/state" run --bundle "$B" "$C" 3>&-
}

devices() {
	config ".linux.netDevices = $1"
}

@test "moved under its own name, up, with its addresses and attributes" {
	before+='; ip link set veth0 address 02:00:00:00:00:07 mtu 1400 txqueuelen 77
		ip addr add 10.9.8.7/24 broadcast 10.9.8.255 dev veth0
		ip addr add 10.9.8.9/24 dev veth0
		ip addr add 192.0.2.1 peer 192.0.2.2/32 dev veth0
		ip addr add 2001:db8::7/64 dev veth0 nodad
		ip addr add 10.7.7.7/32 scope link dev veth0
		ip addr add 10.6.6.6/32 valid_lft 1000 preferred_lft 1000 dev veth0'
	devices '{veth0: {}}'
	script 'cat /sys/class/net/veth0/address /sys/class/net/veth0/mtu \
		/sys/class/net/veth0/tx_queue_len
		ip -o link show veth0 | grep -o "[<,]UP[,>]" | tr -d "<>,"
		ip addr show veth0 | grep -w inet | sed "s/^ *//"
		ip addr show veth0 | grep -c "inet6 2001:db8::7/64 scope global";
		ls /sys/class/net | sort | xargs'
	AFTER='ip -o link show veth0 2>&1 | head -1' net_run
	equal "$status" 0
	equal "$output" "02:00:00:00:00:07
1400
77
UP
inet 10.9.8.7/24 brd 10.9.8.255 scope global veth0
inet 192.0.2.1 peer 192.0.2.2/32 scope global veth0
inet 10.9.8.9/24 scope global secondary veth0
1
lo veth0"
	# Gone with the container's namespace, as every virtual device.
	has "$stderr" 'Device "veth0" does not exist'
}

@test "packets go through it" {
	before+='; ip addr add 10.9.8.7/24 dev veth0; ip addr add 10.9.8.1/24 dev peer0'
	devices '{veth0: {name: "eth0"}}'
	config '.process.capabilities |= map_values(. + ["CAP_NET_RAW"])'
	script 'ping -c 1 -W 5 10.9.8.1 | grep -c "1 packets received"; ls /sys/class/net | sort |
		xargs'
	net_run
	equal "$status$stderr" 0
	equal "$output" $'1\neth0 lo'
}

@test "renamed, by templates, several, and with an index that is taken" {
	before+='; ip link add veth1 type veth peer name peer1
		ip addr add 10.1.1.1/24 dev veth0; ip addr add 10.1.2.1/24 dev veth1'
	devices '{veth0: {name: "net%d"}, veth1: {name: "net%d"}}'
	script 'ls /sys/class/net | sort | xargs; ip addr | grep -w inet | grep -o "10[^ ]*.*"'
	net_run
	equal "$status$stderr" 0
	equal "$output" \
		$'lo net0 net1\n10.1.1.1/24 scope global net0\n10.1.2.1/24 scope global net1'
	# A namespace to join that has devices of the same numbers and of the name before.
	devices '{veth0: {name: "mine%d"}, peer1: {name: "eth7"}}'
	config '(.linux.namespaces[] | select(.type == "network")).path = $p' --arg p "$T/netns"
	touch "$T/netns"
	before='mount --make-rprivate /
		ip link add veth0 type veth peer name peer0; ip link add veth1 type veth peer '\
'name peer1
		ip addr add 10.1.1.1/24 dev veth0; ip addr add 10.1.2.1/24 dev peer1
		unshare --net='"$T/netns"' sh -c "ip link add veth0 type veth peer name x0; ip '\
'link add mine0 type veth peer name x1"'
	net_run_in_mounts
	equal "$status$stderr" 0
	# Any name that is free: the kernel chooses, and does so anew for the step from a name that
	# was taken too.
	equal "${output//mine[1-9]/mineN}" \
		$'eth7 lo mine0 mineN veth0 x0 x1\n'\
$'10.1.1.1/24 scope global mineN\n10.1.2.1/24 scope global eth7'
	devices '{veth0: {name: "mine0"}}'
	AFTER='ip -o addr show veth0 | grep -o 10.1.1.1' net_run_in_mounts
	equal "$status" 1
	has "$stderr" \
		"/linux/netDevices/veth0: the container's network namespace has a device mine0 \
already"
	# Nothing was moved.
	has "$stderr" 10.1.1.1
}

# net_run_in_mounts: net_run, with mounts of the test's own.
net_run_in_mounts() {
	try unshare --net --mount sh -ec "$before"'
		status=0; "$@" || status=$?
		eval "$AFTER" >&2; exit $status' sh env "ROOTLET_TEST=$C" "$ROOTLET" \
			--root "$T/state" run --bundle "$B" "$C" 3>&-
}

@test "before the hooks run, and in a container with a user namespace too" {
	rm -rf "$T"
	container_setup --rootless
	before+='; ip addr add 10.9.8.7/24 dev veth0'
	devices '{veth0: {name: "eth0"}}'
	config '.linux |= (.uidMappings = [{containerID: 0, hostID: 0, size: 65536}] |
		.gidMappings = .uidMappings)'
	config '.hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c",
		"pid=$(jq .pid); nsenter -t $pid -n ip -o addr show eth0 | grep -o 10.9.8.7/24 >" +
		$f], env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]}]' \
		--arg f "$T/hook"
	script 'ip -o link show eth0 | grep -o "[<,]UP[,>]" | tr -d "<>,"'
	net_run
	equal "$status$stderr" 0
	equal "$output" UP
	equal "$(cat "$T/hook")" 10.9.8.7/24
	rm "$T/hook"
}

@test "what can't be moved is refused, and the container undone" {
	devices '{nosuch: {}}'
	net_run
	refused "/linux/netDevices/nosuch: there is no network device nosuch"
	devices '{lo: {}}'
	net_run
	refused "/linux/netDevices/lo: the container's network namespace has a device lo already"
	devices '{lo: {name: "lo1"}}'
	net_run
	refused "/linux/netDevices/lo: moving the network device lo: Invalid argument"
	before=true
	config '.linux.namespaces |= map(select(.type != "network"))'
	net_run
	equal "$status" 1
	has "$stderr" "/linux/netDevices: needs a network namespace"
}
