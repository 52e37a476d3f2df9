#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Programs for the container's shell and for jq; output, stderr: of helpers' `try`
# shellcheck disable=SC2016,SC2154
# linux.maskedPaths and linux.readonlyPaths, and that they can't be undone from inside.

load helpers

setup() {
	container_setup
	cp "$ROOTLET_BUILDDIR/tests/guest/testguest" "$B/rootfs/bin"
}

@test "a masked file is the null device" {
	echo secret >"$B/rootfs/etc/secret"
	config '.linux.maskedPaths = ["/etc/secret"]'
	inside 'wc -c </etc/secret; stat -c %t:%T /etc/secret; echo lost >/etc/secret;
		wc -c </etc/secret'
	equal "$output" $'0\n1:3\n0'
	equal "$(cat "$B/rootfs/etc/secret")" secret
}

@test "a masked directory is empty, and can't be written to" {
	mkdir "$B/rootfs/etc/secrets"
	echo secret >"$B/rootfs/etc/secrets/one"
	config '.linux.maskedPaths = ["/etc/secrets"]'
	inside 'ls -A /etc/secrets; touch /etc/secrets/x 2>&1;
		testguest try open-read /etc/secrets/one'
	has "$output" "Read-only file system"
	equal "$(tail -n 1 <<<"$output")" ENOENT
	equal "$(ls -A "$B/rootfs/etc/secrets")" one
}

@test "masked directories don't share what is written: two of them, one filesystem, both empty" {
	mkdir "$B/rootfs/a" "$B/rootfs/b"
	config '.linux.maskedPaths = ["/a", "/b"]'
	inside 'testguest try remount-rw /a; testguest try mknod /a/x; touch /a/x 2>/dev/null;
		ls -A /b /a; true'
	equal "$(head -n 1 <<<"$output")" EPERM
	[[ $output != *x* ]]
}

@test "masks in /proc: what spec writes" {
	inside 'for p in kcore keys timer_list timer_stats latency_stats sched_debug; do
			[ ! -e /proc/$p ] || stat -c "%n %t:%T" /proc/$p; done;
			ls -A /proc/acpi /proc/scsi 2>/dev/null | grep -v :; true'
	has "$output" "/proc/keys 1:3"
	[ "$(grep -vc ' 1:3$' <<<"$output")" -eq 0 ] || fail "$output"
}

@test "a path that is missing needs no mask and no read-only cover" {
	config '.linux.maskedPaths = ["/nowhere", "/etc/passwd/below"] |
		.linux.readonlyPaths = ["/nowhere/at/all"]'
	inside 'cat /etc/passwd | head -n 1; ls -d /nowhere 2>&1; true'
	has "$output" "root:x:0:0"
	has "$output" "No such file"
}

@test "a mask through a symlink of the root filesystem stays inside" {
	mkdir -p "$B/rootfs$T/outside" "$T/outside"
	echo in >"$B/rootfs$T/outside/file"
	echo out >"$T/outside/file"
	ln -s "$T/outside" "$B/rootfs/link"
	config '.linux.maskedPaths = ["/link/file"]'
	inside 'cat /link/file'
	equal "$output" ""
	equal "$(cat "$T/outside/file")" out
}

@test "/dev/null of the root filesystem plays no part in masking" {
	config 'del(.mounts[] | select(.destination | startswith("/dev"))) |
		.linux.maskedPaths = ["/etc/secret"]'
	echo secret >"$B/rootfs/etc/secret"
	echo other >"$B/rootfs/etc/other"
	ln -s /etc/other "$B/rootfs/dev/null"
	try rl run --bundle "$B" "$C"
	refused "/dev/null"
	equal "$(cat "$B/rootfs/etc/other")" other
}

@test "a read-only path: EROFS, with the mounts below it" {
	mkdir "$B/rootfs/data" "$T/dir"
	config '.mounts += [{destination: "/data/below", type: "none", source: $d,
		options: ["bind"]},
			{destination: "/data/fresh", type: "tmpfs", source: "tmpfs"}]
		| .linux.readonlyPaths = ["/data", "/etc/passwd"]' --arg d "$T/dir"
	inside 'for p in /data/x /data/below/x /data/fresh/x /etc/passwd; do touch $p 2>&1; done;
		touch /other && echo fine'
	equal "$(grep -c 'Read-only file system' <<<"$output")" 4
	has "$output" fine
	equal "$(ls -A "$T/dir")" ""
}

@test "/proc/sys is read-only, and /proc is not" {
	# A setting of the container's own network namespace: its root may write it but for the
	# cover.
	config '.process.capabilities |= map_values(. + ["CAP_NET_ADMIN"])'
	inside 'testguest try open-write /proc/sys/net/ipv4/ip_forward;
		testguest try open-write /proc/self/comm'
	equal "$output" $'EROFS\nok'
	config 'del(.linux.readonlyPaths)'
	inside 'testguest try open-write /proc/sys/net/ipv4/ip_forward'
	equal "$output" ok
}

@test "a mask below a read-only path holds too" {
	mkdir "$B/rootfs/data"
	echo secret >"$B/rootfs/data/secret"
	config '.linux.maskedPaths = ["/data/secret"] | .linux.readonlyPaths = ["/data"]'
	inside 'wc -c </data/secret; touch /data/x 2>&1; true'
	has "$output" "Read-only file system"
	equal "$(head -n 1 <<<"$output")" 0
}

@test "neither can be undone from inside: not by root, not from a user namespace of its own" {
	mkdir "$B/rootfs/data" "$B/rootfs/hidden"
	echo secret >"$B/rootfs/etc/secret"
	echo secret >"$B/rootfs/hidden/file"
	cat >"$B/rootfs/undo" <<-'END'
		for p in /etc/secret /hidden; do
			echo "umount $p: $(testguest try umount $p)"
		done
		for p in /data /hidden; do
			echo "remount $p: $(testguest try remount-rw $p)"
		done
		cat /etc/secret /hidden/file 2>/dev/null
		touch /data/x 2>/dev/null && echo written
		true
	END
	config '.linux.maskedPaths = ["/etc/secret", "/hidden"] | .linux.readonlyPaths = ["/data"]'
	inside 'sh /undo'
	equal "$output" "umount /etc/secret: EPERM
umount /hidden: EPERM
remount /data: EPERM
remount /hidden: EPERM"
	inside 'unshare -U -r -m sh /undo'
	equal "$output" "umount /etc/secret: EINVAL
umount /hidden: EINVAL
remount /data: EPERM
remount /hidden: EPERM"
}
