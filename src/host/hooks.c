/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/hooks: the hooks that run in the runtime's namespaces: prestart, createRuntime, poststart,
 * poststop.
 */
#include "host/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/scope.h"
#include "plan/hooks.h"
#include "spec/load.h"
#include "sys/clock.h"
#include "sys/fd.h"
#include "sys/spawn.h"

/* All poststop hooks together, where we were asked to end. */
#define HURRY_MS 500

extern char **environ;

static int run_one(const struct plan_hooks *hooks, const struct plan_hook *h, const char *state,
		   const char *bundle, int hurry_ms, struct err *err)
{
	scope_fd int out = -1;
	scope_fd int errors = -1;
	struct sys_spawn spawn = {
		.path = h->path,
		.argv = h->argv,
		.env = h->env,
		.cwd = bundle,
		.input = state,
		.timeout = h->timeout,
		.hurry_ms = hurry_ms,
	};

	if (!spawn.env) {
		spawn.env = (const char *const *)environ;
	}
	TRY(sys_spawn_output(hooks->out, &out, err));
	TRY(sys_spawn_output(hooks->err, &errors, err));
	spawn.out = out;
	spawn.err = errors;
	if (sys_spawn_checked(&spawn, err) < 0) {
		return err_wrap(err, "%s", h->where);
	}
	return 0;
}

static const char *state_text(struct arena *arena, const struct plan_hooks *hooks,
			      const char *status, pid_t pid)
{
	if (pid > 0) {
		return arena_printf(arena, "%s%s\",\"pid\":%d%s", hooks->state_head, status,
				    (int)pid, hooks->state_tail);
	}
	return arena_printf(arena, "%s%s\"%s", hooks->state_head, status, hooks->state_tail);
}

int host_hooks_run(const struct plan_hooks *hooks, enum plan_hook_kind kind, const char *status,
		   pid_t pid, const char *bundle, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;

	for (size_t i = 0; i < hooks->of[kind].n; i++) {
		TRY(run_one(hooks, &hooks->of[kind].v[i], state_text(&arena, hooks, status, pid),
			    bundle, 0, err));
	}
	return 0;
}

int host_hooks_poststop(const struct plan_hooks *hooks, const char *bundle, bool hurry,
			struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	int64_t end = sys_now_ms() + HURRY_MS;
	struct err failed;

	for (size_t i = 0; i < hooks->of[PLAN_HOOK_POSTSTOP].n; i++) {
		int64_t left = end - sys_now_ms();
		int hurry_ms = 0;

		if (hurry) {
			hurry_ms = left > 1 ? (int)left : 1;
		}
		if (run_one(hooks, &hooks->of[PLAN_HOOK_POSTSTOP].v[i],
			    state_text(&arena, hooks, "stopped", 0), bundle, hurry_ms,
			    &failed) == 0) {
			continue;
		}
		if (failed.signal) {
			*err = failed;
			return -EINTR;
		}
		log_warning("%s", failed.msg);
	}
	return 0;
}

int host_hooks_load(struct container *c, struct plan_hooks *ret, struct err *err)
{
	struct spec *spec;

	*ret = (struct plan_hooks){ 0 };
	if (!c->state.has_hooks) {
		return 0;
	}
	TRY(container_spec(c, &spec, err));
	plan_hooks_of(&c->arena, spec, c->id, c->state.bundle, ret);
	return 0;
}
