/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/give: the container's control group becomes its user's. */
#include "cgroup/give.h"

#include <errno.h>
#include <unistd.h>

#include "base/arena.h"
#include "sys/cgroup.h"
#include "user/as_root.h"
#include "user/ids.h"

struct gift {
	int dir;
	uid_t uid; /* as root of the namespace has it */
};

static int give(void *data)
{
	const struct gift *gift = data;
	struct err err;

	return sys_cgroup_give(gift->dir, gift->uid, &err);
}

/* The id that an id outside is in the namespace; false when it is not mapped. */
static bool inside(const struct plan_extents *map, uint32_t id, uint32_t *ret)
{
	for (size_t i = 0; i < map->n; i++) {
		const struct plan_extent *e = &map->v[i];

		if (id >= e->outside && id - e->outside < e->count) {
			*ret = e->inside + (id - e->outside);
			return true;
		}
	}
	return false;
}

int cgroup_give(const struct plan *plan, int dir, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct gift gift = { .dir = dir };
	uint32_t ours, owner;
	struct plan_ids all;
	int rc;

	if (plan->ids.how == PLAN_IDS_NONE || inside(&plan->ids.uid, geteuid(), &ours) ||
	    !plan_map_outside(&plan->ids.uid, plan->cgroup.uid, &owner)) {
		return 0;
	}
	rc = sys_cgroup_give(dir, owner, err);
	if (rc != -EPERM || geteuid() == 0) {
		return rc;
	}
	TRY(user_all_ids(&arena, &all, err));
	if (!inside(&all.uid, owner, &gift.uid)) {
		return err_set(
			err, EPERM,
			"the container's cgroup can't be given to uid %u, which is not yours",
			owner);
	}
	return user_as_root(&all, give, &gift, "giving the container's cgroup to its user", err);
}
