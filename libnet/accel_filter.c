/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net/accel_filter: the program at the container's system calls: what tells the switch of them.
 * Pure: an array of struct sock_filter, seccomp(2).
 *
 * io_uring, TCP Fast Open of clients, x32 and the socket calls of 32-bit programs, which the filter
 * can't see through, are answered as by a kernel that has none.
 */
#include "libnet/accel_filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#ifndef SYS_io_uring_setup
#define SYS_io_uring_setup 425
#endif
#ifndef TCP_FASTOPEN_CONNECT
#define TCP_FASTOPEN_CONNECT 30
#endif

#define DATA(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define LOW_WORD (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 0 : 4)
#define ARGUMENT(n)                                                                                \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[n]) + LOW_WORD)
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, (value))
#define REFUSE(code) RETURN(SECCOMP_RET_ERRNO | (code))
#define ALLOW RETURN(SECCOMP_RET_ALLOW)

/*
 * The number is loaded: is it this one? Then the next instructions are for it, else they are
 * skipped.
 */
#define CALL(number, instructions) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, (instructions))

/*
 * TCP Fast Open connects without a connect. EOPNOTSUPP is what a kernel without it says; programs
 * then connect.
 */
#define NO_FAST_OPEN(number, argument)                                                             \
	CALL(number, 4), ARGUMENT(argument),                                                       \
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, MSG_FASTOPEN, 0, 1), REFUSE(EOPNOTSUPP),      \
		ALLOW

/*
 * A foreign architecture's calls have other numbers, and one call of i386 hides its arguments in
 * memory: its programs have no sockets here.
 */
#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#define FOREIGN AUDIT_ARCH_I386
/* socketcall sendmmsg bind connect setsockopt sendto sendmsg io_uring_setup */
static const unsigned foreign_calls[] = { 102, 345, 361, 362, 366, 369, 370, 425 };
/* x32, whose calls are marked by a bit. */
#define OTHER_ABI BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1), REFUSE(ENOSYS)
#elif defined(__aarch64__)
#define NATIVE AUDIT_ARCH_AARCH64
#define FOREIGN AUDIT_ARCH_ARM
/* bind connect sendto setsockopt sendmsg sendmmsg io_uring_setup */
static const unsigned foreign_calls[] = { 282, 283, 290, 294, 296, 374, 425 };
#endif

#ifdef NATIVE
#define FOREIGN_CALLS (sizeof(foreign_calls) / sizeof(foreign_calls[0]))

static const struct sock_filter native_part[] = {
	DATA(nr),
#ifdef OTHER_ABI
	OTHER_ABI,
#endif
	CALL(SYS_connect, 1),
	RETURN(SECCOMP_RET_USER_NOTIF),
	CALL(SYS_bind, 1),
	RETURN(SECCOMP_RET_USER_NOTIF),
	NO_FAST_OPEN(SYS_sendto, 3),
	NO_FAST_OPEN(SYS_sendmsg, 2),
	NO_FAST_OPEN(SYS_sendmmsg, 3),
	CALL(SYS_setsockopt, 6),
	ARGUMENT(1),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 0, 3),
	ARGUMENT(2),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TCP_FASTOPEN_CONNECT, 0, 1),
	REFUSE(EOPNOTSUPP),
	ALLOW,
	/* Its connects and sends are no system calls. */
	CALL(SYS_io_uring_setup, 1),
	REFUSE(ENOSYS),
	ALLOW,
};

_Static_assert(sizeof(native_part) / sizeof(native_part[0]) + 2 * FOREIGN_CALLS + 6 <=
		       NET_ACCEL_FILTER_MAX,
	       "the filter has room");

size_t net_accel_filter(struct sock_filter code[static NET_ACCEL_FILTER_MAX])
{
	size_t n = 0;

	code[n++] = (struct sock_filter)DATA(arch);
	code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE,
						 3 + 2 * FOREIGN_CALLS + 1, 0);
	/* An architecture that is neither can't run here. */
	code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, FOREIGN, 1, 0);
	code[n++] = (struct sock_filter)REFUSE(ENOSYS);
	code[n++] = (struct sock_filter)DATA(nr);
	for (size_t i = 0; i < FOREIGN_CALLS; i++) {
		code[n++] = (struct sock_filter)CALL(foreign_calls[i], 1);
		code[n++] = (struct sock_filter)REFUSE(ENOSYS);
	}
	code[n++] = (struct sock_filter)ALLOW;
	memcpy(code + n, native_part, sizeof(native_part));
	return n + sizeof(native_part) / sizeof(native_part[0]);
}
#else
size_t net_accel_filter(struct sock_filter code[static NET_ACCEL_FILTER_MAX])
{
	(void)code;
	return 0;
}
#endif
