# SPDX-License-Identifier: Apache-2.0
# --net=slirp4netns:accel=seccomp: a container that holds up who looks at its calls, by a file
# system of its own that does not answer, holds up none of its other calls.
#
# rooms: host
#
# What stands in single quotes is for the shell of that host
# shellcheck disable=SC2016,SC2034,SC2154,SC2317

load ../helpers
load ../kernel_helpers
load ../accel_helpers

# /dev/fuse is root's: on_host without a user namespace of its own.
unshare() {
	command unshare "${@:4}"
}

# Mounts a file system of FUSE at $T/fuse, whose files are numbers. Neither reading one nor closing
# it ever comes to an end; a line of $T/asked says which was asked for.
slow='
slow() {
	mkdir "$T/fuse"
	python3 - "$T/fuse" "$T/asked" 3>&- <<"END" &
import ctypes, errno, os, struct, sys
fd = os.open("/dev/fuse", os.O_RDWR)
libc = ctypes.CDLL(None, use_errno=True)
options = "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other" % fd
if libc.mount(b"slow", sys.argv[1].encode(), b"fuse", 0, options.encode()) < 0:
    sys.exit(os.strerror(ctypes.get_errno()))
asked = open(sys.argv[2], "w")
print("mounted", file=asked, flush=True)
def attributes(node):
    mode = 0o40755 if node == 1 else 0o100644
    return struct.pack("<6Q3I7I", node, 4096, 8, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)
while True:
    try:
        request = os.read(fd, 1 << 18)
    except OSError as e:
        if e.errno == errno.ENODEV:
            sys.exit()
        continue
    _, opcode, unique, node = struct.unpack("<IIQQ", request[:24])
    error, body = 0, b""
    if opcode == 26:  # INIT
        body = struct.pack("<4I2H2I2HI7I", 7, 31, 0, 0, 1, 1, 4096, 1, 1, 0, 0, *[0] * 7)
    elif opcode == 1:  # LOOKUP
        child = 10 + int(request[40:-1])
        body = struct.pack("<4Q2I", child, 0, 60, 60, 0, 0) + attributes(child)
    elif opcode == 3:  # GETATTR
        body = struct.pack("<Q2I", 60, 0, 0) + attributes(node)
    elif opcode in (14, 27):  # OPEN, OPENDIR
        body = struct.pack("<Q2I", 1, 0, 0)
    elif opcode in (15, 25):  # READ, FLUSH
        print("read" if opcode == 15 else "flush", file=asked, flush=True)
        continue
    elif opcode in (2, 36, 42):  # FORGET, INTERRUPT, BATCH_FORGET
        continue
    elif opcode not in (18, 29):  # RELEASE, RELEASEDIR
        error = -errno.ENOSYS
    os.write(fd, struct.pack("<IiQ", 16 + len(body), error, unique) + body)
END
	SLOW=$!
	wait_for grep -q mounted "$T/asked"
}
asked() {
	[ "$(grep -c "$1" "$T/asked")" -ge "$2" ]
}
'

# try_it WHAT WORD: four of the container's processes hold up who looks at them; a fifth connects,
# and a server of its own is ended meanwhile. Those who were held up then go on.
try_it() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	config '.mounts += [{"destination": "/fuse", "type": "bind", "source": $s,
			"options": ["bind"]}] |
		.linux.namespaces |= map(select(.type != "user")) + [{"type": "user"}] |
		.linux.uidMappings = [{"containerID": 0, "hostID": 0, "size": 1},
			{"containerID": 1, "hostID": 100000, "size": 65535}] |
		.linux.gidMappings = .linux.uidMappings' --arg s "$T/fuse"
	on_host "$slow$ask"'
		slow
		serve "exec accelguest serve plain 0.0.0.0 80" "$ACCEL" --publish 0.0.0.0:8080:80
		rl exec "$C" accelguest call block 192.0.2.9 7000
		rl exec --detach "$C" accelguest '"$1"' /fuse/0
		wait_for asked '"$2"' 1
		rl exec "$C" accelguest call block 192.0.2.9 7000
		for i in 1 2 3; do
			rl exec --detach "$C" accelguest '"$1"' /fuse/"$i"
		done
		# Who is made for the fourth has its question before any later call is heard.
		held() { [ "$(pgrep -xc rootlet-reader)" -ge 4 ]; }
		wait_for held
		rl exec "$C" accelguest call block 192.0.2.9 7000
		rl port remove "$C" 0.0.0.0:8080:80
		far_ask 192.0.2.1 8080
		pgrep -xc rootlet-reader
		kill "$SLOW"
		umount --lazy "$T/fuse"
		again() {
			[[ $(rl exec "$C" accelguest call block 192.0.2.9 7000) == "192.0.2.1 "* ]]
		}
		wait_for again
		rl delete --force "$C"
		none() { ! pgrep -x rootlet-reader; }
		wait_for none'
	[[ ${line[0]} == "192.0.2.1 192.0.2.1 "* ]] || fail "${line[0]}"
	[[ ${line[1]} == "192.0.2.1 192.0.2.1 "* ]] || fail "${line[1]}"
	# All readers are held up: as by slirp4netns.
	[[ ${line[2]} == "10.0.2.100 192.0.2.1 "* ]] || fail "${line[2]}"
	equal "${line[3]}" "connect: ECONNREFUSED"
	equal "${line[4]}" 5
}

@test "memory that takes for ever to read: the others connect, and a port is removed" {
	try_it memory read
}

@test "a descriptor that takes for ever to close: the others connect, and a port is removed" {
	try_it descriptor flush
}
