/* SPDX-License-Identifier: Apache-2.0 */
/*
 * helper/filter: what the processes that handle a container's traffic may still do: the seccomp
 * filters of the forwarder and of the switch.
 *
 * Both read what a hostile container or its clients send, and both stand in the host's mount
 * namespace with its user's ids: whoever took one over could read and write that user's files, and
 * have the user's session bus start programs. So before the first such byte each gives up what it
 * needs no more: being looked into (PR_SET_DUMPABLE), privileges by execve (no_new_privs, before),
 * and all system calls but a list.
 *
 * The forwarder opens no file (its sysctls are written before, the list of UDP sockets that it
 * looks into is an open descriptor) and makes no process. The switch may read files, since it finds
 * the container's sockets through /proc, which is its root directory, and clone the child that
 * makes a socket in the container's network, and its readers. Neither has UNIX sockets but such a
 * reader's pair, which is connected for good, so no session bus, nor netfilter. Of sockets they
 * have the kinds and options that the code names, and of memory none that can be executed.
 *
 * What is not in the list fails with ENOSYS: a C library that has learnt a younger call then takes
 * the older one, as on an older kernel. Killing would end a network at an update of the library,
 * and a switch that was killed is not started again. A call of another architecture or of x32 is
 * nothing that a library does: that kills.
 *
 * libseccomp makes the program, for the architecture that it is built for. That leaves 0.1 MB of
 * memory behind, a tenth of what all processes of a network take. So it is done by a process that
 * ends with it, and what that hands over is the program alone, a thousand bytes. This takes 0.3 ms,
 * for which nobody waits: the helper begins it before all else.
 *
 * The program is a tree (SCMP_FLTATR_CTL_OPTIMIZE), since the kernel tries a new filter with the
 * number of every call there is, to know those that it need not be asked about. tests/layers.sh
 * holds the archives of both processes to the same lists, as far as the linker can tell.
 */
#include "libnet/helper/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/scope.h"
#include "sys/clone.h"
#include "sys/fd.h"

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS /* Linux 6.6 */
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif

/* One way in which a call may be made. */
struct rule {
	int call;
	unsigned n; /* of the tests */
	struct scmp_arg_cmp tests[2];
};

/*
 * The kernel takes all arguments that are looked at here as int, or has no meaning for their upper
 * half: so that half is not looked at.
 */
/* clang-format off */
#define CALL(name) { .call = SCMP_SYS(name) }
#define CALL_IF(name, test) { .call = SCMP_SYS(name), .n = 1, .tests = { test } }
#define CALL_IF_BOTH(name, test, other) \
	{ .call = SCMP_SYS(name), .n = 2, .tests = { test, other } }
#define IS(argument, value) { (argument), SCMP_CMP_MASKED_EQ, UINT32_MAX, (uint32_t)(value) }
#define HAS_NO(argument, bits) { (argument), SCMP_CMP_MASKED_EQ, (uint32_t)(bits), 0 }
/* clang-format on */

#define SOCKET(domain, protocol) CALL_IF_BOTH(socket, IS(0, domain), IS(2, protocol))
#define OPTION(level, name) CALL_IF_BOTH(setsockopt, IS(1, level), IS(2, name))

/* netfilter's options of sockets, of IP and IPv6, begin with 64 (IPT_BASE_CTL). */
#define NETFILTER (~63U)

/* ---- where architectures differ ---- */

/* What the C library calls for a function of another name. */
#ifdef __NR_poll
#define POLL poll
#else
#define POLL ppoll
#endif
#ifdef __NR_fcntl64
#define FCNTL fcntl64
#else
#define FCNTL fcntl
#endif
#ifdef __NR_newfstatat
#define STAT CALL(newfstatat), CALL(fstat)
#else
#define STAT CALL(fstatat64), CALL(fstat64), CALL(statx)
#endif

#ifdef __NR_clock_gettime64
#define CLOCK CALL(clock_gettime64),
#else
#define CLOCK
#endif

/* These two have their arguments in memory, where no filter can look. */
#ifdef __NR_socketcall
#define OLD_SOCKET_CALLS CALL(socketcall),
#else
#define OLD_SOCKET_CALLS
#endif
#if defined(__s390__)
#define MMAP CALL(mmap)
#elif defined(__NR_mmap2)
#define MMAP CALL_IF(mmap2, HAS_NO(2, PROT_EXEC))
#else
#define MMAP CALL_IF(mmap, HAS_NO(2, PROT_EXEC))
#endif

/* clone(2), "C library/kernel differences" */
#if defined(__s390__)
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif

/* ---- the lists ---- */

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
 * vdso does not know. A call that this architecture does not have (epoll_wait) gets a number of
 * libseccomp's that no call has.
 */
#define COMMON                                                                                     \
	SANITIZER CALL(brk), MMAP, CALL(munmap), CALL(mremap), CALL(madvise), CALL(clock_gettime), \
		CLOCK CALL(restart_syscall), CALL(epoll_ctl), CALL(close), CALL(exit_group)

static const struct rule forwarder_rules[] = {
	CALL(epoll_wait),
	CALL(epoll_pwait),
	CALL(recvfrom),
	CALL(sendto),
	OLD_SOCKET_CALLS CALL(splice),
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
	CALL_IF(FCNTL, IS(1, F_SETPIPE_SZ)),
	CALL(POLL),
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
 * It looks at the container's processes through /proc, by paths, so it may read files; it sees
 * none but those (switch/switch.c). Its child makes a socket in the container's network
 * (sys_socket_in): a clone, a prctl, both setns, a pipe. Within that user namespace a thief would
 * have the rights that the container has.
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
	OLD_SOCKET_CALLS CALL_IF(FCNTL, IS(1, F_GETFL)),
	CALL_IF(FCNTL, IS(1, F_SETFL)),
	CALL_IF(openat, HAS_NO(2, O_ACCMODE | O_CREAT | O_TRUNC)),
	CALL(read),
	STAT,
	CALL(getdents64),
	CALL(readlinkat),
	CALL(pipe2),
	CALL_IF(clone, IS(CLONE_FLAGS, CLONE_FILES | SIGCHLD)),
	CALL_IF_BOTH(prctl, IS(0, PR_SET_DUMPABLE), IS(1, 0)),
	/* A reader (switch/reader.c): to make one, and what it does itself. */
	CALL_IF(clone, IS(CLONE_FLAGS, SIGCHLD)),
	CALL_IF_BOTH(socketpair, IS(0, AF_UNIX), IS(1, SOCK_SEQPACKET | SOCK_CLOEXEC)),
	CALL_IF(prctl, IS(0, PR_SET_PDEATHSIG)),
	CALL_IF(prctl, IS(0, PR_SET_NAME)),
	CALL(close_range),
	CALL(POLL),
	CALL(recvfrom),
	CALL_IF(setns, IS(1, CLONE_NEWUSER)),
	CALL_IF(setns, IS(1, CLONE_NEWNET)),
	CALL(write),
	CALL(wait4),
	COMMON,
};

/* ---- the program ---- */

static int add_rules(scmp_filter_ctx filter, const struct rule *rules, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int rc = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, rules[i].call, rules[i].n,
						rules[i].tests);

		if (rc < 0) {
			return rc;
		}
	}
	return 0;
}

/* Writes the program to fd. Returns 0 or -errno. The memory goes with the process. */
static int make(enum net_confined who, int fd)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));

	if (!filter) {
		return -ENOMEM;
	}
	TRY(seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS));
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (who == NET_CONFINE_SWITCH) {
		TRY(add_rules(filter, switch_rules, sizeof(switch_rules) / sizeof(struct rule)));
	} else {
		TRY(add_rules(filter, forwarder_rules,
			      sizeof(forwarder_rules) / sizeof(struct rule)));
	}
	return seccomp_export_bpf(filter, fd);
}

/* Until the end of file. */
static int take(int fd, struct net_confinement *ret)
{
	size_t used = 0;
	ssize_t n;

	do {
		n = read(fd, (char *)ret->code + used, sizeof(ret->code) - used);
		if (n > 0) {
			used += (size_t)n;
		}
	} while (n > 0 || (n < 0 && errno == EINTR));
	if (n < 0) {
		return -errno;
	}
	/* Full: there may be more. */
	if (used == 0 || used == sizeof(ret->code) || used % sizeof(ret->code[0])) {
		return -E2BIG;
	}
	ret->n = used / sizeof(ret->code[0]);
	return 0;
}

/*
 * The descriptors first: it has copies of the helper's, and who waits for the end of one of them,
 * or for a port to be free, does not wait for this process.
 */
static _Noreturn void make_in_child(enum net_confined who, int fd)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	sys_close_except(3, fd, -1);
	_exit(make(who, fd) < 0 ? 1 : 0);
}

int helper_filter_begin(enum net_confined who, struct helper_filter *ret)
{
	scope_fd int ours = -1, theirs = -1, pidfd = -1;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0) {
		return -errno;
	}
	ours = ends[0];
	theirs = ends[1];
	pid = sys_clone(0, &pidfd);
	if (pid == 0) {
		make_in_child(who, theirs);
	}
	if (pid < 0) {
		return pid;
	}
	*ret = (struct helper_filter){ .pid = pid, .fd = fd_take(&ours) };
	return 0;
}

/* Returns whether all went well. */
static bool reap(struct helper_filter *filter)
{
	int status = 0;

	fd_drop(&filter->fd);
	while (waitpid(filter->pid, &status, 0) < 0 && errno == EINTR) {
	}
	filter->pid = -1;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int helper_filter_take(struct helper_filter *filter, struct net_confinement *ret)
{
	int rc = take(filter->fd, ret);

	if (!reap(filter) && rc == 0) {
		return -ECHILD;
	}
	return rc;
}

void helper_filter_drop(struct helper_filter *filter)
{
	if (filter->pid > 0) {
		(void)kill(filter->pid, SIGKILL);
		(void)reap(filter);
	}
}
