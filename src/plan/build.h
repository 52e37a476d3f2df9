/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan/build: the pure function from wish and world to plan.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "plan/facts.h"
#include "plan/plan.h"
#include "plan/wish.h"
#include "spec/spec.h"

/*
 * Decides everything. The plan and what it points to live in the arena, which must outlive it, as
 * must the spec. Errors: EINVAL, EPERM, ENOTSUP: one line with the JSON path of the property and
 * the remedy.
 */
int plan_build(struct arena *arena, const struct spec *spec, const struct facts *facts,
	       const struct plan_options *options, const struct plan **ret, struct err *err);
