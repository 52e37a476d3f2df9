/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net/confine: the seccomp filters of the forwarder and of the switch.
 *
 * Both read what a hostile container or its clients send, and both stand in the host's mount
 * namespace with its user's ids: whoever took one over could read and write that user's files, and
 * have the user's session bus start programs. With its filter the forwarder can open nothing and
 * make no other process, and neither can speak UNIX sockets or reach netfilter.
 *
 * What is not in the list fails with ENOSYS: a C library that has learnt a younger call then takes
 * the older one, as on an older kernel. Killing would end a network at an update of the library,
 * and a switch that was killed is not started again. A call of another architecture or of x32 is
 * nothing that a library does: that kills.
 */
#include "libnet/confine.h"

#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS /* Linux 6.6 */
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif

#ifndef SECCOMP_FILTER_FLAG_SPEC_ALLOW
#define SECCOMP_FILTER_FLAG_SPEC_ALLOW (1UL << 2)
#endif
#ifndef SECCOMP_RET_KILL_PROCESS
#define SECCOMP_RET_KILL_PROCESS 0x80000000U
#endif

#if defined(__x86_64__) && !defined(__ILP32__)

#define X32 0x40000000U

/*
 * The kernel takes all arguments that are looked at here as int, or has no meaning for their upper
 * half.
 */
struct test {
	unsigned argument;
	uint32_t mask; /* 0: no test */
	uint32_t value;
};

/* One way in which a call may be made. */
struct rule {
	unsigned call;
	struct test tests[2];
};

/* clang-format off */
#define CALL(name) { .call = __NR_##name }
#define CALL_IF(name, test) { .call = __NR_##name, .tests = { test } }
#define CALL_IF_BOTH(name, test, other) { .call = __NR_##name, .tests = { test, other } }
#define IS(argument, value) { (argument), UINT32_MAX, (uint32_t)(value) }
#define HAS_NO(argument, bits) { (argument), (uint32_t)(bits), 0 }
/* clang-format on */

#define SOCKET(domain, protocol) CALL_IF_BOTH(socket, IS(0, domain), IS(2, protocol))
#define OPTION(level, name) CALL_IF_BOTH(setsockopt, IS(1, level), IS(2, name))

/* netfilter's options of sockets, of IP and IPv6, begin with 64 (IPT_BASE_CTL). */
#define NETFILTER (~63U)

/*
 * What AddressSanitizer calls of its own accord: before what does not return, and to do something
 * once.
 */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define SANITIZER CALL(sigaltstack), CALL(futex), CALL(sched_yield), CALL(getpid), CALL(gettid),
#else
#define SANITIZER
#endif

/*
 * The C library's allocator; a poll or an epoll_wait that a stop has interrupted; clocks that the
 * vdso does not know.
 */
#define COMMON                                                                                     \
	SANITIZER CALL(brk), CALL_IF(mmap, HAS_NO(2, PROT_EXEC)), CALL(munmap), CALL(mremap),      \
		CALL(madvise), CALL(clock_gettime), CALL(restart_syscall), CALL(epoll_ctl),        \
		CALL(close), CALL(exit_group)

static const struct rule forwarder_rules[] = {
	CALL(epoll_wait),
	CALL(epoll_pwait),
	CALL(recvfrom),
	CALL(sendto),
	CALL(splice),
	CALL(accept4),
	CALL(connect),
	CALL(bind),
	CALL(shutdown),
	CALL(recvmsg),
	CALL(sendmsg),
	/* TCP and UDP by the default protocol, and routes: NETLINK_ROUTE is 0 too. */
	SOCKET(AF_INET, 0),
	SOCKET(AF_INET6, 0),
	SOCKET(AF_NETLINK, NETLINK_ROUTE),
	OPTION(SOL_SOCKET, SO_REUSEADDR),
	OPTION(SOL_SOCKET, SO_MARK),
	OPTION(SOL_SOCKET, SO_LINGER),
	OPTION(IPPROTO_IP, IP_TRANSPARENT),
	OPTION(IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT),
	OPTION(IPPROTO_IPV6, IPV6_TRANSPARENT),
	OPTION(IPPROTO_TCP, TCP_NODELAY),
	OPTION(SOL_NETLINK, NETLINK_EXT_ACK),
	OPTION(SOL_NETLINK, NETLINK_CAP_ACK),
	CALL_IF_BOTH(getsockopt, IS(1, SOL_SOCKET), IS(2, SO_ERROR)),
	CALL(pipe2),
	CALL_IF(fcntl, IS(1, F_SETPIPE_SZ)),
	CALL(poll),
	CALL(pread64),
	COMMON,
};

/*
 * Any of a level; of IP's, those that are not netfilter's, and one of IPv6 that has a number among
 * them.
 */
#define SOCKET_OPTIONS(call)                                                                       \
	CALL_IF(call, IS(1, SOL_SOCKET)), CALL_IF(call, IS(1, IPPROTO_TCP)),                       \
		CALL_IF_BOTH(call, IS(1, IPPROTO_IP), HAS_NO(2, NETFILTER)),                       \
		CALL_IF_BOTH(call, IS(1, IPPROTO_IPV6), HAS_NO(2, NETFILTER)),                     \
		CALL_IF_BOTH(call, IS(1, IPPROTO_IPV6), IS(2, IPV6_TCLASS))

/*
 * It looks at the container's processes through /proc, by paths, so of the host's files it may
 * read. Its child makes a socket in the container's network (sys_socket_in): a clone, both setns, a
 * pipe. Within that user namespace a thief would have the rights that the container has.
 */
static const struct rule switch_rules[] = {
	CALL(epoll_wait),
	CALL(epoll_pwait),
	CALL_IF(ioctl, IS(1, SECCOMP_IOCTL_NOTIF_RECV)),
	CALL_IF(ioctl, IS(1, SECCOMP_IOCTL_NOTIF_SEND)),
	CALL_IF(ioctl, IS(1, SECCOMP_IOCTL_NOTIF_ID_VALID)),
	CALL_IF(ioctl, IS(1, SECCOMP_IOCTL_NOTIF_ADDFD)),
	CALL_IF(ioctl, IS(1, SECCOMP_IOCTL_NOTIF_SET_FLAGS)),
	CALL_IF(ioctl, IS(1, SIOCGIFINDEX)),
	CALL(getrandom),
	CALL(pidfd_open),
	CALL(pidfd_getfd),
	CALL(process_vm_readv),
	SOCKET_OPTIONS(getsockopt),
	SOCKET_OPTIONS(setsockopt),
	CALL(getsockname),
	CALL_IF_BOTH(socket, IS(0, AF_INET), IS(2, IPPROTO_TCP)),
	CALL_IF_BOTH(socket, IS(0, AF_INET6), IS(2, IPPROTO_TCP)),
	CALL(bind),
	CALL(connect),
	CALL(listen),
	CALL(shutdown),
	CALL(sendto),
	CALL(recvmsg),
	CALL_IF(fcntl, IS(1, F_GETFL)),
	CALL_IF(fcntl, IS(1, F_SETFL)),
	CALL_IF(openat, HAS_NO(2, O_ACCMODE | O_CREAT | O_TRUNC)),
	CALL(read),
	CALL(newfstatat),
	CALL(fstat),
	CALL(getdents64),
	CALL(readlinkat),
	CALL(pipe2),
	CALL_IF(clone, IS(0, CLONE_FILES | SIGCHLD)),
	CALL_IF(setns, IS(1, CLONE_NEWUSER)),
	CALL_IF(setns, IS(1, CLONE_NEWNET)),
	CALL(write),
	CALL(wait4),
	COMMON,
};

/* ---- the program ---- */

static const struct sock_filter head[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
};

#define HEAD (sizeof(head) / sizeof(head[0]))
#define TESTS 2
#define ROW 3
#define RULES_MAX 64

_Static_assert(sizeof(switch_rules) <= RULES_MAX * sizeof(struct rule) &&
		       sizeof(forwarder_rules) <= RULES_MAX * sizeof(struct rule),
	       "the rules have room");

static const struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
static const struct sock_filter refuse = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS);

/* Load, mask where only a part counts, compare. */
static unsigned test_size(const struct test *t)
{
	return t->mask == 0 ? 0 : t->mask == UINT32_MAX ? 2 : 3;
}

static unsigned rule_size(const struct rule *r)
{
	unsigned n = 1;

	for (size_t i = 0; i < TESTS; i++) {
		n += test_size(&r->tests[i]);
	}
	return n;
}

/* What a failed test leaves out is the rest of its rule: the next one of the same call follows. */
static size_t put_rule(struct sock_filter *code, const struct rule *r)
{
	unsigned left = rule_size(r);
	size_t n = 0;

	for (size_t i = 0; i < TESTS; i++) {
		const struct test *t = &r->tests[i];
		unsigned size = test_size(t);

		if (size == 0) {
			continue;
		}
		left -= size;
		code[n++] = (struct sock_filter)BPF_STMT(
			BPF_LD | BPF_W | BPF_ABS, (uint32_t)(offsetof(struct seccomp_data, args) +
							     sizeof(uint64_t) * t->argument));
		if (size == 3) {
			code[n++] =
				(struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, t->mask);
		}
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, t->value, 0,
							 (uint8_t)left);
	}
	code[n++] = allow;
	return n;
}

static size_t put_call(struct sock_filter *code, const struct rule *rules, size_t of_call)
{
	size_t n = 1;

	for (size_t i = 0; i < of_call; i++) {
		n += put_rule(code + n, &rules[i]);
	}
	/* Where the last test failed. A call without tests does not come here. */
	if (rule_size(&rules[of_call - 1]) > 1) {
		code[n++] = refuse;
	}
	code[0] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, rules[0].call, 0,
					       (uint8_t)(n - 1));
	return n;
}

/*
 * The rules are sorted. Halved again and again, since the kernel tries a new filter with the number
 * of every call there is, to know those that it need not be asked about: in a row that took three
 * times as long as all else.
 */
static size_t put_calls(struct sock_filter *code, const struct rule *rules, size_t n_rules)
{
	size_t middle = n_rules / 2, n = 0, next;

	while (middle > 0 && middle < n_rules && rules[middle].call == rules[middle - 1].call) {
		middle++;
	}
	if (n_rules > ROW && middle < n_rules) {
		n = put_calls(code + 1, rules, middle);
		code[0] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K,
						       rules[middle].call, (uint8_t)n, 0);
		return 1 + n + put_calls(code + 1 + n, rules + middle, n_rules - middle);
	}
	for (size_t i = 0; i < n_rules; i = next) {
		for (next = i + 1; next < n_rules && rules[next].call == rules[i].call; next++) {
		}
		n += put_call(code + n, &rules[i], next - i);
	}
	code[n++] = refuse;
	return n;
}

/*
 * By insertion: for so few qsort(3) costs more, by a page of the C library that nothing else here
 * touches.
 */
static void sort(struct rule *sorted, const struct rule *rules, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t at = i;

		for (; at > 0 && sorted[at - 1].call > rules[i].call; at--) {
			sorted[at] = sorted[at - 1];
		}
		sorted[at] = rules[i];
	}
}

size_t confine_program(enum net_confined who, struct sock_filter code[static CONFINE_MAX])
{
	struct rule rules[RULES_MAX];
	size_t n = who == NET_CONFINE_SWITCH ? sizeof(switch_rules) : sizeof(forwarder_rules);

	n /= sizeof(rules[0]);
	sort(rules, who == NET_CONFINE_SWITCH ? switch_rules : forwarder_rules, n);
	memcpy(code, head, sizeof(head));
	return HEAD + put_calls(code + HEAD, rules, n);
}
#else
size_t confine_program(enum net_confined who, struct sock_filter code[static CONFINE_MAX])
{
	(void)who;
	(void)code;
	return 0;
}
#endif

int net_confine(enum net_confined who)
{
	struct sock_filter code[CONFINE_MAX];
	const struct sock_fprog program = { .len = (unsigned short)confine_program(who, code),
					    .filter = code };

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) {
		return -errno;
	}
	if (program.len == 0) {
		return 0;
	}
	/*
	 * SPEC_ALLOW (4.17): it runs nobody's code, against whose speculation kernels before 5.16
	 * would slow it down.
	 */
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW,
		    &program) < 0) {
		return -errno;
	}
	return 0;
}
