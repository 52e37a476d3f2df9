/* SPDX-License-Identifier: Apache-2.0 */
/* user/as_root: acting as root of a user namespace that holds the user's ids. */
#include "user/as_root.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/scope.h"
#include "sys/clone.h"
#include "user/idmap.h"

/*
 * In the child: waits until its ids are mapped, becomes root of the namespace, acts. The exit
 * status is the errno: of those that system calls give none is above 133.
 */
static _Noreturn void act_inside(int go, int (*act)(void *data), void *data)
{
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (read(go, &byte, 1) != 1) {
		_exit(EINTR);
	}
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0) {
		_exit(errno);
	}
	_exit(-act(data));
}

/* The child's exit status, as -errno. */
static int wait_for(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
	}
	if (!WIFEXITED(status)) {
		return -EINTR;
	}
	return -WEXITSTATUS(status);
}

int user_as_root(const struct plan_ids *ids, int (*act)(void *data), void *data, const char *what,
		 struct err *err)
{
	struct idmap_job job;
	int pair[2], rc, end;
	pid_t pid;

	assert(ids->how != PLAN_IDS_NONE);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		return err_errno(err, errno, "socketpair");
	}
	scope_fd int ours = pair[0];
	scope_fd int theirs = pair[1];

	pid = sys_clone(CLONE_NEWUSER, NULL);
	if (pid == 0) {
		fd_drop(&ours);
		act_inside(theirs, act, data);
	}
	if (pid < 0) {
		return err_errno(err, -pid, "making a user namespace");
	}
	fd_drop(&theirs);
	rc = user_idmap_begin(&job, ids, pid, err);
	rc = user_idmap_finish(&job, ids, rc, -1, err);
	if (rc == 0 && send(ours, "", 1, MSG_NOSIGNAL) != 1) {
		rc = err_errno(err, errno, "%s: its process", what);
	}
	/* Without its byte the child ends by the end of the stream. */
	fd_drop(&ours);
	end = wait_for(pid);
	if (rc == 0 && end < 0) {
		rc = err_errno(err, -end, "%s", what);
	}
	return rc;
}
