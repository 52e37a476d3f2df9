/* SPDX-License-Identifier: Apache-2.0 */
/*
 * switch/target: the call that waits, seen from here: its socket, its address, and who else has
 * that socket.
 *
 * The caller is in the container and hostile. What is read of it is read once; what can't be read
 * leaves the call to the kernel.
 */
#include "libnet/switch/target.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/scope.h"
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

	if (sys_read_file(&arena, AT_FDCWD, arena_printf(&arena, "/%d/status", (int)tid),
			  FDINFO_MAX, &text) < 0) {
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

static int read_address(struct switch_target *t, uint64_t where, uint64_t len)
{
	struct iovec to = { &t->address, len };
	struct iovec from = { (void *)(uintptr_t)where, len };

	if (len > sizeof(t->address)) {
		return -EINVAL;
	}
	t->len = (socklen_t)len;
	return process_vm_readv(t->tid, &to, 1, &from, 1, 0) == (ssize_t)len ? 0 : -EFAULT;
}

int switch_target_take(const struct switcher *s, const struct seccomp_notif *call,
		       struct switch_target *ret)
{
	struct switch_target t = { .tid = (pid_t)call->pid, .number = (int)call->data.args[0] };
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
	if (t.place != SWITCH_ELSEWHERE) {
		/* connect(fd, address, length), and bind's arguments are the same. */
		TRY(read_address(&t, call->data.args[1], (uint32_t)call->data.args[2]));
	}
	t.socket = fd_take(&socket);
	*ret = t;
	return 0;
}

/* ---- who else has it ---- */

/*
 * Does the epoll set, a descriptor of the thread, wait for the inode? Its lines: "tfd: 5 events: …
 * ino:1f2e sdev:8".
 */
static bool waits_for(pid_t tid, const char *number, unsigned long inode)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *path = arena_printf(&arena, "/%d/fdinfo/%s", (int)tid, number);
	const char *wanted = arena_printf(&arena, " ino:%lx ", inode);
	const char *text;

	/* One that can't be read to its end may. */
	return sys_read_file(&arena, AT_FDCWD, path, FDINFO_MAX, &text) < 0 ||
	       strstr(text, wanted) != NULL;
}

bool switch_target_is_shared(const struct switch_target *t)
{
	static const char epoll[] = "anon_inode:[eventpoll]";
	char path[64], wanted[40], link[64];
	struct dirent *entry;
	unsigned seen = 0, names = 0;
	bool shared = false;
	struct stat st;
	DIR *dir;

	if (fstat(t->socket, &st) < 0 || (fcntl(t->socket, F_GETFL) & O_ASYNC)) {
		return true;
	}
	snprintf(wanted, sizeof(wanted), "socket:[%lu]", (unsigned long)st.st_ino);
	snprintf(path, sizeof(path), "/%d/fd", (int)t->tid);
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

bool switch_target_cloexec(const struct switch_target *t)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *path = arena_printf(&arena, "/%d/fdinfo/%d", (int)t->tid, t->number);
	const char *text, *flags;

	if (sys_read_file(&arena, AT_FDCWD, path, FDINFO_MAX, &text) < 0) {
		return true;
	}
	flags = strstr(text, "flags:");
	return !flags || (strtol(flags + 6, NULL, 8) & O_CLOEXEC);
}
