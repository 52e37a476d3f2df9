/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/processes: all that runs in a container's control group. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "cgroup/cgroup.h"

/* Every process in it and below that this process can see, ascending. */
int cgroup_pids(struct arena *arena, const struct cgroup *cgroup, pid_t **ret, size_t *ret_n,
		struct err *err);

/* Is the cgroup there, with no process in it or below? false where it can't be seen. */
bool cgroup_is_empty(const struct cgroup *cgroup);

/*
 * SIGKILL to every process in it, also to those that are being forked: cgroup.kill, before Linux
 * 5.14 by freezing first. Does not wait for their end.
 */
int cgroup_kill(const struct cgroup *cgroup, struct err *err);
