/* SPDX-License-Identifier: Apache-2.0 */
/* helper/children: a child's birth and its end. */
#include "libnet/helper/children.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/scope.h"
#include "sys/clone.h"

int helper_child_start(struct helper_child *child, void (*run)(const void *arg, int control),
		       const void *arg)
{
	scope_fd int theirs = -1;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		return -errno;
	}
	theirs = pair[1];
	child->control = pair[0];
	child->pid = sys_clone(0, &child->pidfd);
	if (child->pid == 0) {
		run(arg, theirs);
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
	if (child->pid > 0) {
		(void)sys_pidfd_kill(child->pidfd, SIGKILL);
		while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR) {
		}
	}
	child->pid = -1;
	fd_drop(&child->pidfd);
	fd_drop(&child->control);
}
