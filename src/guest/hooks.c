/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest/hooks: createContainer and startContainer, which run in the container's namespaces; and the
 * host's turn.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/scope.h"
#include "guest/step.h"
#include "sys/spawn.h"
#include "wire/wire.h"

extern char **environ;

/*
 * The mounts are done, the pivot is not: what prestart and createRuntime hooks were promised
 * (config.md).
 */
int guest_host_setup(struct guest *g, struct err *err)
{
	struct wire_msg msg;
	int rc;

	if (!g->plan->host_setup) {
		return 0;
	}
	rc = wire_send(g->wire, WIRE_SETUP, NULL, 0, -1);
	if (rc < 0) {
		return err_errno(err, -rc, "telling the host side that it is its turn");
	}
	rc = wire_recv(g->wire, &msg);
	if (rc <= 0 || msg.type != WIRE_SETUP_DONE) {
		return err_set(err, EPIPE,
			       "the host side ended before its part of the set-up was done");
	}
	return 0;
}

static int run_all(struct guest *g, enum plan_hook_kind kind, const char *status, const char *cwd,
		   struct err *err)
{
	const struct plan_hooks *hooks = &g->plan->hooks;
	const char *state;
	/*
	 * The caller's environment is the host's: a program of the container's gets the
	 * container's.
	 */
	const char *const *inherited = (const char *const *)environ;

	if (hooks->of[kind].n == 0) {
		return 0;
	}
	state = arena_printf(&g->arena, "%s%s\",\"pid\":%d%s", hooks->state_head, status,
			     (int)getpid(), hooks->state_tail);
	if (kind == PLAN_HOOK_START_CONTAINER && g->env) {
		inherited = g->env;
	}
	for (size_t i = 0; i < hooks->of[kind].n; i++) {
		const struct plan_hook *h = &hooks->of[kind].v[i];
		struct sys_spawn spawn = {
			.path = h->path,
			.argv = h->argv,
			.env = h->env ? h->env : inherited,
			.cwd = cwd,
			.input = state,
			.timeout = h->timeout,
			.out = g->hooks_out,
			.err = g->hooks_err,
		};

		if (sys_spawn_checked(&spawn, err) < 0) {
			return err_wrap(err, "%s", h->where);
		}
	}
	return 0;
}

/*
 * Situation: before the pivot, so that paths are the host's; the container's namespaces, uid 0 of
 * them.
 */
int guest_create_container_hooks(struct guest *g, struct err *err)
{
	const struct plan_hooks *hooks = &g->plan->hooks;

	if (hooks->of[PLAN_HOOK_CREATE_CONTAINER].n + hooks->of[PLAN_HOOK_START_CONTAINER].n == 0) {
		return 0;
	}
	TRY(sys_spawn_output(hooks->out, &g->hooks_out, err));
	TRY(sys_spawn_output(hooks->err, &g->hooks_err, err));
	return run_all(g, PLAN_HOOK_CREATE_CONTAINER, "creating", g->plan->bundle, err);
}

/* Situation: after START, with the program's credentials and working directory. */
int guest_start_container_hooks(struct guest *g, struct err *err)
{
	return run_all(g, PLAN_HOOK_START_CONTAINER, "created", NULL, err);
}
