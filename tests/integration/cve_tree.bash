# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Programs for the container's shell and for jq; output, stderr: of helpers' `try`
# shellcheck disable=SC2016,SC2154,SC2030,SC2031
#
# cve_tree: a hostile root filesystem, and a process that exchanges names in it. The tests of
# cve.bats, by an ordinary user, and of root/cve.bats. After cve.
#
# Each was once run against a rootlet without its guard; what was taken out, and what the test then
# said, stands before it ("Tried: …").

# ---------------------------------------------------------------- links

# Every place of a tree that a start uses, as a link to every place that it must not lead to.
#
# Tried: sys_open_in_root made a plain open of the rootfs's path and this one: T/outside had a
# folder "sub".
cve_links_lead_nowhere() {
	local place target n=0
	config '.process.args = ["sh", "-c",
			"cat /etc/passwd /proc/self/fd/7/etc/hostname 2>&-; ls /bin/testguest"]
		| .linux.maskedPaths += ["/masked"] | .linux.readonlyPaths += ["/readonly"]
		| .process.cwd = "/cwd"
		| .mounts += [{destination: "/volume/sub", type: "tmpfs", source: "t"},
			{destination: "/bound/file", type: "bind", source: $s,
				options: ["bind", "ro"]}]' --arg s "$B/config.json"
	for place in proc sys dev etc volume bound masked readonly cwd tmp; do
		rm -rf "$B/rootfs/kept"
		[ ! -e "$B/rootfs/$place" ] || mv "$B/rootfs/$place" "$B/rootfs/kept"
		for target in .. / ../../../../../../../../../.. "$T/outside" \
			"../../../../../../..$T/outside/dir" /proc/self/fd/7 \
			/proc/self/root /proc/1/root/tmp /proc/self/cwd /dev/../.. "$place"; do
			ln -sfn "$target" "$B/rootfs/$place"
			try rl run --bundle "$B" "$C" 7<"$T/outside"
			if [ "$status" -ne 0 ]; then
				[ "$(wc -l <"$T/try.err")" -eq 1 ] ||
					fail "$place -> $target: $stderr"
			fi
			[[ $output != *"of the host"* ]] || fail "$place -> $target: $output"
			untouched || fail "$place -> $target"
			n=$((n + (status == 0)))
			rm "$B/rootfs/$place"
			# What was made in the tree, where such a link leads inside.
			remove_tree "$B/rootfs$T"
		done
		rm -rf "${B:?}/rootfs/$place"
		[ ! -e "$B/rootfs/kept" ] || mv "$B/rootfs/kept" "$B/rootfs/$place"
	done
	# It did start with most of them: otherwise there was nothing to see.
	[ "$n" -ge 30 ] || fail "only $n of them started"
}

# Tried: O_NOFOLLOW taken out of look_at_place and make_one, and sys_open_in_root made a plain open:
# T/outside/new was made.
cve_links_of_devices() {
	local place target
	config 'del(.mounts[] | select(.destination | startswith("/dev")))
		| .process.args = ["echo", "ran"]'
	for place in null zero full tty fd ptmx shm console pts/ptmx; do
		for target in "$T/outside/null" "../../../../../../..$T/outside/new" \
			/proc/self/fd/7 /proc/self/fd/7/new ../etc/passwd ..; do
			rm -rf "$B/rootfs/dev"
			mkdir -p "$B/rootfs/dev/pts"
			ln -s "$target" "$B/rootfs/dev/$place"
			try rl run --bundle "$B" "$C" 7<"$T/outside"
			untouched || fail "$place -> $target"
			[ "$status" -eq 0 ] || [ "$(wc -l <"$T/try.err")" -eq 1 ] ||
				fail "$place -> $target: $stderr"
			grep -q root:x:0 "$B/rootfs/etc/passwd"
		done
	done
}

# ---------------------------------------------------------------- the terminal

# Tried: O_NOFOLLOW and the check of the type taken out of bind_console: the container ran, with the
# terminal bound on the link's end.
cve_console() {
	local target
	script 'stat -c %t:%T /dev/console; head -c 4 /etc/passwd'
	config '.mounts |= map(select(.destination != "/dev"))'
	for target in "$T/outside/console" ../etc/passwd /proc/self/fd/7 nowhere \
		"../../../../../../..$T/outside/new"; do
		ln -sfn "$target" "$B/rootfs/dev/console"
		on_terminal
		refused /dev/console
		untouched
		[ ! -e "$B/rootfs/dev/nowhere" ]
	done
	rm "$B/rootfs/dev/console"
	mkdir "$B/rootfs/dev/console"
	on_terminal
	refused "/dev/console of the root filesystem is neither a file nor a device"
	rmdir "$B/rootfs/dev/console"
	mkfifo "$B/rootfs/dev/console"
	on_terminal
	refused "/dev/console of the root filesystem is neither a file nor a device"
	rm "$B/rootfs/dev/console"
	on_terminal
	has "$(cat "$T/screen")" "88:0"
	has "$(cat "$T/screen")" root
}

# Tried: the check before the opening taken out of open_multiplexer: it was opened, which let the
# reader go.
cve_multiplexer() {
	config '.mounts |= map(select(.destination | startswith("/dev") | not))'
	mkdir "$B/rootfs/dev/pts"
	mkfifo "$B/rootfs/dev/pts/ptmx"
	# Waits until someone opens the other side.
	timeout 20 cat "$B/rootfs/dev/pts/ptmx" 3>&- &
	local reader=$!
	on_terminal
	refused /dev/pts/ptmx "is not a terminal multiplexer"
	stays kill -0 "$reader"
	kill "$reader"
	wait "$reader" || true
	rm "$B/rootfs/dev/pts/ptmx"
	ln -s "$T/outside/ptmx" "$B/rootfs/dev/pts/ptmx"
	script 'stat -c %t:%T /dev/console'
	on_terminal
	untouched
	[ "$status" -ne 0 ] || has "$(cat "$T/screen")" 88:
}

# ---------------------------------------------------------------- files made in the tree

# Tried: sys_open_in_root made a plain open, and O_EXCL and O_NOFOLLOW taken out of make_one:
# T/outside/new was made.
cve_made_files() {
	local target
	for target in "$T/outside/new" "$T/outside/file" "../../../../../../..$T/outside/new" \
		/proc/self/fd/7/new; do
		rm -rf "${B:?}/rootfs/made"
		ln -sfn "$target" "$B/rootfs/made"
		cp "$B/config.json" "$T/whole"
		config '.mounts += [{destination: "/made", type: "bind", source: $s,
			options: ["bind", "ro"]}]' --arg s "$T/whole"
		bundle_args cat /made
		try rl run --bundle "$B" "$C" 7<"$T/outside"
		untouched
		[ "$status" -ne 0 ] || has "$output" ociVersion
		cp "$T/whole" "$B/config.json"
		config '.process.cwd = "/made/deeper" | .process.args = ["true"]'
		try rl run --bundle "$B" "$C" 7<"$T/outside"
		untouched
		cp "$T/whole" "$B/config.json"
		remove_tree "$B/rootfs$T"
	done
}

# Tried: the NOFOLLOWs and the S_ISLNK branch taken out of copy_up.c: the secret was in the new
# filesystem.
cve_copy_up() {
	mkdir -p "$B/rootfs/data/dir"
	ln -s "$T/outside/secret" "$B/rootfs/data/secret"
	ln -s "$T/outside/dir" "$B/rootfs/data/dir/out"
	mkfifo "$B/rootfs/data/fifo"
	config '.mounts += [{destination: "/data", type: "tmpfs", source: "t",
		options: ["tmpcopyup"]}]'
	inside 'readlink /data/secret; readlink /data/dir/out
		cat /data/secret /data/dir/out/file 2>/dev/null
		[ -p /data/fifo ] && echo fifo'
	equal "$output" "$T/outside/secret
$T/outside/dir
fifo"
	untouched
}

# ---------------------------------------------------------------- /proc

# Tried: guest_sysctls moved behind guest_pivot, without the checks of open_procfs and
# open_procfs_file: the tree's false file was written to.
cve_sysctls_false_proc() {
	mkdir -p "$B/rootfs/false/sys/net/ipv4" "$B/rootfs/false/self/attr" "$B/rootfs/real"
	echo untouched >"$B/rootfs/false/sys/net/ipv4/ip_unprivileged_port_start"
	echo untouched >"$B/rootfs/false/self/attr/exec"
	rmdir "$B/rootfs/proc"
	cp -r "$B/rootfs/false" "$B/rootfs/proc"
	config '.mounts |= map(if .destination == "/proc" then .destination = "/real" else . end)
		| .mounts += [{destination: "/proc", type: "bind", source: $f, options: ["bind"]}]
		| .linux.sysctl = {"net.ipv4.ip_unprivileged_port_start": "77"}
		| del(.linux.maskedPaths, .linux.readonlyPaths)' \
		--arg f "$B/rootfs/false"
	inside 'cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/self/attr/exec \
			/real/sys/net/ipv4/ip_unprivileged_port_start'
	equal "$output" $'untouched\nuntouched\n77'
}

# false_proc COMMAND: rootlet's run where COMMAND has changed /proc, in namespaces of the test's
# own.
false_proc() {
	try env "ROOTLET_TEST=$C" unshare --user --map-root-user --mount --net sh -ec "$1"'
		shift
		exec "$@"' sh "$T/false" "$ROOTLET" --root "$T/state" run --bundle "$B" "$C"
}

# Tried: open_real_directory taken out of open_target: the container ran.
cve_real_folders() {
	local name target
	for name in proc sys; do
		rmdir "$B/rootfs/$name"
		for target in /srv "$T/outside" ../../../../../../..; do
			ln -sfn "$target" "$B/rootfs/$name"
			try rl run --bundle "$B" "$C"
			refused "/$name" "symbolic link"
		done
		rm "$B/rootfs/$name"
		mkdir "$B/rootfs/$name"
	done
	untouched
}

# Tried: the comparison of f_type taken out of open_procfs: the file was refused instead of the
# folder. Taken out of
# open_procfs_file: the run went on, with the false file written to.
cve_foreign_proc() {
	local file=net/ipv4/ip_unprivileged_port_start
	mkdir -p "$T/false/net/ipv4"
	echo untouched >"$T/false/$file"
	# In this very network namespace: another one has a /proc/sys/net of its own, with nothing
	# mounted in it.
	config '.linux.sysctl = {"net.ipv4.ip_unprivileged_port_start": "77"}
		| del(.linux.namespaces[] | select(.type == "user"))
		| (.linux.namespaces[] | select(.type == "network")) += {path: "/proc/self/ns/net"}'
	false_proc 'mount --bind "$1" /proc/sys'
	refused "/proc/sys is not the kernel's procfs"
	false_proc 'mount --bind "$1/'$file'" /proc/sys/'$file
	refused "/proc/sys/$file is not a file of the kernel's procfs"
	false_proc 'mount --bind "$1/net" /proc/sys/net'
	refused "/proc/sys/$file is not a file of the kernel's procfs"
	equal "$(cat "$T/false/$file")" untouched
}

# ---------------------------------------------------------------- files of the tree that are read

# Tried: the checks of open_passwd taken out: the first never ended.
cve_passwd() {
	config 'del(.process.env)'
	rm "$B/rootfs/etc/passwd"
	mkfifo "$B/rootfs/etc/passwd"
	bundle_args /bin/sh -c 'echo "$HOME"'
	try timeout 10 env "ROOTLET_TEST=$C" "$ROOTLET" --root "$T/state" run --bundle "$B" "$C"
	equal "$status$output" 0/
	rm "$B/rootfs/etc/passwd"
	ln -s /dev/zero "$B/rootfs/etc/passwd"
	try timeout 10 env "ROOTLET_TEST=$C" "$ROOTLET" --root "$T/state" run --bundle "$B" "$C"
	equal "$status$output" 0/
}

# ---------------------------------------------------------------- races

# against_a_swapper NAME...: fifty starts beside a process that exchanges folders, and files, of the
# tree with links to the host's, all the time.
against_a_swapper() {
	local i name started=0
	local -a pairs=()
	for name in "$@"; do
		ln -sfn "${link:-$T/outside}" "$B/rootfs/$name.link"
		pairs+=("$B/rootfs/$name" "$B/rootfs/$name.link")
	done
	"$tool" swap 60 "${pairs[@]}" >"$T/swapper" 3>&- &
	swapper=$!
	wait_for grep -q swapping "$T/swapper"
	for ((i = 0; i < 50; i++)); do
		try timeout 20 env "ROOTLET_TEST=$C" "$ROOTLET" --root "$T/state" run \
			--bundle "$B" "$C"
		[[ $output != *"of the host"* ]] || fail "start $i read it: $output"
		[[ $output != *"is seen"* ]] || fail "start $i sees: $output"
		[ "$status" -eq 0 ] || [ "$(wc -l <"$T/try.err")" -eq 1 ] ||
			fail "start $i: $status $stderr"
		started=$((started + (status == 0)))
	done
	kill -0 "$swapper"
	kill "$swapper"
	wait "$swapper" || true
	swapper=
	untouched
	[ "$started" -gt 0 ] || fail "none has started: $stderr"
}

# Tried: sys_open_in_root made a realpath(3), a comparison with the root, and then a plain open, as
# runtimes did before these were found. Here T/outside had the new folders.
cve_race_mounts() {
	mkdir -p "$B/rootfs/a" "$B/rootfs/b" "$B/rootfs/c/dir"
	# Many, since each is one chance to meet the exchange.
	config '.mounts += [range(20)
			| {destination: "/a/new\(.)/sub", type: "tmpfs", source: "t"}] + [
		{destination: "/a/file", type: "bind", source: $s, options: ["bind"]},
		{destination: "/b", type: "tmpfs", source: "t"},
		{destination: "/c/dir", type: "tmpfs", source: "t", options: ["tmpcopyup"]}]' \
			--arg s "$B/config.json"
	script "[ ! -e '$T/outside/secret' ] || echo 'outside is seen'
		cat /*/secret /c/dir/file 2>/dev/null; true"
	against_a_swapper a b c
}

# Tried likewise: the links of /dev were in T/outside.
cve_race_masks() {
	mkdir -p "$B/rootfs/m" "$B/rootfs/r"
	echo own >"$B/rootfs/m/secret"
	echo own >"$B/rootfs/r/file"
	config 'del(.mounts[] | select(.destination | startswith("/dev")))
		| .linux.maskedPaths += ["/m/secret", "/m/dir"]
		| .linux.readonlyPaths += ["/r", "/r/file"]'
	script 'cat /m/secret /r/file /dev/secret 2>/dev/null | grep -v own; true'
	against_a_swapper m r dev
}

# Tried: mask_one made to cover with the tree's own /dev/null instead of g->null_dev: what was
# planted was seen.
cve_race_null() {
	mkdir -p "$B/rootfs/m"
	echo own >"$B/rootfs/m/secret"
	echo "what is seen was planted" >"$B/rootfs/etc/planted"
	if [ "$(id -u)" -eq 0 ]; then
		mknod -m 0666 "$B/rootfs/dev/null" c 1 3
	else
		: >"$B/rootfs/dev/null"
	fi
	config 'del(.mounts[] | select(.destination | startswith("/dev")))
		| .linux.maskedPaths = [range(20) | "/m/secret\(.)"]'
	for i in {0..19}; do
		echo own >"$B/rootfs/m/secret$i"
	done
	script 'cat /m/secret?* 2>/dev/null; stat -c "%t:%T" /m/secret?* | sort -u'
	link=/etc/planted against_a_swapper dev/null
	[ "$status" -ne 0 ] || equal "$output" 1:3
}

# Tried: sys_open_in_root made a plain open: T/outside had the folders of the cwd and of /sys. With
# the branch for /proc taken out of open_place: covers were missing in the tenth start.
cve_race_proc() {
	mkdir -p "$B/rootfs/place"
	config '.process.cwd = "/place/new/deep"
		| .linux.sysctl = {"net.ipv4.ip_unprivileged_port_start": "77"}
		| .process.capabilities |= map_values(. + ["CAP_NET_ADMIN"])'
	# By either of its names, proc has its covers.
	script 'cat secret ../../secret /proc/secret /sys/secret 2>/dev/null
		for d in /proc /proc.link; do
			cd $d && [ -e self/mountinfo ] || continue
			[ "$(stat -c %t:%T keys)" = 1:3 ] || echo "an uncovered file is seen"
			[ "$(testguest try open-write sys/net/ipv4/ip_forward)" = EROFS ] ||
				echo "a writable sysctl is seen"
		done
		true'
	against_a_swapper proc sys place
}
