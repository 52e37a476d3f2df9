/* SPDX-License-Identifier: Apache-2.0 */
/* sys/sock: UNIX stream sockets by path, a descriptor with the bytes that go with it, and sockets of other namespaces. */
#include "sys/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/scope.h"

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

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
	sent = sendmsg(socket, &msg, MSG_NOSIGNAL);
	/* What a full socket buffer left over follows, without the descriptor. */
	while (sent >= 0 && (size_t)sent < len) {
		left += sent;
		len -= (size_t)sent;
		sent = send(socket, left, len, MSG_NOSIGNAL);
	}
	return sent < 0 ? -errno : 0;
}

int sys_connect_unix(const char *path, int *ret_fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	scope_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	scope_fd int place = -1;

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
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		return -errno;
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

struct wanted {
	int userns;
	int netns;
	int domain;
	int type;
	int protocol;
};

/* In the child: the answer is the descriptor's number, or -errno. */
static _Noreturn void make_and_tell(const struct wanted *w, int report)
{
	int answer = 0;

	if ((w->userns >= 0 && setns(w->userns, CLONE_NEWUSER) < 0) || setns(w->netns, CLONE_NEWNET) < 0) {
		answer = -errno;
	} else {
		answer = socket(w->domain, w->type, w->protocol);
		answer = answer < 0 ? -errno : answer;
	}
	_exit(write(report, &answer, sizeof(answer)) == sizeof(answer) ? 0 : 1);
}

int sys_socket_in(int userns, int netns, int domain, int type, int protocol)
{
	const struct wanted wanted = { userns, netns, domain, type, protocol };
	int pair[2];
	int answer = 0;
	pid_t pid;

	if (pipe2(pair, O_CLOEXEC) < 0) {
		return -errno;
	}
	scope_fd int in = pair[0];
	scope_fd int out = pair[1];

	pid = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid == 0) {
		make_and_tell(&wanted, out);
	}
	if (pid < 0) {
		return -errno;
	}
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
	}
	/* Our own end of the pipe is open: only a child that said nothing, because it was killed, must not be waited for. */
	fd_drop(&out);
	return read(in, &answer, sizeof(answer)) == sizeof(answer) ? answer : -ECHILD;
}
