/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan/enter: the pure function from a running container and an array of mounts to the plan of
 * `rootlet mounts`.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "plan/facts.h"
#include "plan/plan.h"
#include "plan/wish.h"
#include "spec/spec.h"

struct builder;

/* What exec and `rootlet mounts` have in common: what is joined, and the ids that are there. */
void plan_enter(struct builder *b, const struct facts_container *container);

struct plan_mounts_wish {
	const char *file; /* where they come from, for messages */
	struct spec_mount *v;
	size_t n;
	bool remove;			 /* only their destinations count */
	enum plan_cgroup_manager cgroup; /* of the container */
};

/*
 * spec: the container's configuration. Lifetimes and errors: as plan_build, with the file's name in
 * front.
 */
int plan_enter_mounts(struct arena *arena, const struct spec *spec, const struct facts *facts,
		      const struct facts_container *container, const struct plan_options *options,
		      const struct plan_mounts_wish *wish, const struct plan **ret,
		      struct err *err);
