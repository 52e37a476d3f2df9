# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# kernel_helpers: for the tests of what is done where the kernel can't do all. After helpers.
#
# shellcheck disable=SC2154

# without pidfd_getfd|readv|cookie|filter|listener COMMAND...: as on a kernel that has not the call,
# SO_NETNS_COOKIE (5.14), or SO_ATTACH_FILTER for it; or as one of a process around which there is a
# seccomp listener already. For a root of a user namespace.
without() {
	ROOTLET_TEST=$C python3 - "$@" 3>&- <<'END'
import ctypes, os, struct, sys
f = lambda code, jt, jf, k: struct.pack("HBBI", code, jt, jf, k)
nr, level, option = f(0x20, 0, 0, 0), f(0x20, 0, 0, 24), f(0x20, 0, 0, 32)  # arguments 1 and 2
allow, deny = f(0x06, 0, 0, 0x7fff0000), lambda e: f(0x06, 0, 0, 0x50000 | e)
code = {
    "pidfd_getfd": nr + f(0x15, 0, 1, 438) + deny(1) + allow,
    "readv": nr + f(0x15, 0, 1, 310) + deny(1) + allow,
    "cookie": nr + f(0x15, 0, 5, 55) + level + f(0x15, 0, 3, 1) + option +
        f(0x15, 0, 1, 71) + deny(92) + allow,
    "listener": nr + f(0x15, 0, 3, 317) + level + f(0x45, 0, 1, 8) + deny(16) + allow,
    "filter": nr + f(0x15, 0, 5, 54) + level + f(0x15, 0, 3, 1) + option +
        f(0x15, 0, 1, 26) + deny(1) + allow,
}[sys.argv[1]]
buffer = ctypes.create_string_buffer(code)
program = struct.pack("HxxxxxxQ", len(code) // 8, ctypes.addressof(buffer))
libc = ctypes.CDLL(None)
libc.prctl(38, 1, 0, 0, 0)
assert libc.prctl(22, 2, program, 0, 0) == 0
os.execv(sys.argv[2], sys.argv[2:])
END
}
