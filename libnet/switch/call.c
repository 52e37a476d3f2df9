/* SPDX-License-Identifier: Apache-2.0 */
/*
 * switch/call: the answers to a call that waits, seccomp_unotify(2).
 *
 * Nothing is kept of a call that was answered: a connect that takes its time is begun here and
 * waited for by the caller itself, in the kernel, on the socket that it was given. So signals,
 * timeouts and errors are as they are everywhere.
 */
#include "libnet/switch/call.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>

#include "sys/compat.h"

static void send_answer(struct switcher *s, const struct switch_call *call, int error,
			uint32_t flags)
{
	memset(s->answer, 0, s->answer_size);
	s->answer->id = call->id;
	s->answer->error = error;
	s->answer->flags = flags;
	/* ENOENT: the caller is gone, or was interrupted and asks anew. */
	(void)ioctl(call->listener, SECCOMP_IOCTL_NOTIF_SEND, s->answer);
}

void switch_answer(struct switcher *s, const struct switch_call *call, int result)
{
	send_answer(s, call, result, 0);
}

void switch_go_on(struct switcher *s, const struct switch_call *call)
{
	send_answer(s, call, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
}

bool switch_is_pending(const struct switch_call *call)
{
	return ioctl(call->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &call->id) == 0;
}

int switch_hand_over(const struct switch_call *call, int fd)
{
	struct seccomp_notif_addfd add = {
		.id = call->id,
		.flags = SECCOMP_ADDFD_FLAG_SETFD,
		.srcfd = (uint32_t)fd,
		.newfd = (uint32_t)call->target.number,
	};

	if (call->target.cloexec) {
		add.newfd_flags = O_CLOEXEC;
	}
	return ioctl(call->listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add) < 0 ? -errno : 0;
}

void switch_connected(struct switcher *s, const struct switch_call *call, int fd, int rc)
{
	bool waits = !(call->target.flags & O_NONBLOCK);
	bool given = (!waits || fcntl(fd, F_SETFL, O_RDWR) == 0) && switch_hand_over(call, fd) == 0;

	/*
	 * Without a socket of the host's all is as it was. With one that is connecting, a caller
	 * that waits does so now; the address that it gives does not count any more.
	 */
	if (!given || (rc == -EINPROGRESS && waits)) {
		switch_go_on(s, call);
	} else {
		switch_answer(s, call, rc);
	}
}
