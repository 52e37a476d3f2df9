/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/freeze: pausing a container (cgroup v2, "cgroup.freeze"). */
#include "cgroup/freeze.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/scope.h"
#include "base/str.h"
#include "cgroup/dir.h"
#include "sys/fd.h"

int cgroup_freeze(const struct cgroup *cgroup, bool frozen, struct err *err)
{
	scope_fd int dir = cgroup_open(cgroup, err);
	int rc;

	TRY(dir);
	rc = cgroup_put(dir, "cgroup.freeze", frozen ? "1" : "0");
	if (rc == -ENOENT) {
		return err_set(err, ENOTSUP, "this kernel can't freeze a cgroup (Linux 5.2 can)");
	}
	if (rc == 0) {
		rc = cgroup_wait_event(dir, "frozen", frozen, CGROUP_TIMEOUT_MS);
	}
	if (rc == -ETIMEDOUT && frozen) {
		(void)cgroup_put(dir, "cgroup.freeze", "0");
		return err_set(err, ETIMEDOUT,
			       "the container's processes are not frozen after %d seconds (one of "
			       "them can't be stopped); it runs on",
			       CGROUP_TIMEOUT_MS / 1000);
	}
	if (rc == -ETIMEDOUT) {
		return err_set(
			err, ETIMEDOUT,
			"the container is still frozen: a cgroup above its own (%s) is frozen too",
			cgroup->path);
	}
	if (rc < 0) {
		return err_errno(err, -rc, "%s the cgroup %s", frozen ? "freezing" : "thawing",
				 cgroup->path);
	}
	return 0;
}

/* The lowest cgroup, from the container's up, that somebody has frozen; NULL: none. */
static const char *frozen_at(struct arena *arena, const struct cgroup *cgroup)
{
	char *path = arena_strdup(arena, cgroup->path);

	if (cgroup->sub) {
		path = arena_printf(arena, "%s/%s", path, cgroup->sub);
	}
	for (char *end = path + strlen(path); end > path; end = strrchr(path, '/')) {
		const char *file, *text;

		*end = '\0';
		file = arena_printf(arena, "%s%s/cgroup.freeze", cgroup->mount, path);
		if (sys_read_file(arena, AT_FDCWD, file, 16, &text) > 0 && text[0] == '1') {
			return path;
		}
	}
	return NULL;
}

int cgroup_refuse_frozen(const struct cgroup *cgroup, int dir, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *at;

	if (dir >= 0 && cgroup_event(dir, "frozen") != 1) {
		return 0;
	}
	at = frozen_at(&arena, cgroup);
	if (!at && dir < 0) {
		return 0;
	}
	if (!at) {
		return err_set(err, EBUSY,
			       "the container has frozen the cgroup below %s in which its first "
			       "process is: nothing would run there",
			       cgroup->path);
	}
	err_set(err, EBUSY, "the cgroup %s is frozen: nothing would run %s", at,
		str_eq(at, cgroup->path) ? "in it" : "below it");
	return err_hint(err, "thaw it: echo 0 >%s%s/cgroup.freeze", cgroup->mount, at);
}

bool cgroup_is_frozen(const struct cgroup *cgroup)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *path, *text;

	if (cgroup->manager == PLAN_CGROUP_NONE) {
		return false;
	}
	path = arena_printf(&arena, "%s/cgroup.freeze", cgroup_path(&arena, cgroup, cgroup->sub));
	return sys_read_file(&arena, AT_FDCWD, path, 16, &text) > 0 && text[0] == '1';
}
