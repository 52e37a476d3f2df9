/* SPDX-License-Identifier: Apache-2.0 */
/* helper/children: a child's birth and its end. */
#include "libnet/helper/children.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/scope.h"
#include "sys/clone.h"

void helper_child_prepare(struct helper_child *child)
{
	/* Where that fails, the start tries again, and says why. */
	(void)helper_filter_begin(child->who, &child->filter);
}

static int confinement_of(struct helper_child *child, struct net_confinement *ret)
{
	if (child->filter.pid < 0) {
		TRY(helper_filter_begin(child->who, &child->filter));
	}
	return helper_filter_take(&child->filter, ret);
}

int helper_child_start(struct helper_child *child,
		       void (*run)(const void *arg, const struct net_confinement *confinement,
				   int control),
		       const void *arg)
{
	struct net_confinement confinement = { .n = 0 };
	scope_fd int theirs = -1;
	int pair[2];

	TRY(confinement_of(child, &confinement));
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		return -errno;
	}
	theirs = pair[1];
	child->control = pair[0];
	child->pid = sys_clone(0, &child->pidfd);
	if (child->pid == 0) {
		run(arg, &confinement, theirs);
		_exit(1);
	}
	if (child->pid < 0) {
		int rc = child->pid;

		child->pid = -1;
		fd_drop(&child->control);
		return rc;
	}
	return 0;
}

void helper_child_end(struct helper_child *child)
{
	helper_filter_drop(&child->filter);
	if (child->pid > 0) {
		(void)sys_pidfd_kill(child->pidfd, SIGKILL);
		while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR) {
		}
	}
	child->pid = -1;
	fd_drop(&child->pidfd);
	fd_drop(&child->control);
}
