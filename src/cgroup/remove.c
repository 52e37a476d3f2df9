/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup/remove: the end of a container's control group: of what is in it, of itself, and of
 * what was made on the way.
 */
#include "cgroup/remove.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/scope.h"
#include "cgroup/dir.h"
#include "cgroup/processes.h"
#include "cgroup/tree.h"
#include "systemd/manager.h"
#include "systemd/unit.h"
#include "user/as_root.h"
#include "user/ids.h"

/* How long systemd may take to remove an empty scope by itself. */
#define SCOPE_GONE_MS 500
#define LOOK_MS 2

/* The same, and how long it may take to be asked, where we were asked to end. */
#define SCOPE_GONE_HURRY_MS 100
#define HURRY_MS 300

/*
 * Kills what is in it and waits until it has ended. Returns -ENOENT when there is no such cgroup.
 */
static int end_processes(const struct cgroup *cg, const char *path, struct err *err)
{
	scope_fd int dir = cgroup_open_dir(path);
	int rc;

	if (dir == -ENOENT) {
		return -ENOENT;
	}
	if (dir < 0) {
		return err_errno(err, -dir, "the cgroup %s", path);
	}
	if (cgroup_event(dir, "populated") != 1) {
		return 0;
	}
	TRY(cgroup_kill(cg, err));
	rc = cgroup_wait_event(dir, "populated", 0, CGROUP_TIMEOUT_MS);
	if (rc == -ETIMEDOUT) {
		return err_set(err, ETIMEDOUT,
			       "the cgroup %s still has processes %d seconds after SIGKILL", path,
			       CGROUP_TIMEOUT_MS / 1000);
	}
	if (rc < 0 && rc != -ENODEV) {
		return err_errno(err, -rc, "waiting for the end of the cgroup %s", path);
	}
	return 0;
}

/* What we made on the way to it goes as well, unless others use it meanwhile. */
static void remove_parents(struct arena *arena, const struct cgroup *cg)
{
	char *path = arena_strdup(arena, cg->path);
	size_t least = cg->made ? strlen(cg->made) : SIZE_MAX;
	char *slash;

	while ((slash = strrchr(path, '/')) && slash != path && (size_t)(slash - path) >= least) {
		*slash = '\0';
		/* A launch that was killed may not have come so far down. */
		if (rmdir(arena_printf(arena, "%s%s", cg->mount, path)) < 0 && errno != ENOENT) {
			break;
		}
	}
	if (cg->leaf) {
		(void)rmdir(arena_printf(arena, "%s%s", cg->mount, cg->leaf));
	}
}

static int remove_there(void *data)
{
	return cgroup_remove_tree(data);
}

/* What the container has made under subordinate ids. */
static int remove_as_root(const char *path, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *what = arena_printf(&arena, "removing the cgroup %s", path);
	struct plan_ids ids;

	TRY(user_all_ids(&arena, &ids, err));
	return user_as_root(&ids, remove_there, arena_strdup(&arena, path), what, err);
}

static int remove_tree(const char *path, struct err *err)
{
	int rc = cgroup_remove_tree(path);

	if ((rc == -EACCES || rc == -EPERM) && geteuid() != 0) {
		return remove_as_root(path, err);
	}
	if (rc < 0) {
		return err_errno(err, -rc, "removing the cgroup %s", path);
	}
	return 0;
}

static int open_manager(const struct cgroup *cg, struct systemd **ret, struct err *err)
{
	TRY(systemd_open(ret, err));
	if (cg->hurry) {
		systemd_hurry(*ret, HURRY_MS);
	}
	return 0;
}

/*
 * A scope that we asked for and never heard of. By now the name may be another's; without a manager
 * there is none.
 */
static int clear_scope(const struct cgroup *cg, struct err *err)
{
	struct systemd *sd = NULL;
	int rc = open_manager(cg, &sd, err);

	if (rc == 0) {
		rc = systemd_unit_clear(sd, cg->unit, err);
	}
	systemd_close(&sd);
	if (rc == -EEXIST || rc == -ENOENT) {
		return 0;
	}
	return rc;
}

/*
 * systemd drops a scope by itself once nothing runs in it (CollectMode), 10 to 20 ms later. After a
 * run nobody waits for that: what a next container of this name finds of it, it clears
 * (systemd/scope.c). But a process that dies while it is put into its scope may leave that empty
 * and systemd unaware, so after a start that failed or was killed it is looked at, and systemd is
 * asked where it does nothing. Not by removing the directory: its end is what the manager watches.
 */
static int drop_scope(const struct cgroup *cg, const char *path, struct err *err)
{
	int limit = cg->hurry ? SCOPE_GONE_HURRY_MS : SCOPE_GONE_MS;
	struct systemd *sd = NULL;
	int rc;

	if (cg->ran) {
		return 0;
	}
	for (int ms = 0; ms < limit; ms += LOOK_MS) {
		if (access(path, F_OK) < 0) {
			return 0;
		}
		nanosleep(&(struct timespec){ .tv_nsec = LOOK_MS * 1000000 }, NULL);
	}
	TRY(open_manager(cg, &sd, err));
	rc = systemd_unit_stop(sd, cg->unit, err);
	systemd_close(&sd);
	return rc;
}

/* What the container has made below goes here, as the manager may not touch what has its ids. */
static int remove_below(const struct cgroup *cg, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;

	if (!cg->sub) {
		return 0;
	}
	return remove_tree(
		cgroup_path(&arena, cg, arena_strndup(&arena, cg->sub, strcspn(cg->sub, "/"))),
		err);
}

int cgroup_remove(const struct cgroup *cg, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *path;
	int rc;

	if (cg->manager == PLAN_CGROUP_NONE || (!cg->path && !cg->unit)) {
		return 0;
	}
	if (!cg->path) {
		return clear_scope(cg, err);
	}
	path = cgroup_path(&arena, cg, NULL);
	rc = end_processes(cg, path, err);
	if (rc == -ENOENT) {
		remove_parents(&arena, cg);
		return 0;
	}
	TRY(rc);
	if (cg->manager == PLAN_CGROUP_SYSTEMD) {
		TRY(remove_below(cg, err));
		return drop_scope(cg, path, err);
	}
	TRY(remove_tree(path, err));
	remove_parents(&arena, cg);
	return 0;
}
