/* SPDX-License-Identifier: Apache-2.0 */
/* user/idmap: writing a child's id maps, by ourselves or by shadow's helpers. */
#pragma once

#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "plan/plan.h"

/* The two helpers at work. */
struct idmap_helper {
	const char *path;
	pid_t pid; /* -1: not running */
	int pidfd;
	int output; /* read end of its stderr; -1: none */
};

struct idmap_job {
	struct idmap_helper uid;
	struct idmap_helper gid;
	struct arena arena; /* what the helpers' processes use until they execute */
};

/*
 * Begins to map the ids of pid, which is our own child, not yet reaped and dumpable: writes the
 * maps, or starts both helpers side by side. Whatever it returns, user_idmap_finish must follow.
 */
int user_idmap_begin(struct idmap_job *job, const struct plan_ids *ids, pid_t pid, struct err *err);

/*
 * Waits for the helpers. begun: what user_idmap_begin returned; its error is kept. signals: as
 * sys_await_by has it. What the helpers say on stderr becomes part of the error, with
 * our own diagnosis beside it.
 */
int user_idmap_finish(struct idmap_job *job, const struct plan_ids *ids, int begun, int signals,
		      struct err *err);
