/* SPDX-License-Identifier: Apache-2.0 */
/* net/messages: datagrams and the descriptors that go with them, unix(7), SCM_RIGHTS. */
#include "libnet/messages.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/scope.h"
#include "sys/sock.h"

int net_message_send(int socket, const struct net_message *m, int fd)
{
	if (fd >= 0) {
		return sys_send_fd(socket, m, sizeof(*m), fd);
	}
	return send(socket, m, sizeof(*m), MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int net_message_receive(int socket, struct net_message *ret, int *ret_fd)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} space;
	struct iovec part = { ret, sizeof(*ret) };
	struct msghdr msg = { .msg_iov = &part,
			      .msg_iovlen = 1,
			      .msg_control = space.space,
			      .msg_controllen = sizeof(space.space) };
	ssize_t n = recvmsg(socket, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	struct cmsghdr *c;

	*ret_fd = -1;
	if (n < 0) {
		return -errno;
	}
	c = CMSG_FIRSTHDR(&msg);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
		memcpy(ret_fd, CMSG_DATA(c), sizeof(*ret_fd));
		/* The space has room for a second one where it is aligned to 8 bytes. */
		if (c->cmsg_len >= CMSG_LEN(2 * sizeof(int))) {
			int other;

			memcpy(&other, CMSG_DATA(c) + sizeof(int), sizeof(other));
			close(other);
		}
	}
	if (n > 0 && n != sizeof(*ret)) {
		fd_drop(ret_fd);
		return -EPROTO;
	}
	return n > 0;
}

int net_control_send(int socket, const char *text, const int *fds, size_t n)
{
	union {
		char space[CMSG_SPACE(NET_CONTROL_FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec part = { (void *)(uintptr_t)text, strlen(text) };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1 };

	if (n > NET_CONTROL_FDS_MAX) {
		return -E2BIG;
	}
	if (n > 0) {
		struct cmsghdr *c;

		memset(&control, 0, sizeof(control));
		msg.msg_control = control.space;
		msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(c), fds, n * sizeof(int));
	}
	return sendmsg(socket, &msg, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

ssize_t net_control_receive(int socket, char *text, size_t size, int *fds, size_t *ret_n)
{
	union {
		char space[CMSG_SPACE(NET_CONTROL_FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec part = { text, size - 1 };
	struct msghdr msg = { .msg_iov = &part,
			      .msg_iovlen = 1,
			      .msg_control = control.space,
			      .msg_controllen = sizeof(control.space) };
	size_t n = 0;
	ssize_t got;

	do {
		got = recvmsg(socket, &msg, MSG_CMSG_CLOEXEC);
	} while (got < 0 && errno == EINTR);
	if (got < 0) {
		return -errno;
	}
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
			size_t more = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

			memcpy(fds + n, CMSG_DATA(c), more * sizeof(int));
			n += more;
		}
	}
	if (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		while (n > 0) {
			close(fds[--n]);
		}
		return -EPROTO;
	}
	text[got] = '\0';
	*ret_n = n;
	return got;
}
