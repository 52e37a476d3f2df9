#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Programs for the container's shell and for jq; output, stderr: of helpers' `try`
# shellcheck disable=SC2016,SC2154
# Who sees whose mounts: rootfsPropagation and the propagation of single mounts, by mountinfo and by
# mounting.

load helpers

# own_mounts COMMAND...: in a mount namespace where this user may mount: "the host" of the test.
own_mounts() {
	unshare --map-root-user --map-auto --mount "$@"
}

# Inside: mountinfo PATH prints "flags of the mount - type - flags of the filesystem", of the
# topmost there.
mountinfo='mountinfo() { awk -v p="$1" "\$5 == p { for (i = 7; \$i != \"-\"; i++) o = o \" \" \$i
	r = \$6 \" -\" o \" \" \$(i + 1) \" - \" \$(i + 3); o = \"\" } END { print r }" '\
'/proc/self/mountinfo; }; '

# late_mount: runs the bundle in a mount namespace whose T/dir is shared. Once the container has
# made /tmp/up, there is a tmpfs with a file "late" on T/dir/below and on the container's root at
# srv, as the host sees them.
late_mount() {
	mkdir -p "$T/dir"
	cat >"$T/outer" <<-'END'
		mount --bind "$3/rootfs" "$3/rootfs"
		mount --make-shared "$3/rootfs"
		mount -t tmpfs none "$2"
		mount --make-shared "$2"
		mkdir "$2/below"
		"$1" --root "$2.state" run -b "$3" "$4" &
		i=0
		while [ ! -e "$3/rootfs/tmp/up" ] && [ $((i += 1)) -lt 200 ]; do sleep 0.05; done
		for place in "$2/below" "$3/rootfs/srv"; do
			mount -t tmpfs none "$place"
			touch "$place/late"
		done
		touch "$3/rootfs/tmp/go"
		wait $!
		grep -c " $2/inside " /proc/self/mountinfo >&2 || true
	END
	try own_mounts sh -e "$T/outer" "$ROOTLET" "$T/dir" "$B" "$C"
	rmdir "$T/dir.state"
}

# Inside: goes on when the host has mounted.
wait_late='echo up >/tmp/up; i=0; while [ ! -e /tmp/go ] && [ $((i += 1)) -lt 200 ]; do sleep '\
'0.05; done; '

@test "rootfsPropagation: every value, as mountinfo has it" {
	local value
	for value in private rprivate slave rslave shared rshared unbindable runbindable; do
		config '.linux.rootfsPropagation = $v' --arg v "$value"
		inside "$mountinfo"'mountinfo /'
		case $value in
		*shared) [[ $output == *" - "*shared:* ]] || fail "$value: $output" ;;
		*unbindable) has "$output" unbindable ;;
		# Slave of a host that shares nothing is private too.
		*slave | *private) [[ $output != *shared:* && $output != *master:* ]] ||
			fail "$value: $output" ;;
		esac
	done
	config '.linux.rootfsPropagation = "sideways"'
	try rl run --bundle "$B" "$C"
	refused "/linux/rootfsPropagation" sideways
}

@test "rootfsPropagation: the root has it, other mounts what their own options say" {
	local value
	mkdir -p "$T/dir"
	mount_add /by-option none "$T/dir" bind private
	mount_add /asks none "$T/dir" bind shared
	mount_add /new-asks tmpfs tmpfs shared
	mount_add /new tmpfs tmpfs
	for value in shared rshared unbindable runbindable; do
		config '.linux.rootfsPropagation = $v' --arg v "$value"
		inside "$mountinfo"'for p in / /by-option /new /proc /dev /asks /new-asks; do
			echo "$p $(mountinfo $p | grep -oE "shared|unbindable|master")"; done'
		equal "$output" "/ ${value#r}
/by-option 
/new 
/proc 
/dev 
/asks shared
/new-asks shared"
	done
}

@test "rootfsPropagation slave: what the host mounts later is seen; shared too; private not" {
	local value
	script "$wait_late$mountinfo"'ls -A /srv; mountinfo /'
	for value in slave shared private; do
		config '.linux.rootfsPropagation = $v' --arg v "$value"
		rm -f "$B"/rootfs/tmp/{up,go}
		late_mount
		case $value in
		slave) [[ $output == late*master:* && $output != *shared:* ]] ||
			fail "$value: $output" ;;
		shared) [[ $output == late*shared:*master:* ]] || fail "$value: $output" ;;
		private) [[ $output != *late* && $output != *shared:* && $output != *master:* ]] ||
			fail "$value: $output" ;;
		esac
	done
}

@test "rootfsPropagation unbindable: the root can't be bound again" {
	config '.linux.rootfsPropagation = "unbindable" | .process.capabilities |= map_values(. +
		["CAP_SYS_ADMIN"])'
	inside 'mkdir -p /tmp/again; mount --bind /etc /tmp/again 2>&1; true'
	has "$output" "Invalid argument"
	config '.linux.rootfsPropagation = "private"'
	inside 'mount --bind /etc /tmp/again && cat /tmp/again/group | head -n 1'
	equal "$output" root:x:0:
}

@test "slave mounts see what the host mounts later, whatever the root's; private ones do not" {
	mount_add /slave none "$T/dir" rbind rslave
	mount_add /shared none "$T/dir" rbind rshared
	mount_add /private none "$T/dir" rbind rprivate
	mount_add /default none "$T/dir" rbind
	script "$wait_late$mountinfo"'for p in /slave /shared /private /default;
		do echo "$p: $(ls $p/below)"; done; mountinfo /slave; mountinfo /shared'
	late_mount
	equal "$status" 0
	equal "$(head -n 4 <<<"$output")" $'/slave: late\n/shared: late\n/private: \n/default: '
	[[ $(sed -n 5p <<<"$output") == *" master:"* && $(sed -n 5p <<<"$output") != *shared:* ]] ||
		fail "$output"
	[[ $(sed -n 6p <<<"$output") == *" shared:"*" master:"* ]] || fail "$output"
}

@test "nothing that is mounted inside is seen by the host, through a shared mount neither" {
	config '.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])'
	mount_add /shared none "$T/dir" rbind rshared
	script "$wait_late"'mkdir /shared/inside; mount -t tmpfs none /shared/inside &&
		echo mounted'
	late_mount
	equal "$output" mounted
	equal "$stderr" 0
}
