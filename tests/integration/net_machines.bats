# SPDX-License-Identifier: Apache-2.0
# A container's network on machines where something is missing, or is not as it is on most.
#
# rooms: host session
#
# What stands in single quotes is for the shell of that host
# shellcheck disable=SC2016,SC2153,SC2317

load helpers
load kernel_helpers
load net_host_helpers

@test "a resolv.conf that leads out of /etc and /run: said, as slirp4netns then resolves no names" {
	on_host '
		mkdir "$T/etc"
		cp /etc/passwd /etc/group "$T/etc"
		echo "nameserver 127.0.0.53" >"$T/resolv.conf"
		ln -s "$T/resolv.conf" "$T/etc/resolv.conf"
		mount --bind "$T/etc" /etc
		script true
		rl run --bundle "$B" --net=slirp4netns "$C" 2>"$T/said"
		cat "$T/said"
		rl run --bundle "$B" --net=slirp4netns:enable_dns=false "$C" 2>"$T/said"
		cat "$T/said"'
	equal "$(wc -l <<<"$output")" 1
	has "$output" \
		"warning: --net: names may not be resolved: /etc/resolv.conf leads to \
$T/resolv.conf"
}

@test "a resolv.conf that leads below /run: slirp4netns has its folder, and nothing else of /run" {
	on_host '
		mkdir -p "$T/etc" "$T/run/some/where" "$T/run/some/other" "$T/run/user"
		cp /etc/passwd /etc/group "$T/etc"
		ln -s ../run/some/where/resolv.conf "$T/etc/resolv.conf"
		echo "nameserver 192.0.2.1" >"$T/run/some/where/resolv.conf"
		mount --bind "$T/etc" /etc
		mount --bind "$T/run" /run
		serve "exec netguest tcp:80" --net=slirp4netns
		cd "/proc/$(pgrep -x slirp4netns)/root"
		find run
		echo "nameserver 192.0.2.2" >/run/some/where/new
		mv /run/some/where/new /run/some/where/resolv.conf
		cat etc/resolv.conf
		rl delete --force "$C"
		echo "nameserver 192.0.2.3" >/run/resolv.conf
		ln -sf ../run/resolv.conf /etc/resolv.conf
		serve "exec netguest tcp:80" --net=slirp4netns
		cd "/proc/$(pgrep -x slirp4netns)/root"
		find run
		cat etc/resolv.conf
		rl delete --force "$C"'
	equal "$output" "run
run/some
run/some/where
run/some/where/resolv.conf
nameserver 192.0.2.2
run
run/resolv.conf
nameserver 192.0.2.3"
}

@test "slirp4netns is missing, or the tun device is: each said by its name, with the remedy" {
	on_host '
		: >"$T/empty"
		for program in $(type -ap slirp4netns); do mount --bind "$T/empty" "$program"; done
		rl run --bundle "$B" --net=slirp4netns "$C" 2>"$T/said" && exit 1
		cat "$T/said"'
	has "$output" "slirp4netns is not installed"
	has "$output" "apt-get install slirp4netns"
	on_host '
		mount -t tmpfs tmpfs /dev/net
		rl run --bundle "$B" --net=slirp4netns "$C" 2>"$T/said" && exit 1
		cat "$T/said"'
	has "$output" "there is no /dev/net/tun"
	has "$output" "modprobe tun"
	on_host '
		mount --bind /dev/net/tun /dev/net/tun
		mount -o remount,bind,nodev /dev/net/tun
		rl run --bundle "$B" --net=slirp4netns "$C" 2>"$T/said" && exit 1
		cat "$T/said"'
	has "$output" "you may not open /dev/net/tun"
	has "$output" "chmod 0666 /dev/net/tun"
}

@test "rootlet on the network of a container: its own moves aside, and reaches out through both" {
	on_host '
		"$ROOTLET_BUILDDIR/tests/guest/netguest" port:7000 >"$T/port" &
		wait_for grep -q ready "$T/port"
		serve "exec netguest tcp:80" --net=slirp4netns
		outer=$(rl state "$C" | jq -r .pid)
		script "ip address show tap0; nc 192.0.2.2 7000 </dev/null"
		ROOTLET_TEST=$C nsenter --target "$outer" --user --net \
			"$ROOTLET" --root "$T/inner" --cgroup-manager=disabled run --bundle "$B" '\
'--net=slirp4netns "$C-inner"
		rl delete --force "$C"
		rmdir "$T/inner"'
	has "$output" "inet 10.0.3.100/24"
	# On a line of its own: what the server of the outermost host says.
	grep -qx 7000 <<<"$output" || fail "$output"
}

# A process can have one listener alone: slirp4netns' filter takes none.
@test "a seccomp listener around rootlet: slirp4netns gets its device, and again when killed" {
	export -f without
	on_host '
		rl() { without listener "$ROOTLET" --root "$T/state" --cgroup-manager=disabled '\
'"$@"; }
		"$ROOTLET_BUILDDIR/tests/guest/netguest" peer:7000 >"$T/peer" &
		wait_for grep -q ready "$T/peer"
		serve "ip address show tap0; nc 192.0.2.2 7000 </dev/null | cut -d\" \" -f1; exec '\
'netguest peer:80" --publish 8080:80
		cat "$T/out"
		slirp() { pgrep -P "$(jq .network.pid "$T/state/$C/state.json")" -x slirp4netns; }
		killed=$(slirp)
		client_of tcp 2001:db8::1 2001:db8::1 8080
		kill -KILL "$killed"
		another() { [ -n "$(slirp)" ] && [ "$(slirp)" != "$killed" ]; }
		wait_for another
		fetched() { rl exec "$C" nc 192.0.2.2 7000 </dev/null | grep 192.0.2; }
		wait_for fetched
		fetched
		client_of tcp 2001:db8::1 2001:db8::1 8080
		rl delete --force "$C"'
	has "$output" "inet 10.0.2.100/24"
	has "$output" "inet6 fd00::100/64"
	equal "$(grep -c "^2001:db8::1 [0-9]* 2001:db8::1$" <<<"$output")" 2
	equal "$(grep -c "^192.0.2." <<<"$output")" 2
}

# As where Yama's ptrace_scope is 3.
@test "nobody may read another's memory: slirp4netns is given its device all the same" {
	export -f without
	on_host '
		rl() { without readv "$ROOTLET" --root "$T/state" --cgroup-manager=disabled "$@"; }
		serve "ip address show tap0; exec netguest peer:80" --publish 8080:80
		cat "$T/out"
		client_of tcp 2001:db8::1 2001:db8::1 8080
		rl delete --force "$C"'
	has "$output" "inet 10.0.2.100/24"
	grep -q "^2001:db8::1 [0-9]* 2001:db8::1$" <<<"$output" || fail "$output"
}
