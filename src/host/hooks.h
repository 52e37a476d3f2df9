/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/hooks: the hooks that run in the runtime's namespaces: prestart, createRuntime, poststart,
 * poststop.
 *
 * A hook gets the container's state on stdin as a file in memory, which can be read again and never
 * blocks. What a hook that fails has written to stderr becomes part of the error. `start` and
 * `delete` take their hooks from the copy of the configuration in the state folder, and read it
 * only where state.json says that there are some. A failed hook of create or start destroys the
 * container and runs its poststop hooks (runtime.md, "Lifecycle").
 */
#pragma once

#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "container/container.h"
#include "plan/plan.h"
#include "spec/spec.h"

/*
 * Runs the hooks of one kind in their order, in the bundle's folder. pid 0: none any more.
 * Errors: what the first that fails said, with its JSON path; the later ones are then not run.
 */
int host_hooks_run(const struct plan_hooks *hooks, enum plan_hook_kind kind, const char *status,
		   pid_t pid, const char *bundle, struct err *err);

/*
 * poststop: every one is run, a failure is a warning (config.md, "Poststop"). hurry: a signal has
 * asked us to end already, so those that take longer than half a second together are killed.
 * Errors: EINTR, for a signal that asks us to end; the later ones are then not run.
 */
int host_hooks_poststop(const struct plan_hooks *hooks, const char *bundle, bool hurry,
			struct err *err);

/*
 * The hooks of an existing container, from the copy of its configuration in the state folder:
 * nothing is read when the state says that there are none. Everything lives as long as the handle.
 */
int host_hooks_load(struct container *c, struct plan_hooks *ret, struct err *err);
