/* SPDX-License-Identifier: Apache-2.0 */
/* plan/ids: the container's uid and gid maps, and who writes them. */
#pragma once

#include "base/arena.h"
#include "plan/facts.h"
#include "plan/plan.h"
#include "spec/spec.h"

struct builder;
struct err;

/* Does this configuration make it necessary to know the user's ranges? Else none are probed. */
bool plan_needs_subids(const struct spec *spec, const struct facts *facts);

int plan_ids(struct builder *b, struct err *err);

/*
 * The ids of the container that the guest takes for the set-up, from the maps that are decided or
 * there already. A map that is not known, of a namespace that is joined, is taken to have 0.
 */
void plan_setup_ids(struct builder *b);

/*
 * Every id that the user has, as a container without mappings of its own gets them. Of the facts
 * only those about ids are looked at (user/ids.h). Errors: EINVAL for root without a range; ENOENT,
 * EPERM where there are ranges, but no helper that can map them.
 */
int plan_all_ids(struct arena *arena, const struct facts *facts, struct plan_ids *ret,
		 struct err *err);
