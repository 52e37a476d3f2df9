/* SPDX-License-Identifier: Apache-2.0 */
/* facts/cgroup: what this machine and session have in the way of control groups. */
#pragma once

#include "base/arena.h"
#include "plan/facts.h"
#include "plan/plan.h"

/*
 * Looks only as far as is necessary: for DISABLED at nothing but own_is_root, and at that only
 * when a cgroup is `mounted` in the container; at the controllers only when `limits` are asked for.
 * `at`: the cgroup that the bundle names from the root of the hierarchy on, or NULL. What can't be
 * had is no error here; the reason is among the facts.
 */
void facts_cgroup(struct arena *arena, enum plan_cgroup_choice choice, const char *at, bool limits,
		  bool mounted, struct facts_cgroup *ret);
