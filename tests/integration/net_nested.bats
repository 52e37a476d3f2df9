# SPDX-License-Identifier: Apache-2.0
# A container's network as seen by a host of its own: clients' addresses, names, what is in reach.
# For each thing that the network is to do, the test that shows it; net_addresses.bats and
# net_machines.bats go into the details.
#
# rooms: host session vm
#
# What stands in single quotes is for the shell of that host
# shellcheck disable=SC2016,SC2153,SC2317

load helpers
load net_host_helpers

@test "the client's own address is what the container sees, by TCP and by UDP" {
	on_host '
		serve "exec netguest peer:80 udp-peer:53" --net=slirp4netns --publish 8080:80 '\
'--publish 5353:53/udp
		client_of tcp 192.0.2.1 192.0.2.2 8080
		client_of udp 192.0.2.1 192.0.2.2 5353
		announced() { rl exec "$C" grep -q ^fd00000000000000 /proc/net/if_inet6; }
		wait_for announced
		client_of tcp 2001:db8::1 2001:db8::1 8080
		client_of udp 127.0.0.1 127.0.0.1 5353
		client_of tcp ::1 ::1 8080
		client_of udp 2001:db8::1 2001:db8::1 5353
		rl delete --force "$C"
		serve "exec netguest peer4:80 udp-peer4:53" --publish 8080:80 --publish 5353:53/udp
		wait_for announced
		client_of tcp 2001:db8::1 2001:db8::1 8080
		client_of udp 2001:db8::1 2001:db8::1 5353
		rl delete --force "$C"'
	mapfile -t line <<<"$output"
	equal "${line[0]##* }" 192.0.2.1
	equal "${line[1]##* }" 192.0.2.1
	# A port of the same number, and by IPv6 too.
	equal "${line[2]##* }" 2001:db8::1
	# The host itself is the gateway.
	equal "${line[3]##* }" 10.0.2.2
	equal "${line[4]##* }" 10.0.2.2
	equal "${line[5]##* }" 2001:db8::1
	# Where nobody listens on IPv6, all of it arrives by IPv4.
	equal "${line[6]##* }" 10.0.2.2
	equal "${line[7]##* }" 10.0.2.2
}

# bats test_tags=not-vm
@test "the network moves aside where the host's routes overlap it" {
	on_host '
		ip link add eth0 type veth peer name eth1
		ip address add 10.0.2.17/24 dev eth0
		ip link set eth0 up
		script "ip address show tap0; ip route; cat /etc/resolv.conf"
		rl run --bundle "$B" --net=slirp4netns "$C"'
	has "$output" "inet 10.0.3.100/24"
	has "$output" "default via 10.0.3.2"
	has "$output" "nameserver 10.0.3.3"
}

# bats test_tags=not-vm
@test "names by a resolver on the host's 127.0.0.53; when the host's file changes, by the new one" {
	on_host "$resolver"'
		resolver 127.0.0.53 192.0.2.53
		resolver 127.0.0.54 192.0.2.54
		printf "nameserver 127.0.0.53\nsearch example.org\n" >"$T/resolv.conf"
		mount --bind "$T/resolv.conf" /etc/resolv.conf
		serve "cat /etc/resolv.conf; exec netguest tcp:80" --net=slirp4netns
		cat "$T/out"
		rl exec "$C" nslookup -type=a printer.example.org
		printf "nameserver 127.0.0.54\n" >"$T/resolv.conf"
		# slirp4netns looks at the file once a second at the most.
		asked_anew() { rl exec "$C" nslookup -type=a printer.example.org | grep "Address: '\
'192.0.2.54"; }
		wait_for asked_anew
		asked_anew
		rl delete --force "$C"'
	[[ $output != *"nameserver 127."* ]]
	has "$output" "nameserver 10.0.2.3"
	has "$output" "search example.org"
	has "$output" "Address: 192.0.2.53"
	has "$output" "Address: 192.0.2.54"
}

# bats test_tags=not-vm
@test "the host's loopback is out of reach, unless it is allowed; then it has a name" {
	on_host '
		mkdir "$T/www"
		echo treasure >"$T/www/index.html"
		python3 -m http.server --bind 127.0.0.1 --directory "$T/www" 8000 >"$T/log" 2>&1 &
		wait_for bash -c "</dev/tcp/127.0.0.1/8000"
		script "nc 10.0.2.2 8000 </dev/null || echo refused"
		rl run --bundle "$B" --net=slirp4netns "$C"
		script "grep host.rootlet.internal /etc/hosts; fetch 10.0.2.2 8000"
		rl run --bundle "$B" --net=slirp4netns:allow_host_loopback=true "$C"'
	mapfile -t line <<<"$output"
	equal "${line[0]}" refused
	equal "${line[1]}" $'10.0.2.2\thost.rootlet.internal'
	equal "${line[2]}" treasure
}

@test "the host's other addresses and networks: reached, unless allow_lan=false" {
	on_host '
		ip link add eth0 type veth peer name eth1
		ip address add 198.51.100.7/24 dev eth0
		ip link set eth0 up
		"$ROOTLET_BUILDDIR/tests/guest/netguest" port:7000 >"$T/port" &
		wait_for grep -q ready "$T/port"
		reach="nc 192.0.2.2 7000 </dev/null; nc 198.51.100.7 7000 </dev/null; nc '\
'2001:db8::1 7000 </dev/null"
		script "$reach"
		rl run --bundle "$B" --net=slirp4netns "$C" 2>&1 | tr "\n" " "
		echo
		script "$reach; nc 198.51.100.99 7000 </dev/null"
		rl run --bundle "$B" --net=slirp4netns:allow_lan=false "$C" 2>&1 | tr "\n" " " || '\
'true
		echo
		serve "exec netguest peer:80 udp-peer:53" --net=slirp4netns:allow_lan=false '\
'--publish 8080:80 --publish 5353:53/udp
		client_of tcp 192.0.2.1 192.0.2.2 8080
		client_of udp 192.0.2.1 192.0.2.2 5353
		rl delete --force "$C"'
	mapfile -t line <<<"$output"
	equal "${line[0]}" "7000 7000 7000 "
	[[ ${line[1]} != *7000\ 7000* ]] || fail "${line[1]}"
	equal "$(grep -o 'Permission denied' <<<"${line[1]}" | wc -l)" 4
	equal "${line[2]##* }" 192.0.2.1
	equal "${line[3]##* }" 192.0.2.1
}
