/* SPDX-License-Identifier: Apache-2.0 */
/* systemd/scope: a transient scope for a container. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "plan/plan.h"

struct systemd;

struct systemd_scope {
	const char *unit;  /* "rootlet-ID.scope", valid as a unit name, at most 255 bytes */
	const char *slice; /* "app.slice"; NULL: the manager's default */
	const char *description;
	/* of the plan, beside Delegate=yes and CollectMode=inactive-or-failed */
	const struct plan_property *properties;
	size_t property_n;
	/*
	 * the process that the scope begins with; ours, and not reaped, so its number can't pass on
	 */
	pid_t pid;
	int pidfd; /* of the same, or -1 */
};

/*
 * Sends StartTransientUnit, if the manager is there, and waits for nothing: systemd_scope_start
 * for the same scope takes it up.
 */
void systemd_scope_ask(struct systemd *sd, const struct systemd_scope *scope);

/*
 * StartTransientUnit, and waits for its job. What an earlier container has left of a unit of that
 * name is cleared away. Properties that an older manager does not know are left out, with a warning
 * for those of annotations and a debug message for others: the caller reads back what matters.
 * *ret_path: the scope's control group as the manager says it ("/user.slice/…"), below the cgroup
 * mount.
 * Errors: EEXIST for a unit of that name that is active; the manager's message and the unit's
 * Result else.
 */
int systemd_scope_start(struct systemd *sd, struct arena *arena, const struct systemd_scope *scope,
			const char **ret_path, struct err *err);
