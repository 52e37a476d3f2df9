/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/freeze: pausing a container (cgroup v2, "cgroup.freeze"). */
#pragma once

#include <stdbool.h>

#include "cgroup/cgroup.h"

/* Freezes or thaws everything in it and waits until the kernel says that it is so. */
int cgroup_freeze(const struct cgroup *cgroup, bool frozen, struct err *err);

/*
 * Refuses, with EBUSY, a cgroup in which no newcomer would run because it, or one above it, is
 * frozen (cgroup v2: "cgroup.freeze" holds for all that is below). dir: the directory in question,
 * open, which has no process or only frozen ones; -1 where one has just come, which the kernel
 * does not stop at once: then each level is asked.
 */
int cgroup_refuse_frozen(const struct cgroup *cgroup, int dir, struct err *err);

/* False also when there is no cgroup, or it can't be read. */
bool cgroup_is_frozen(const struct cgroup *cgroup);
