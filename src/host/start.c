/* SPDX-License-Identifier: Apache-2.0 */
/* host/start: the OCI operation "start": through the gate of a created container. */
#include "host/start.h"

#include <errno.h>
#include <unistd.h>

#include "base/log.h"
#include "base/scope.h"
#include "container/look.h"
#include "host/delete.h"
#include "host/gate.h"
#include "host/hooks.h"
#include "host/notify.h"
#include "state/folder.h"
#include "state/status.h"

/* Through the gate, then the poststart hooks. */
static int start_created(struct container *c, int *ret_notify, struct err *err)
{
	struct plan_hooks hooks;

	TRY(host_hooks_load(c, &hooks, err));
	TRY(container_check_thawed(c, -1, err));
	TRY(host_gate_open(&c->dir, ret_notify, err));
	if (*ret_notify >= 0) {
		TRY(host_notify_check(*ret_notify, err));
	}
	return host_hooks_run(&hooks, PLAN_HOOK_POSTSTART, "running", (pid_t)c->state.pid,
			      c->state.bundle, err);
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

int host_start(struct container *c, struct err *err)
{
	scope_fd int notify = -1;
	struct err ignored;
	int rc = start_created(c, &notify, err);

	if (rc < 0 && c->state.has_hooks) {
		/*
		 * runtime.md, "Lifecycle": a failed hook of the start ends and destroys the
		 * container.
		 */
		(void)host_destroy(c, err->signal != 0, &ignored);
	}
	if (rc == 0 && notify >= 0 && c->state.notify) {
		await_ready(&c->dir, &c->state, notify);
	}
	return rc;
}
