/* SPDX-License-Identifier: Apache-2.0 */
/* host/start: the OCI operation "start": through the gate of a created container. */
#include <errno.h>
#include <unistd.h>

#include "base/log.h"
#include "base/scope.h"
#include "host/gate.h"
#include "host/hooks.h"
#include "host/launch.h"
#include "host/lifecycle.h"
#include "host/notify.h"
#include "state/file.h"
#include "state/folder.h"
#include "state/status.h"

/* Through the gate, then the poststart hooks. */
static int start_created(const struct state_dir *dir, const struct state *state, int *ret_notify,
			 struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct plan_hooks hooks;

	TRY(host_hooks_load(&arena, dir, state, &hooks, err));
	TRY(host_gate_open(dir, ret_notify, err));
	return host_hooks_run(&hooks, PLAN_HOOK_POSTSTART, "running", (pid_t)state->pid,
			      state->bundle, err);
}

/*
 * As crun's and runc's: with a service manager above, `start` returns when the container is ready,
 * or has ended.
 */
static void await_ready(const struct state_dir *dir, const struct state *state, int from)
{
	struct notify notify = { .from = from, .to = -1, .main_pid = (pid_t)state->pid };
	scope_fd int pidfd = -1;
	struct err err;

	/* Others may act on the container meanwhile. */
	state_unlock(dir);
	if (host_notify_connect(state->notify, &notify.to, &err) < 0) {
		log_warning("%s", err.msg);
		return;
	}
	if (state_pidfd(state, &pidfd) == 0) {
		host_notify_until_ready(&notify, pidfd);
	} else {
		host_notify_drain(&notify);
	}
	close(notify.to);
}

int host_start(const char *root, const char *id, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct err ignored;
	enum state_status status;
	scope_fd int notify = -1;
	struct state_dir dir;
	struct state state;
	int rc;

	TRY(state_open(root, id, &dir, err));
	rc = state_read(&arena, &dir, &state, err);
	if (rc == 0) {
		status = state_status(root, &state);
		if (status == STATE_CREATED) {
			rc = start_created(&dir, &state, &notify, err);
			if (rc < 0 && state.has_hooks) {
				/*
				 * runtime.md, "Lifecycle": a failed hook of the start ends and
				 * destroys the container.
				 */
				(void)host_destroy(&dir, &state, &ignored);
			}
			if (rc == 0 && notify >= 0 && state.notify) {
				await_ready(&dir, &state, notify);
			}
		} else {
			rc = err_set(err, EINVAL,
				     "cannot start container `%s`: it is %s, not created", id,
				     state_status_name(status));
		}
	}
	state_close(&dir);
	return rc;
}
