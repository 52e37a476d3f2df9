/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/cgroup: the container's control group (cgroup v2), whoever made it. */
#include "cgroup/cgroup.h"

#include <errno.h>

#include "cgroup/dir.h"

const struct name cgroup_manager_names[] = {
	{ "disabled", PLAN_CGROUP_NONE },
	{ "cgroupfs", PLAN_CGROUP_FS },
	{ "systemd", PLAN_CGROUP_SYSTEMD },
	NAMES_END,
};

int cgroup_missing(const struct cgroup *cgroup, struct err *err)
{
	const char *why = cgroup->why ? cgroup->why : "it was made without one";

	return err_set(err, ENOTSUP, "the container has no cgroup of its own: %s", why);
}

const char *cgroup_path(struct arena *arena, const struct cgroup *cgroup, const char *sub)
{
	if (!sub) {
		return arena_printf(arena, "%s%s", cgroup->mount, cgroup->path);
	}
	return arena_printf(arena, "%s%s/%s", cgroup->mount, cgroup->path, sub);
}

static int open_part(const struct cgroup *cgroup, const char *sub, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *path;
	int fd;

	if (cgroup->manager == PLAN_CGROUP_NONE) {
		return cgroup_missing(cgroup, err);
	}
	path = cgroup_path(&arena, cgroup, sub);
	fd = cgroup_open_dir(path);
	if (fd < 0) {
		return err_errno(err, -fd, "the container's cgroup %s", path);
	}
	return fd;
}

int cgroup_open(const struct cgroup *cgroup, struct err *err)
{
	return open_part(cgroup, cgroup->sub, err);
}

int cgroup_open_top(const struct cgroup *cgroup, struct err *err)
{
	return open_part(cgroup, NULL, err);
}
