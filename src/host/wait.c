/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/wait: blocks until a container has ended.
 *
 * The record that a monitor or a foreground run writes is the better source: it is there after the
 * end, too. Without one (create, whose caller is the one that reaps), or when its writer was
 * killed, the process itself is watched.
 */
#include "host/wait.h"

#include <errno.h>

#include "base/scope.h"
#include "state/file.h"
#include "state/status.h"
#include "sys/clone.h"
#include "sys/exit.h"
#include "sys/proc.h"

/* init, a zombie as well; -1 when it is gone for good. */
static int open_init(const struct state *state)
{
	scope_fd int fd = state->pid > 0 ? sys_pidfd_open((pid_t)state->pid) : -1;
	char letter;

	/*
	 * Checked with the descriptor in hand: from here on the pid can't pass to another process
	 * unnoticed.
	 */
	if (fd < 0 || !sys_process_is((pid_t)state->pid, state->start_time, &letter)) {
		return -1;
	}
	return fd_take(&fd);
}

/* A delete may have taken the names away between the looks at the state and at the record. */
static int unknown(const struct container *c, bool recorded, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *id = c->id;
	struct state now;

	TRY(state_load(&arena, c->root, id, &now, err));
	if (recorded) {
		return err_set(err, ENODATA,
			       "the exit status of container `%s` is not known: its monitor was "
			       "killed before the end",
			       id);
	}
	return err_set(err, ENODATA,
		       "the exit status of container `%s` is not known: it ended before this wait, "
		       "and only a detached run or one with --keep records it",
		       id);
}

int host_wait(const struct container *c, struct exit_record *ret, struct err *err)
{
	/* Both before anything blocks: a delete may take the names away. */
	scope_fd int pidfd = open_init(&c->state);
	scope_fd int record = state_exit_open(c->root, c->id, err);
	int status = 0;
	int rc;

	if (record < 0 && record != -ENOENT) {
		return record;
	}
	if (record >= 0) {
		rc = state_exit_read(record, ret, err);
		if (rc != -ENODATA) {
			return rc < 0 ? err_wrap(err, "container `%s`", c->id) : 0;
		}
	}
	if (state_is_foreign(&c->state) && c->status != STATE_STOPPED) {
		return state_foreign(c->root, &c->state, err);
	}
	rc = pidfd >= 0 ? sys_exit_wait(pidfd, (pid_t)c->state.pid, &status) : -ESRCH;
	if (rc == -ESRCH) {
		return unknown(c, record >= 0, err);
	}
	if (rc < 0) {
		return err_errno(err, -rc, "waiting for container `%s`", c->id);
	}
	*ret = state_exit_of(status);
	return 0;
}
