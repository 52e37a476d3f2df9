/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slirp/device: slirp4netns gets a device that is there already, and no way to anything else.
 *
 * It has no option for that. It enters the network namespace that it is told, opens /dev/net/tun
 * and asks that for a device. A seccomp filter answers all three: setns(2) and TUNSETIFF with 0, as
 * if they had gone well, and the open with 0 too, which here is a descriptor: the device stands in
 * the place of the standard input (SLIRP_TUN_FD). So slirp4netns needs no right over the
 * container's namespaces, and no listener, of which a process can have one alone.
 *
 * The same filter keeps it from UNIX sockets, unless it has an API: what takes it over finds no
 * session bus, at a path or an abstract one of the host's network.
 */
#include "libnet/slirp/device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/if_tun.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/scope.h"

/* That of the program that this is: slirp4netns comes from the same distribution. */
#if defined(__x86_64__) && !defined(__ILP32__)
#define NATIVE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define NATIVE AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define NATIVE AUDIT_ARCH_PPC64LE
#elif defined(__s390x__)
#define NATIVE AUDIT_ARCH_S390X
#elif defined(__arm__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define NATIVE AUDIT_ARCH_ARM
#elif defined(__i386__)
#define NATIVE AUDIT_ARCH_I386
#endif

#ifdef NATIVE
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LOWER_HALF 0
#else
#define LOWER_HALF 4
#endif

/* The kernel takes all arguments that are looked at here as int. */
#define ARGUMENT(n)                                                                                \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[n]) + LOWER_HALF)
#define LOAD(member) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
#define IF(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no)
#define ANSWER(what) BPF_STMT(BPF_RET | BPF_K, what)

/*
 * open(2), where there is one, takes its flags one argument earlier. glibc does without it, others
 * don't.
 */
#ifdef SYS_open
#define OLD_OPEN SYS_open
#else
#define OLD_OPEN SYS_openat
#endif

/* No call of x32 (__X32_SYSCALL_BIT), which is of the same architecture. */
#define CALLS_END 0x40000000

/*
 * Open for both ways, of a file that is there, and as if it blocked: nothing else of a program that
 * ends up as slirp4netns is opened so. A shell tries its terminal without blocking.
 */
#define OPEN_FLAGS (O_ACCMODE | O_CREAT | O_NONBLOCK)

int slirp_device_filter(bool unix_sockets)
{
	const uint32_t refused = unix_sockets ? UINT32_MAX : AF_UNIX;
	struct sock_filter code[] = {
		LOAD(arch),
		IF(NATIVE, 0, 19),
		LOAD(nr),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, CALLS_END, 17, 0),
		IF(SYS_ioctl, 9, 0),
		IF(SYS_setns, 12, 0),
		IF(SYS_socket, 9, 0),
		IF(SYS_openat, 3, 0),
		IF(OLD_OPEN, 0, 10),
		ARGUMENT(1),
		BPF_STMT(BPF_JMP | BPF_JA, 1),
		ARGUMENT(2), /* openat's */
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, OPEN_FLAGS),
		IF(O_RDWR, 4, 5),
		ARGUMENT(1), /* ioctl's */
		IF(TUNSETIFF, 2, 3),
		ARGUMENT(0), /* socket's */
		IF(refused, 2, 1),
		ANSWER(SECCOMP_RET_ERRNO), /* 0: it went well, or SLIRP_TUN_FD */
		ANSWER(SECCOMP_RET_ALLOW),
		ANSWER(SECCOMP_RET_ERRNO | EACCES),
		ANSWER(SECCOMP_RET_KILL_PROCESS),
	};
	const struct sock_fprog program = { .len = sizeof(code) / sizeof(code[0]), .filter = code };

	/* Whoever is root of its user namespace needs no no_new_privs. */
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0) {
		return -errno;
	}
	return 0;
}
#else
int slirp_device_filter(bool unix_sockets)
{
	(void)unix_sockets;
	return -ENOTSUP;
}
#endif

int slirp_device_explain(struct err *err)
{
	/*
	 * Opened, and not asked whether it could be: it is the open that a missing module, nodev or
	 * a device filter refuses.
	 */
	scope_fd int tun = open(SLIRP_TUN_PATH, O_RDWR | O_CLOEXEC);

	switch (tun < 0 ? errno : 0) {
	case ENOENT:
		return err_hint(err, "there is no /dev/net/tun: load its module (sudo modprobe "
				     "tun), or have the outer container given the device");
	case EACCES:
	case EPERM:
		return err_hint(err, "you may not open /dev/net/tun: sudo chmod 0666 /dev/net/tun; "
				     "in an outer container, have it given the device");
	case ENODEV:
	case ENXIO:
		return err_hint(err,
				"the kernel has no driver for /dev/net/tun: sudo modprobe tun");
	default:
		return -err->code;
	}
}
