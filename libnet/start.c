/* SPDX-License-Identifier: Apache-2.0 */
/* net/start: the helper, from the outside: its birth, and the two things that it says. */
#include "libnet/start.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/scope.h"
#include "libnet/helper/helper.h"
#include "sys/await.h"
#include "sys/clone.h"

int net_userns_of(int netns)
{
	int fd = ioctl(netns, NS_GET_USERNS);

	if (fd < 0) {
		return -errno;
	}
	return fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ? -errno : fd;
}

int net_start(const struct net_request *request, struct net_helper *ret, struct err *err)
{
	scope_fd int ready = -1, ready_write = -1, mapped = -1, mapped_write = -1;
	int ends[2], more[2] = { -1, -1 };
	int pidfd = -1;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0) {
		return err_errno(err, errno, "pipe");
	}
	ready = ends[0];
	ready_write = ends[1];
	if (request->unmapped && pipe2(more, O_CLOEXEC) < 0) {
		return err_errno(err, errno, "pipe");
	}
	mapped = more[0];
	mapped_write = more[1];
	pid = sys_clone(0, &pidfd);
	if (pid == 0) {
		helper_main(request, ready_write, mapped);
	}
	if (pid < 0) {
		return err_errno(err, -pid, "starting the network's helper");
	}
	*ret = (struct net_helper){ .pid = pid,
				    .pidfd = pidfd,
				    .ready = fd_take(&ready),
				    .mapped = fd_take(&mapped_write) };
	return 0;
}

void net_mapped(struct net_helper *helper)
{
	/* A helper that is gone says so when it is asked whether it is ready. */
	(void)!write(helper->mapped, "", 1);
	fd_drop(&helper->mapped);
}

/* One of the two things that a helper says; an error is the last. */
static int hear(const struct net_helper *helper, int timeout_ms, struct err *err)
{
	int rc = sys_await_fd(helper->ready, POLLIN, timeout_ms);
	struct err said;

	if (rc > 0) {
		return sys_interrupted(rc, "before the network was ready", err);
	}
	if (rc == -ETIMEDOUT) {
		err_set(err, ETIMEDOUT, "the network was not ready after %d seconds",
			timeout_ms / 1000);
		return err_hint(err, "slirp4netns may be waiting for a host that is overloaded");
	}
	/* One write of less than PIPE_BUF bytes is one read. */
	if (read(helper->ready, &said, sizeof(said)) != (ssize_t)sizeof(said)) {
		return err_set(err, ECHILD,
			       "the network's helper ended before the network was ready");
	}
	if (said.code) {
		*err = said;
		return -said.code;
	}
	return 0;
}

int net_linked(struct net_helper *helper, int timeout_ms, struct err *err)
{
	if (!helper->linked) {
		TRY(hear(helper, timeout_ms, err));
		helper->linked = true;
	}
	return 0;
}

int net_ready(struct net_helper *helper, int timeout_ms, struct err *err)
{
	TRY(net_linked(helper, timeout_ms, err));
	return hear(helper, timeout_ms, err);
}

void net_helper_close(struct net_helper *helper)
{
	fd_drop(&helper->mapped);
	fd_drop(&helper->pidfd);
	fd_drop(&helper->ready);
}
