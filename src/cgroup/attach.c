/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup/attach: bringing another process into a running container's control group (exec).
 *
 * It goes to where init is now. An init that divides the cgroup, as systemd does, can hand
 * controllers down only as long as nobody is in the cgroup itself (cgroups(7), "no internal
 * processes"): a process that came before that would be in its way for good.
 */
#include "cgroup/attach.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/scope.h"
#include "cgroup/dir.h"
#include "sys/proc.h"
#include "systemd/manager.h"
#include "systemd/unit.h"
#include "user/as_root.h"
#include "user/ids.h"

/* Where init is, when that is below the container's cgroup; NULL else. */
static const char *cgroup_of(struct arena *arena, const struct cgroup *cgroup, pid_t pid)
{
	const char *path = sys_process_cgroup(arena, arena_printf(arena, "%d", (int)pid));
	size_t len = strlen(cgroup->path);

	if (!path || strncmp(path, cgroup->path, len) != 0 ||
	    (path[len] != '/' && path[len] != '\0')) {
		return NULL;
	}
	return path;
}

int cgroup_open_beside(const struct cgroup *cgroup, pid_t init, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *of_init = NULL;
	int fd = -ENOENT;

	if (cgroup->manager != PLAN_CGROUP_NONE) {
		of_init = cgroup_of(&arena, cgroup, init);
	}
	if (of_init) {
		fd = cgroup_open_dir(arena_printf(&arena, "%s%s", cgroup->mount, of_init));
	}
	if (fd < 0) {
		fd = cgroup_open(cgroup, err);
	}
	return fd;
}

/*
 * systemd's scopes are beyond the caller's own: where the kernel refuses the move, the manager
 * makes it.
 */
static int attach_by_manager(const struct cgroup *cgroup, const char *below, pid_t pid,
			     struct err *err)
{
	struct systemd *sd = NULL;
	int rc;

	TRY(systemd_open(&sd, err));
	rc = systemd_unit_attach(sd, cgroup->unit, below, &pid, 1, err);
	systemd_close(&sd);
	return rc;
}

struct move {
	int dir;
	pid_t pid;
};

static int move(void *data)
{
	const struct move *m = data;

	return cgroup_put_process(m->dir, m->pid);
}

/* Into a cgroup that the container has made under a subordinate id. */
static int move_as_root(struct move *m, const char *path, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *what = arena_printf(&arena, "putting a process into the cgroup %s", path);
	struct plan_ids ids;

	TRY(user_all_ids(&arena, &ids, err));
	return user_as_root(&ids, move, m, what, err);
}

/* below: without a leading slash, relative to the container's cgroup; "" for itself. */
static int attach_at(const struct cgroup *cgroup, const char *below, pid_t pid, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *path = cgroup_path(&arena, cgroup, *below ? below : NULL);
	scope_fd int dir = cgroup_open_dir(path);
	struct move m = { .dir = dir, .pid = pid };
	int rc = dir;

	if (dir >= 0) {
		rc = cgroup_put_process(dir, pid);
	}
	if (rc == -EACCES || rc == -EPERM) {
		if (cgroup->manager == PLAN_CGROUP_SYSTEMD) {
			return attach_by_manager(cgroup, below, pid, err);
		}
		if (geteuid() != 0) {
			return move_as_root(&m, path, err);
		}
	}
	if (rc < 0) {
		return err_errno(err, -rc, "putting a process into the container's cgroup %s",
				 path);
	}
	return 0;
}

/* Below the container's own, wherever dots would lead. */
static int attach_below(const struct cgroup *cgroup, const char *sub, pid_t pid, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *below = sub;

	for (const char *p = sub; *p; p += strspn(p, "/")) {
		size_t len = strcspn(p, "/");

		if (len == 2 && p[0] == '.' && p[1] == '.') {
			return err_set(err, EINVAL,
				       "cgroup %s: .. would lead out of the container's", sub);
		}
		p += len;
	}
	if (cgroup->sub) {
		below = arena_printf(&arena, "%s/%s", cgroup->sub, sub);
	}
	return attach_at(cgroup, below, pid, err);
}

int cgroup_attach(const struct cgroup *cgroup, const char *sub, pid_t init, pid_t pid,
		  struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *of_init;

	if (cgroup->manager == PLAN_CGROUP_NONE) {
		if (sub && *sub) {
			return cgroup_missing(cgroup, err);
		}
		return 0;
	}
	if (sub && *(sub += strspn(sub, "/"))) {
		return attach_below(cgroup, sub, pid, err);
	}
	of_init = cgroup_of(&arena, cgroup, init);
	if (of_init) {
		const char *below = of_init + strlen(cgroup->path);
		int rc = attach_at(cgroup, below + (*below == '/'), pid, err);

		/* Moved on, or ended, or in a threaded cgroup, which takes no whole process. */
		if (rc != -EBUSY && rc != -EOPNOTSUPP && rc != -ENOENT) {
			return rc;
		}
	}
	return attach_at(cgroup, cgroup->sub ? cgroup->sub : "", pid, err);
}
