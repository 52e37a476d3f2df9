# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# net_names: /etc/hosts and /etc/resolv.conf of a container with a network of rootlet's, whatever
# the image has there. For an ordinary user's containers, and for root's.
#
# shellcheck disable=SC2016,SC2154 # of helpers

# Tried: the host side reads etc/hosts as it did, by an open that is followed by another: the FIFO
# was never left, and root's device gave a mebibyte of zeros.
names_odd_hosts() {
	local kind
	script 'grep rootlet /etc/hosts; tr -d "\t\n -~" </etc/hosts | wc -c
		echo x >>/etc/hosts'
	for kind in $ODD_KINDS; do
		rm -rf "$B/rootfs/etc/hosts"
		odd_file "$kind" "$B/rootfs/etc/hosts"
		try timeout -k 1 30 "$ROOTLET" --root "$T/state" run --bundle "$B" \
			--net=slirp4netns "$C" 3>&-
		case $kind in
		directory) refused "/etc/hosts is a directory" ;;
		looping) refused "/etc/hosts" "circle" ;;
		*)
			equal "$status $output" $'0 10.0.2.100\trootlet\n0'
			[ "$(wc -l <"$T/try.err")" -le 1 ] || fail "$kind: $stderr"
			;;
		esac
		case $kind in
		fifo | socket | device)
			has "$stderr" "/etc/hosts of the root filesystem is not a file"
			;;
		sparse) has "$stderr" "longer than 1 MiB" ;;
		esac
	done
}

# Tried: a bind of the state folder's file, as before: all 8 MiB were written, and were there.
names_bounded() {
	script 'for f in hosts resolv.conf; do
			dd if=/dev/zero of=/etc/$f bs=64k count=128 conv=notrunc oflag=append 2>&1 |
				grep -o "No space.*"
			[ $(stat -c %s /etc/$f) -lt 2000000 ] || echo $f is long
		done
		echo filled >/started; exec sleep 1000'
	rl run --detach --bundle "$B" --net=slirp4netns "$C" </dev/null >"$T/out" 2>&1
	wait_for test -e "$B/rootfs/started"
	equal "$(grep -c 'No space left' "$T/out")" 2
	not grep long "$T/out"
	# What is the host's is as rootlet wrote it: the next container of this network has that.
	equal "$(stat -c '%s' "$T/state/$C/hosts")" "$(tr -d '\0' <"$T/state/$C/hosts" | wc -c)"
	grep -q $'10.0.2.100\trootlet' "$T/state/$C/hosts"
	# Such a network belongs to a user namespace of the container's own.
	if [ "$(id -u)" -ne 0 ]; then
		script 'cat /etc/hosts'
		try rl run --bundle "$B" --net="container:$C" "$C-2"
		equal "$status $stderr" "0 "
		has "$output" $'10.0.2.100\trootlet'
	fi
	rl delete --force "$C"
}

# Tried: without MOUNT_ATTR_RDONLY: both were written.
names_readonly() {
	config '.root.readonly = true'
	script 'for f in hosts resolv.conf; do
			echo x >>/etc/$f; mount -o remount,rw /etc/$f; echo x >/etc/$f
		done 2>&1; cat /etc/hosts'
	try rl run --bundle "$B" --net=slirp4netns "$C"
	equal "$(grep -c 'Read-only file system' <<<"$output")" 4
	has "$output" $'10.0.2.100\trootlet'
}

# The image's own file is not touched, and its entries go before rootlet's.
names_merged() {
	printf '192.0.2.7 printer\n192.0.2.8 ROOTLET' >"$B/rootfs/etc/hosts"
	script 'cat /etc/hosts; echo x >/etc/hosts; cat /etc/hosts
		stat -c %a /etc/hosts /etc/resolv.conf'
	(umask 077 && rl run --bundle "$B" --net=slirp4netns "$C" >"$T/out" 2>&1)
	equal "$(cat "$T/out")" $'192.0.2.7 printer\n192.0.2.8 ROOTLET\n127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback\nx\n644\n644'
	equal "$(cat "$B/rootfs/etc/hosts")" $'192.0.2.7 printer\n192.0.2.8 ROOTLET'
}
