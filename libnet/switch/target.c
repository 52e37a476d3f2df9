/* SPDX-License-Identifier: Apache-2.0 */
/*
 * switch/target: the call that waits, seen from here: its socket, its address, and who else has
 * that socket.
 *
 * The caller is in the container and hostile. What is read of it is read once; what can't be read
 * leaves the call to the kernel. All of it may take as long as the container likes: its memory may
 * be that of a file system of its own, its socket's lock held by a call that reads such memory, and
 * its descriptor one whose close(2) waits. So this is done by a process of its own (reader.c).
 */
#include "libnet/switch/target.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/scope.h"
#include "libnet/switch/judge.h"
#include "sys/clone.h"
#include "sys/compat.h"
#include "sys/fd.h"

#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL
#endif

/* Looking through more descriptors than this would take longer than it saves. */
#define FDS_MAX 1024

#define FDINFO_MAX 65536

/* What follows "Tgid:" in the status file of a thread. 0: it is gone. */
static pid_t leader_of(pid_t tid)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *text, *at;

	if (sys_read_file(&arena, AT_FDCWD, arena_printf(&arena, "%d/status", (int)tid), FDINFO_MAX,
			  &text) < 0) {
		return 0;
	}
	at = strstr(text, "\nTgid:");
	if (!at) {
		return 0;
	}
	return (pid_t)strtol(at + 6, NULL, 10);
}

/* Of the thread itself where the kernel can (6.9): its table of descriptors may be its own. */
static int open_thread(pid_t tid)
{
	int fd = (int)syscall(SYS_pidfd_open, tid, PIDFD_THREAD);

	if (fd < 0 && errno == EINVAL) {
		pid_t leader = leader_of(tid);

		if (leader <= 0) {
			return -ESRCH;
		}
		return sys_pidfd_open(leader);
	}
	return fd < 0 ? -errno : fd;
}

static int option(int socket, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	if (getsockopt(socket, SOL_SOCKET, name, &value, &len) < 0) {
		return -1;
	}
	return value;
}

enum switch_place switch_target_place(const struct switcher *s, int socket, int *ret_domain)
{
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);
	int domain = option(socket, SO_DOMAIN);

	if ((domain != AF_INET && domain != AF_INET6) || option(socket, SO_TYPE) != SOCK_STREAM ||
	    option(socket, SO_PROTOCOL) != IPPROTO_TCP ||
	    getsockopt(socket, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len) < 0) {
		return SWITCH_ELSEWHERE;
	}
	*ret_domain = domain;
	if (cookie == s->inside_cookie) {
		return SWITCH_INSIDE;
	}
	if (cookie == s->outside_cookie) {
		return SWITCH_OUTSIDE;
	}
	return SWITCH_ELSEWHERE;
}

static int read_address(struct switch_target *t, uint64_t where, uint32_t len)
{
	struct iovec to = { &t->address, len };
	struct iovec from = { (void *)(uintptr_t)where, len };

	if (len > sizeof(t->address)) {
		return -EINVAL;
	}
	t->len = (socklen_t)len;
	return process_vm_readv(t->tid, &to, 1, &from, 1, 0) == (ssize_t)len ? 0 : -EFAULT;
}

/* ---- who else has it ---- */

/*
 * Does the epoll set, a descriptor of the thread, wait for the inode? Its lines: "tfd: 5 events: …
 * ino:1f2e sdev:8".
 */
static bool waits_for(pid_t tid, const char *number, unsigned long inode)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *path = arena_printf(&arena, "%d/fdinfo/%s", (int)tid, number);
	const char *wanted = arena_printf(&arena, " ino:%lx ", inode);
	const char *text;

	/* One that can't be read to its end may. */
	return sys_read_file(&arena, AT_FDCWD, path, FDINFO_MAX, &text) < 0 ||
	       strstr(text, wanted) != NULL;
}

static bool is_shared(const struct switch_target *t, int socket)
{
	static const char epoll[] = "anon_inode:[eventpoll]";
	char path[64], wanted[40], link[64];
	struct dirent *entry;
	unsigned seen = 0, names = 0;
	bool shared = false;
	struct stat st;
	DIR *dir;

	if (fstat(socket, &st) < 0 || (t->flags & O_ASYNC)) {
		return true;
	}
	snprintf(wanted, sizeof(wanted), "socket:[%lu]", (unsigned long)st.st_ino);
	snprintf(path, sizeof(path), "%d/fd", (int)t->tid);
	dir = opendir(path);
	if (!dir) {
		return true;
	}
	while (!shared && (entry = readdir(dir))) {
		ssize_t n = readlinkat(dirfd(dir), entry->d_name, link, sizeof(link) - 1);

		if (n < 0) {
			continue; /* "." and "..", or closed meanwhile */
		}
		link[n] = '\0';
		names += strcmp(link, wanted) == 0;
		shared = ++seen > FDS_MAX || names > 1 ||
			 (strcmp(link, epoll) == 0 &&
			  waits_for(t->tid, entry->d_name, (unsigned long)st.st_ino));
	}
	closedir(dir);
	return shared;
}

static bool is_cloexec(const struct switch_target *t)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *path = arena_printf(&arena, "%d/fdinfo/%d", (int)t->tid, t->number);
	const char *text, *flags;

	if (sys_read_file(&arena, AT_FDCWD, path, FDINFO_MAX, &text) < 0) {
		return true;
	}
	flags = strstr(text, "flags:");
	return !flags || (strtol(flags + 6, NULL, 8) & O_CLOEXEC);
}

/* ---- all of it ---- */

/* Neither connected nor on the way nor listening. */
static bool is_idle(int socket)
{
	struct tcp_info info = { .tcpi_state = 0 };
	socklen_t len = sizeof(info);

	return getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 &&
	       info.tcpi_state == TCP_CLOSE;
}

/* Could this be for us? Most calls are not, and cost no more than that. */
static bool is_worth_it(const struct switcher *s, const struct switch_question *question,
			const struct switch_target *t)
{
	struct switch_peer peer;

	if (!switch_parse(&t->address, t->len, t->domain, &peer)) {
		return false;
	}
	if (!question->connects) {
		return question->published && t->place == SWITCH_INSIDE;
	}
	return t->place == SWITCH_OUTSIDE || switch_may_leave(&peer, &s->setup->config->cidr) ||
	       (question->published && switch_is_own(&peer, &s->setup->config->cidr));
}

/* Has the program chosen an address or a port of the container's? Those are not the host's. */
static bool is_bound(const struct switch_target *t, int socket)
{
	struct switch_peer is;
	struct sockaddr_storage address = { 0 };
	socklen_t len = sizeof(address);

	if (getsockname(socket, (struct sockaddr *)&address, &len) < 0 ||
	    !switch_parse(&address, len, t->domain, &is)) {
		return true;
	}
	return is.port != 0 || !switch_is_any(&is);
}

static void read_socket(struct switch_target *t, int socket)
{
	int only6 = 0;
	socklen_t len = sizeof(only6);

	t->flags = fcntl(socket, F_GETFL);
	t->cloexec = is_cloexec(t);
	t->bound = is_bound(t, socket);
	t->shared = t->place != SWITCH_INSIDE || is_shared(t, socket);
	t->only6 = t->domain == AF_INET6 &&
		   getsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, &only6, &len) == 0 && only6;
	t->shares_port = option(socket, SO_REUSEPORT) > 0;
	switch_options_read(socket, &t->options);
}

int switch_target_read(const struct switcher *s, const struct switch_question *question,
		       struct switch_target *ret)
{
	struct switch_target t = { .tid = question->tid, .number = question->number };
	scope_fd int pidfd = open_thread(t.tid);
	scope_fd int socket = -1;

	if (pidfd < 0) {
		return pidfd;
	}
	socket = (int)syscall(SYS_pidfd_getfd, pidfd, t.number, 0);
	if (socket < 0) {
		return -errno;
	}
	t.place = switch_target_place(s, socket, &t.domain);
	if (t.place != SWITCH_ELSEWHERE &&
	    (read_address(&t, question->address, question->len) < 0 ||
	     !is_worth_it(s, question, &t) || !is_idle(socket))) {
		t.place = SWITCH_ELSEWHERE;
	}
	if (t.place != SWITCH_ELSEWHERE) {
		read_socket(&t, socket);
	}
	*ret = t;
	return 0;
}
