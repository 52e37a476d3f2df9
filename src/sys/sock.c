/* SPDX-License-Identifier: Apache-2.0 */
/* sys/sock: a descriptor and the bytes that go with it, over a UNIX stream socket. */
#include "sys/sock.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

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
