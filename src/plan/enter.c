/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan/enter: what is the same for every way into a container that is there; and the plan of
 * `rootlet mounts`.
 */
#include "plan/enter.h"

#include <errno.h>
#include <sched.h>

#include "plan/annotations.h"
#include "plan/builder.h"
#include "plan/ids.h"
#include "plan/mounts.h"

static void take_map(struct arena *arena, const struct facts_extents *from, struct plan_extents *to)
{
	to->v = arena_array(arena, from->n, sizeof(*to->v));
	to->n = from->n;
	for (size_t i = 0; i < from->n; i++) {
		to->v[i] = (struct plan_extent){
			.inside = from->v[i].inside,
			.outside = from->v[i].outside,
			.count = from->v[i].count,
		};
	}
}

/* The maps are there already: they only say who can be had. */
void plan_enter(struct builder *b, const struct facts_container *container)
{
	struct plan_ids *ids = &b->plan->ids;

	b->plan->enter.present = true;
	b->plan->enter.join = container->other;
	ids->how = PLAN_IDS_NONE;
	b->user_namespace = (container->other & CLONE_NEWUSER) != 0;
	if (!b->user_namespace) {
		ids->deny_setgroups = b->facts->setgroups_denied;
		return;
	}
	take_map(b->arena, &container->uids, &ids->uid);
	take_map(b->arena, &container->gids, &ids->gid);
	ids->deny_setgroups = container->setgroups_denied;
	plan_setup_ids(b);
}

/* Only where, not what: an entry is a mount of its destination. */
static int take_destinations(struct builder *b, struct err *err)
{
	struct plan_fs *fs = &b->plan->fs;

	fs->mounts = arena_array(b->arena, b->spec->mounts.n, sizeof(*fs->mounts));
	for (size_t i = 0; i < b->spec->mounts.n; i++) {
		TRY(plan_mount_target(b, i, &fs->mounts[i], err));
	}
	fs->mount_n = b->spec->mounts.n;
	return 0;
}

int plan_enter_mounts(struct arena *arena, const struct spec *spec, const struct facts *facts,
		      const struct facts_container *container, const struct plan_options *options,
		      const struct plan_mounts_wish *wish, const struct plan **ret, struct err *err)
{
	struct spec *with = arena_alloc(arena, sizeof(*with));
	struct builder b;
	struct plan *plan;

	*with = *spec;
	with->mounts.v = wish->v;
	with->mounts.n = wish->n;
	b = plan_builder(arena, with, facts, options);
	b.mounts_at = arena_printf(arena, "%s: ", wish->file);
	plan = b.plan;
	plan_enter(&b, container);
	TRY(plan_annotations_take(spec, plan, err));
	if (!(container->other & CLONE_NEWNS)) {
		return err_set(err, EINVAL,
			       "container `%s` has no mount namespace of its own, seen from here",
			       options->id);
	}
	if (wish->remove) {
		plan->enter.mounts = PLAN_ENTER_REMOVE_MOUNTS;
		TRY(take_destinations(&b, err));
	} else {
		plan->enter.mounts = PLAN_ENTER_ADD_MOUNTS;
		plan->cgroup.manager = wish->cgroup;
		plan_host_propagation(&b);
		/*
		 * Which filesystems can be had is a matter of the namespaces that are the
		 * container's own.
		 */
		plan->ns.new = container->other & ~(uint64_t)CLONE_NEWUSER;
		TRY(plan_mounts(&b, err));
	}
	*ret = plan;
	return 0;
}
