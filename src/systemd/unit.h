/* SPDX-License-Identifier: Apache-2.0 */
/* systemd/unit: what is done to a unit that is there. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "plan/plan.h"

struct systemd;

/*
 * Kills what is in it, StopUnit, waits until it is gone, a failure reset. A unit that is not there
 * is success.
 */
int systemd_unit_stop(struct systemd *sd, const char *unit, struct err *err);

/*
 * As systemd_unit_stop, for a unit that may by now be someone else's: only if no process is in it.
 * A start that was killed at the wrong moment leaves such a scope: the manager put a process there
 * that was dying, and waits for its end.
 * Errors: EEXIST, naming a process.
 */
int systemd_unit_clear(struct systemd *sd, const char *unit, struct err *err);

/*
 * AttachProcessesToUnit: brings processes from anywhere of the user's into the unit, below it into
 * `sub` ("container", a path without leading slash, which exists; NULL or "": the unit's own
 * cgroup). Errors: ENOENT for no such unit.
 */
int systemd_unit_attach(struct systemd *sd, const char *unit, const char *sub, const pid_t *pids,
			size_t n, struct err *err);

/* SetUnitProperties at runtime; unknown ones are dropped as in systemd_scope_start. */
int systemd_unit_set(struct systemd *sd, const char *unit, const struct plan_property *properties,
		     size_t n, struct err *err);

/* ResetFailedUnit; a unit that has not failed or is not there is success. */
int systemd_unit_reset(struct systemd *sd, const char *unit, struct err *err);

/* The unit's Result ("success", "oom-kill", "timeout", …). Errors: ENOENT for no such unit. */
int systemd_unit_result(struct systemd *sd, struct arena *arena, const char *unit, const char **ret,
			struct err *err);
