/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/give: the container's control group becomes its user's. */
#pragma once

#include "base/err.h"
#include "plan/plan.h"

/*
 * Gives the container's cgroup, open as `dir`, to the container's user, where the guest can't:
 * where the caller's own id is none of the container's. Else it does nothing.
 */
int cgroup_give(const struct plan *plan, int dir, struct err *err);
