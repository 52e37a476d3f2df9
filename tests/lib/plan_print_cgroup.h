/* SPDX-License-Identifier: Apache-2.0 */
/* plan_print_cgroup: a plan's cgroup as text. */
#pragma once

#include "base/str.h"
#include "plan/plan.h"

/* Adds one property a line, in the order of plan.h; nothing where there is no cgroup. */
void plan_print_cgroup(struct text *out, const struct plan_cgroup *cg);
