/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup/systemd: transient scopes of a systemd manager, over D-Bus.
 *
 * Only cgroup/cgroup.c calls this. An ordinary user's manager is the one of the session's user
 * (user_uid, never geteuid alone: in a user namespace root is someone else outside), and
 * the system's is never asked for it; real root's is the system's. libsystemd is opened with
 * dlopen(3) when a connection is made, not before.
 *
 * Every call that waits takes its time from the connection's deadline (SYSTEMD_TIMEOUT_MS for all
 * of them together) and fails with ETIMEDOUT, naming what was waited for. Properties come with
 * their D-Bus type (plan/plan.h); nothing here parses configuration.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "plan/plan.h"

#define SYSTEMD_TIMEOUT_MS 25000

struct systemd; /* a connection to one manager */

/*
 * Where the manager could be reached, in the order in which the addresses are tried: "unix:path=…",
 * several separated by ';'. Only looks (existence, owner of socket and folder), connects to nothing
 * and loads nothing: for facts, so it must be cheap. Errors: ENOENT, naming every place that was
 * looked at, why it was passed over and the remedy (linger, a login session).
 */
int cgroup_systemd_find(struct arena *arena, const char **ret_addresses, struct err *err);

/*
 * Connects to the first address that answers. Errors: ETIMEDOUT, ECONNREFUSED, ENOENT (also: no
 * libsystemd).
 */
int cgroup_systemd_open(struct systemd **ret, struct err *err);

/* Closes and frees; *sd becomes NULL. Safe on NULL. */
void cgroup_systemd_close(struct systemd **sd);

struct systemd_scope {
	const char *unit;  /* "rootlet-ID.scope", valid as a unit name, at most 255 bytes */
	const char *slice; /* "user.slice"; NULL: the manager's default */
	const char *description;
	const struct plan_property
		/* of the plan, beside Delegate=yes and CollectMode=inactive-or-failed */
		*properties;
	size_t property_n;
	/*
	 * the process that the scope begins with; ours, and not reaped, so its number can't pass on
	 */
	pid_t pid;
	int pidfd; /* of the same, or -1 */
};

/*
 * StartTransientUnit, and waits for its job. What an earlier container has left of a unit of that
 * name is cleared away. Properties that an older manager does not know are left out, with a warning
 * for those of annotations and a debug message for others: the caller reads back what matters.
 * *ret_path: the scope's control group as the manager says it ("/user.slice/…"), below the cgroup
 * mount.
 * Errors: EEXIST for a unit of that name that is active; the manager's message and the unit's
 * Result else.
 */
int cgroup_systemd_scope_start(struct systemd *sd, struct arena *arena,
			       const struct systemd_scope *scope, const char **ret_path,
			       struct err *err);

/*
 * Kills what is in it, StopUnit, waits until it is gone, a failure reset. A unit that is not there
 * is success.
 */
int cgroup_systemd_stop(struct systemd *sd, const char *unit, struct err *err);

/*
 * As cgroup_systemd_stop, for a unit that may by now be someone else's: only if no process is in it.
 * A start that was killed at the wrong moment leaves such a scope: the manager put a process there
 * that was dying, and waits for its end.
 * Errors: EEXIST, naming a process.
 */
int cgroup_systemd_clear(struct systemd *sd, const char *unit, struct err *err);

/*
 * AttachProcessesToUnit: brings processes from anywhere of the user's into the unit, below it into
 * `sub` ("container", a path without leading slash, which exists; NULL or "": the unit's own
 * cgroup). Errors: ENOENT for no such unit.
 */
int cgroup_systemd_attach(struct systemd *sd, const char *unit, const char *sub, const pid_t *pids,
			  size_t n, struct err *err);

/* SetUnitProperties at runtime; unknown ones are dropped as in cgroup_systemd_scope_start. */
int cgroup_systemd_set(struct systemd *sd, const char *unit, const struct plan_property *properties,
		       size_t n, struct err *err);

/* ResetFailedUnit; a unit that has not failed or is not there is success. */
int cgroup_systemd_reset(struct systemd *sd, const char *unit, struct err *err);

/* The unit's Result ("success", "oom-kill", "timeout", …). Errors: ENOENT for no such unit. */
int cgroup_systemd_result(struct systemd *sd, struct arena *arena, const char *unit,
			  const char **ret, struct err *err);
