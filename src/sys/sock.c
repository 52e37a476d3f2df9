/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sys/sock: UNIX stream sockets by path, a descriptor with the bytes that go with it, locked socket
 * filters, and sockets of other namespaces.
 */
#include "sys/sock.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/scope.h"
#include "sys/await.h"
#include "sys/clock.h"

/* How often a listener whose queue is full is tried. */
#define QUEUE_RETRY_MS 10

int sys_send_fd(int socket, const void *bytes, size_t len, int fd)
{
	const char *left = bytes;
	struct iovec iov = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = len };
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	ssize_t sent;
	int rc;

	assert(len > 0 && fd >= 0);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
	/* What a full socket buffer leaves over follows, without the descriptor. */
	while (len > 0) {
		if (left == bytes) {
			sent = sendmsg(socket, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
		} else {
			sent = send(socket, left, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		}
		if (sent >= 0) {
			left += sent;
			len -= (size_t)sent;
			continue;
		}
		if (errno != EAGAIN && errno != EINTR) {
			return -errno;
		}
		rc = sys_await_fd(socket, POLLOUT, -1);
		if (rc != 0) {
			return rc;
		}
	}
	return 0;
}

int sys_connect(int fd, const struct sockaddr *to, socklen_t len, int timeout_ms)
{
	int64_t deadline = timeout_ms < 0 ? INT64_MAX : sys_now_ms() + timeout_ms;
	int sig;

	/* Where the queue of a listener is full there is nothing to poll. */
	while (connect(fd, to, len) < 0) {
		if (errno != EAGAIN && errno != EINTR) {
			return -errno;
		}
		if (sys_now_ms() >= deadline) {
			return -ETIMEDOUT;
		}
		sig = sys_await(NULL, 0, QUEUE_RETRY_MS);
		if (sig > 0) {
			return sig;
		}
	}
	if (fcntl(fd, F_SETFL, O_RDWR) < 0) {
		return -errno;
	}
	return 0;
}

int sys_connect_unix(const char *path, int *ret_fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	scope_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	scope_fd int place = -1;
	int rc;

	if (fd < 0) {
		return -errno;
	}
	if (strlen(path) < sizeof(address.sun_path)) {
		memcpy(address.sun_path, path, strlen(path) + 1);
	} else {
		place = open(path, O_PATH | O_CLOEXEC);
		if (place < 0) {
			return -errno;
		}
		snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d", place);
	}
	rc = sys_connect(fd, (struct sockaddr *)&address, sizeof(address), -1);
	if (rc != 0) {
		return rc;
	}
	*ret_fd = fd_take(&fd);
	return 0;
}

void sys_explain_socket(const char *path, struct err *err)
{
	struct stat st;

	if (err->code != ECONNREFUSED || stat(path, &st) < 0) {
		return;
	}
	(void)err_hint(err, S_ISSOCK(st.st_mode) ? "nobody listens on it" : "it is not a socket");
}

int sys_lock_socket_filter(int socket, struct sock_filter *code, size_t n)
{
	const struct sock_fprog program = { .len = (unsigned short)n, .filter = code };
	const int one = 1;

	if (setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ||
	    setsockopt(socket, SOL_SOCKET, SO_LOCK_FILTER, &one, sizeof(one)) < 0) {
		return -errno;
	}
	return 0;
}

struct made {
	int rc;
	int fds[SYS_MADE_MAX];
};

/* In the child: the answer is the descriptors' numbers, or -errno. */
static _Noreturn void make_and_tell(int userns, int netns, int (*make)(const void *arg, int *fds),
				    const void *arg, int report)
{
	struct made made = { .rc = 0 };

	/* Whoever has CAP_SYS_PTRACE over the namespace is not to look into who comes there. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
	    (userns >= 0 && setns(userns, CLONE_NEWUSER) < 0) || setns(netns, CLONE_NEWNET) < 0) {
		made.rc = -errno;
	} else {
		made.rc = make(arg, made.fds);
	}
	_exit(write(report, &made, sizeof(made)) == sizeof(made) ? 0 : 1);
}

int sys_make_in(int userns, int netns, int (*make)(const void *arg, int *fds), const void *arg,
		int *fds, size_t n)
{
	struct made made;
	int pair[2];
	pid_t pid;

	assert(n <= SYS_MADE_MAX);
	if (pipe2(pair, O_CLOEXEC) < 0) {
		return -errno;
	}
	scope_fd int in = pair[0];
	scope_fd int out = pair[1];

	pid = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid == 0) {
		make_and_tell(userns, netns, make, arg, out);
	}
	if (pid < 0) {
		return -errno;
	}
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
	}
	/*
	 * With our own writing end closed, a child that was killed before it said anything is an
	 * end of file.
	 */
	fd_drop(&out);
	if (read(in, &made, sizeof(made)) != sizeof(made)) {
		return -ECHILD;
	}
	if (made.rc == 0) {
		memcpy(fds, made.fds, n * sizeof(*fds));
	}
	return made.rc;
}

struct wanted {
	int domain;
	int type;
	int protocol;
};

static int make_socket(const void *arg, int *fds)
{
	const struct wanted *w = arg;

	fds[0] = socket(w->domain, w->type, w->protocol);
	if (fds[0] < 0) {
		return -errno;
	}
	return 0;
}

int sys_socket_in(int userns, int netns, int domain, int type, int protocol)
{
	const struct wanted wanted = { domain, type, protocol };
	int fd = -1;
	int rc = sys_make_in(userns, netns, make_socket, &wanted, &fd, 1);

	if (rc < 0) {
		return rc;
	}
	return fd;
}
