/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/limits: limits of a cgroup: written, and read back. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "plan/plan.h"

/*
 * Is memory above what is to be its limit in use, where the limits ask for that check? EBUSY.
 * Before anything is changed.
 */
int cgroup_check_usage(int dir, const struct plan_limits *limits, struct err *err);

/* Writes limits into a cgroup and reads them back. best_effort: what can't be set is a warning. */
int cgroup_set_limits(int dir, const struct plan_limits *limits, bool best_effort, struct err *err);
