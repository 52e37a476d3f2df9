/* SPDX-License-Identifier: Apache-2.0 */
/* plan/hooks: the hooks of config.md, ready to be run. */
#pragma once

#include "base/arena.h"
#include "plan/plan.h"
#include "spec/spec.h"

struct builder;
struct err;

/* The hooks alone: `start` and `delete` run theirs without a plan. bundle: absolute. */
void plan_hooks_of(struct arena *arena, const struct spec *spec, const char *id, const char *bundle,
		   struct plan_hooks *ret);

int plan_hooks(struct builder *b, struct err *err);
