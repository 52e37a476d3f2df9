/* SPDX-License-Identifier: Apache-2.0 */
/* libnet's filters around its own processes, asked of the kernel: each in a child that has it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "libnet/confine.h"
#include "libnet/helper/filter.h"
#include "sys/compat.h"

/* What a child has to tell: it can't print. */
static struct {
	int confined;
	int errors[64]; /* of each call, in order; 0: it went well */
	size_t n;
} * told;

static int set_up(void **state)
{
	(void)state;
	told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return told == MAP_FAILED ? -1 : 0;
}

static void tell(long result)
{
	told->errors[told->n++] = result < 0 ? errno : 0;
}

#define TRY_CALL(...) tell(syscall(__VA_ARGS__))

/* Returns the child's status. */
static int in_child(enum net_confined who, void (*body)(void))
{
	struct net_confinement confinement;
	struct helper_filter filter;
	int status = 0;
	pid_t pid;

	memset(told, 0, sizeof(*told));
	assert_int_equal(helper_filter_begin(who, &filter), 0);
	assert_int_equal(helper_filter_take(&filter, &confinement), 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		told->confined = net_confine(&confinement);
		if (told->confined < 0) {
			_exit(99);
		}
		body();
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(told->confined, 0);
	return status;
}

static void all_refused(enum net_confined who, void (*body)(void))
{
	assert_int_equal(in_child(who, body), 0);
	assert_true(told->n > 0);
	for (size_t i = 0; i < told->n; i++) {
		if (told->errors[i] != ENOSYS) {
			fail_msg("call %zu: %s", i, strerror(told->errors[i]));
		}
	}
}

static void all_well(enum net_confined who, void (*body)(void))
{
	assert_int_equal(in_child(who, body), 0);
	assert_true(told->n > 0);
	for (size_t i = 0; i < told->n; i++) {
		if (told->errors[i] != 0) {
			fail_msg("call %zu: %s", i, strerror(told->errors[i]));
		}
	}
}

/* ---- what nobody has ---- */

/* All of these work here, or would say something else than ENOSYS. */
static void forbidden(void)
{
	static const char *const argv[] = { "/bin/true", NULL };
	const struct iovec iov = { told, 1 };
	const struct sock_filter keep = BPF_STMT(BPF_RET | BPF_K, UINT32_MAX);
	const struct sock_fprog program = { 1, (struct sock_filter *)(uintptr_t)&keep };
	int pair[2];

	TRY_CALL(SYS_execve, argv[0], argv, NULL);
	TRY_CALL(SYS_execveat, AT_FDCWD, argv[0], argv, NULL, 0);
#ifdef SYS_fork /* what younger architectures have no more */
	TRY_CALL(SYS_fork);
	TRY_CALL(SYS_open, "/dev/null", O_RDONLY);
	TRY_CALL(SYS_dup2, 0, 0);
#endif
	TRY_CALL(SYS_clone3, NULL, 0);
	TRY_CALL(SYS_kill, getpid(), 0);
	TRY_CALL(SYS_ptrace, 0, 0, 0, 0);
	TRY_CALL(SYS_process_vm_writev, getppid(), &iov, 1, &iov, 1, 0);
	TRY_CALL(SYS_unshare, 0);
	TRY_CALL(SYS_setns, 0, CLONE_NEWNS);
	TRY_CALL(SYS_mount, NULL, "/", NULL, 0, NULL);
	TRY_CALL(SYS_prctl, PR_GET_DUMPABLE, 0, 0, 0, 0);
	TRY_CALL(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
	TRY_CALL(SYS_bpf, 0, NULL, 0);
	TRY_CALL(425 /* io_uring_setup */, 1, NULL);
	TRY_CALL(SYS_openat, AT_FDCWD, "/dev/null", O_WRONLY);
	TRY_CALL(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR);
	TRY_CALL(SYS_openat, AT_FDCWD, "/tmp", O_RDONLY | O_CREAT, 0600);
	TRY_CALL(SYS_openat2, AT_FDCWD, "/dev/null", NULL, 0);
	TRY_CALL(SYS_unlinkat, AT_FDCWD, "", 0);
	TRY_CALL(SYS_fchmod, 0, 0600);
	TRY_CALL(SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	TRY_CALL(SYS_mprotect, NULL, 0, PROT_EXEC);
	TRY_CALL(SYS_fcntl, 0, F_GETFD);
	TRY_CALL(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
	TRY_CALL(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, pair);
	TRY_CALL(SYS_socket, AF_PACKET, SOCK_DGRAM, 0);
	TRY_CALL(SYS_socket, AF_INET, SOCK_STREAM, IPPROTO_SCTP);
	TRY_CALL(SYS_socket, AF_INET, SOCK_STREAM, 262 /* MPTCP */);
	TRY_CALL(SYS_socket, AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
	/* IPT_SO_SET_REPLACE, IP6T_SO_GET_INFO: the descriptor does not matter. */
	TRY_CALL(SYS_setsockopt, -1, IPPROTO_IP, 64, &pair, sizeof(pair));
	TRY_CALL(SYS_setsockopt, -1, IPPROTO_IPV6, 64, &pair, sizeof(pair));
	TRY_CALL(SYS_getsockopt, -1, IPPROTO_IPV6, 64, &pair, &pair);
	TRY_CALL(SYS_ioctl, 0, FIONREAD, &pair);
}

static void what_nobody_has(void **state)
{
	(void)state;
	all_refused(NET_CONFINE_FORWARDER, forbidden);
	all_refused(NET_CONFINE_SWITCH, forbidden);
}

/* ---- the forwarder ---- */

static void forbidden_to_forwarder(void)
{
	const struct iovec iov = { told, 1 };
	const struct sock_filter keep = BPF_STMT(BPF_RET | BPF_K, UINT32_MAX);
	const struct sock_fprog program = { 1, (struct sock_filter *)(uintptr_t)&keep };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char link[8];

	TRY_CALL(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY);
	TRY_CALL(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", link, sizeof(link));
	TRY_CALL(SYS_newfstatat, AT_FDCWD, "/", NULL, 0);
	TRY_CALL(SYS_read, 0, NULL, 0);
	TRY_CALL(SYS_write, 0, NULL, 0);
	TRY_CALL(SYS_pidfd_open, getppid(), 0);
	TRY_CALL(SYS_process_vm_readv, getppid(), &iov, 1, &iov, 1, 0);
	TRY_CALL(SYS_setns, 0, CLONE_NEWUSER);
	TRY_CALL(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
	TRY_CALL(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, NULL);
	TRY_CALL(SYS_socketpair, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, &link);
	TRY_CALL(SYS_listen, fd, 1);
	TRY_CALL(SYS_setsockopt, fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
	TRY_CALL(SYS_setsockopt, fd, IPPROTO_TCP, TCP_ULP, "tls", 3);
	TRY_CALL(SYS_fcntl, fd, F_DUPFD, 0);
}

/* A connection to itself, over loopback, and what is done with one. */
static void forwarders_work(void)
{
	const int one = 1;
	const struct linger now = { 1, 0 };
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct pollfd p = { .events = POLLIN };
	struct epoll_event event = { .events = EPOLLIN };
	int error = 0, ends[2] = { -1, -1 };
	socklen_t len = sizeof(error);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int route = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int stream = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct timespec ts;
	char byte = 'x';
	void *large;

	tell(fd);
	tell(route);
	tell(stream);
	tell(setsockopt(route, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one)));
	tell(setsockopt(stream, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)));
	tell(setsockopt(stream, SOL_SOCKET, SO_LINGER, &now, sizeof(now)));
	tell(setsockopt(stream, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)));
	tell(setsockopt(stream, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one)));
	/* To a port where nobody listens: only that it is let through counts. */
	address.sin_port = htons(1);
	(void)connect(stream, (struct sockaddr *)&address, sizeof(address));
	tell(errno == ENOSYS ? -1 : 0);
	tell(getsockopt(stream, SOL_SOCKET, SO_ERROR, &error, &len));
	(void)accept4(stream, NULL, NULL, SOCK_CLOEXEC);
	tell(errno == ENOSYS ? -1 : 0);
	(void)shutdown(stream, SHUT_WR);
	tell(errno == ENOSYS ? -1 : 0);
	address.sin_port = 0;
	tell(bind(fd, (struct sockaddr *)&address, sizeof(address)));
	tell(connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 && errno == ENOSYS ? -1 :
												0);
	tell(pipe2(ends, O_CLOEXEC | O_NONBLOCK));
	tell(fcntl(ends[0], F_SETPIPE_SZ, 65536));
	(void)splice(ends[0], NULL, fd, NULL, 1, SPLICE_F_NONBLOCK);
	tell(errno == ENOSYS ? -1 : 0);
	(void)send(fd, &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	tell(errno == ENOSYS ? -1 : 0);
	(void)recv(fd, &byte, 1, MSG_DONTWAIT);
	tell(errno == ENOSYS ? -1 : 0);
	p.fd = fd;
	tell(poll(&p, 1, 0));
	tell(syscall(SYS_clock_gettime, CLOCK_MONOTONIC_COARSE, &ts));
	/* Too large for the heap, grown and given back. */
	large = malloc(8 << 20);
	tell(large ? 0 : -1);
	large = large ? realloc(large, 32 << 20) : NULL;
	tell(large ? 0 : -1);
	free(large);
	(void)epoll_ctl(-1, EPOLL_CTL_ADD, fd, &event);
	tell(errno == ENOSYS ? -1 : 0);
	(void)epoll_wait(-1, &event, 1, 0);
	tell(errno == ENOSYS ? -1 : 0);
	tell(close(fd));
}

static void what_the_forwarder_has(void **state)
{
	(void)state;
	all_refused(NET_CONFINE_FORWARDER, forbidden_to_forwarder);
	all_well(NET_CONFINE_FORWARDER, forwarders_work);
}

/* ---- the switch ---- */

static void forbidden_to_switch(void)
{
	TRY_CALL(SYS_socket, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	TRY_CALL(SYS_socket, AF_INET, SOCK_DGRAM, 0);
	TRY_CALL(SYS_clone, CLONE_FILES | CLONE_VM | SIGCHLD, NULL, NULL, NULL, NULL);
	TRY_CALL(SYS_clone, CLONE_FILES | CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);
	TRY_CALL(SYS_setns, 0, 0);
	TRY_CALL(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY | O_TRUNC);
	TRY_CALL(SYS_fcntl, 0, F_DUPFD, 0);
	TRY_CALL(SYS_accept4, -1, NULL, NULL, 0);
	TRY_CALL(SYS_pidfd_send_signal, -1, 0, NULL, 0);
}

static void switchs_work(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
	const int one = 1;
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int six = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
	int value = 0;
	socklen_t len = sizeof(address), value_len = sizeof(value);
	char bytes[256];
	int file, ends[2];
	pid_t pid;

	tell(fd);
	tell(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)));
	tell(setsockopt(fd, IPPROTO_IP, IP_TTL, &one, sizeof(one)));
	tell(six);
	/* Its number, 67, is above those that netfilter begins with. */
	tell(setsockopt(six, IPPROTO_IPV6, IPV6_TCLASS, &one, sizeof(one)));
	tell(getsockopt(six, IPPROTO_IPV6, IPV6_TCLASS, &value, &value_len));
	tell(getsockopt(six, IPPROTO_TCP, TCP_CONGESTION, bytes, &len));
	tell(setsockopt(six, SOL_SOCKET, SO_SNDBUF, &value, sizeof(value)));
	len = sizeof(address);
	tell(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK));
	tell(bind(fd, (struct sockaddr *)&address, sizeof(address)));
	tell(listen(fd, 1));
	tell(getsockname(fd, (struct sockaddr *)&address, &len));
	tell(shutdown(fd, SHUT_RDWR));
	file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	tell(file);
	tell(read(file, bytes, sizeof(bytes)));
	file = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	tell(syscall(SYS_getdents64, file, bytes, sizeof(bytes)));
	tell(readlinkat(AT_FDCWD, "/proc/self/exe", bytes, sizeof(bytes)));
	/* A child by which sockets of another network are made. */
	tell(pipe2(ends, O_CLOEXEC));
	pid = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid == 0) {
		_exit(syscall(SYS_setns, -1, CLONE_NEWNET) < 0 && errno == EBADF &&
				      write(ends[1], "", 1) == 1 ?
			      0 :
			      1);
	}
	tell(pid);
	tell(wait4(pid, &file, 0, NULL) == pid && file == 0 ? 0 : -1);
	tell(read(ends[0], bytes, 1) == 1 ? 0 : -1);
	/* A reader. */
	tell(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends));
	pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid == 0) {
		_exit(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ||
		      prctl(PR_SET_NAME, "reader", 0, 0, 0) < 0 ||
		      syscall(SYS_close_range, ends[0], ends[0], 0) < 0 ||
		      send(ends[1], "", 1, 0) != 1);
	}
	tell(pid);
	tell(poll(&(struct pollfd){ ends[0], POLLIN, 0 }, 1, 10000) == 1 ? 0 : -1);
	tell(recv(ends[0], bytes, 1, MSG_DONTWAIT) == 1 ? 0 : -1);
	tell(wait4(pid, &file, 0, NULL) == pid && file == 0 ? 0 : -1);
	(void)syscall(SYS_pidfd_open, -1, 0);
	tell(errno == EINVAL ? 0 : -1);
	(void)syscall(SYS_pidfd_getfd, -1, 0, 0);
	tell(errno == EBADF ? 0 : -1);
	(void)ioctl(-1, SECCOMP_IOCTL_NOTIF_RECV, bytes);
	tell(errno == EBADF ? 0 : -1);
}

static void what_the_switch_has(void **state)
{
	(void)state;
	all_refused(NET_CONFINE_SWITCH, forbidden_to_switch);
	all_well(NET_CONFINE_SWITCH, switchs_work);
}

/* ---- other calls than those of x86-64 ---- */

#if defined(__x86_64__) && !defined(__ILP32__)
/*
 * getpid(2), as x32 numbers it. A kernel without x32 would say ENOSYS: then it is the filter that
 * kills all the same.
 */
static void x32_call(void)
{
	(void)syscall(0x40000000 + SYS_getpid);
}

/* getpid(2), as i386 numbers it. */
static void i386_call(void)
{
	long result = 20;

	__asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
}

static void other_calls_kill(void **state)
{
	int status;

	(void)state;
	for (int who = NET_CONFINE_FORWARDER; who <= NET_CONFINE_SWITCH; who++) {
		status = in_child((enum net_confined)who, x32_call);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
		status = in_child((enum net_confined)who, i386_call);
		/* SIGSEGV: a kernel that has no such calls. */
		assert_true(WIFSIGNALED(status) &&
			    (WTERMSIG(status) == SIGSYS || WTERMSIG(status) == SIGSEGV));
	}
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_nobody_has),
		cmocka_unit_test(what_the_forwarder_has),
		cmocka_unit_test(what_the_switch_has),
#if defined(__x86_64__) && !defined(__ILP32__)
		cmocka_unit_test(other_calls_kill),
#endif
	};

	return cmocka_run_group_tests_name("confine", tests, set_up, NULL);
}
