/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup/remove: the end of a container's control group: of what is in it, of itself, and of
 * what was made on the way.
 *
 * What is below it the container chose: names, depth, owners.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/str.h"
#include "cgroup/internal.h"
#include "systemd/manager.h"
#include "systemd/unit.h"
#include "user/as_root.h"
#include "user/ids.h"

/* How long systemd may take to remove an empty scope by itself. */
#define SCOPE_GONE_MS 500

/* ---- directories ---- */

int cgroup_children(struct arena *arena, int dir, const char *at, struct strs *list, size_t *room)
{
	int again = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = again < 0 ? NULL : fdopendir(again);
	struct dirent *entry;

	if (!stream) {
		int code = errno;

		scope_close_(&again);
		return code == ENODEV || code == ENOENT ? 0 : -code;
	}
	while ((entry = readdir(stream))) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '\0' ||
		    str_eq(entry->d_name, ".") || str_eq(entry->d_name, "..")) {
			continue;
		}
		if (list->n == *room) {
			const char **grown;

			*room = *room ? *room * 2 : 16;
			grown = arena_array(arena, *room, sizeof(*grown));
			if (list->n > 0) {
				memcpy(grown, list->v, list->n * sizeof(*grown));
			}
			list->v = grown;
		}
		list->v[list->n++] = *at ? arena_printf(arena, "%s/%s", at, entry->d_name) :
					   arena_strdup(arena, entry->d_name);
	}
	closedir(stream);
	return 0;
}

/* The first directory in it. Returns 1, 0 when there is none, or -errno. */
static int first_child(int dir, char name[NAME_MAX + 1])
{
	int again = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = again < 0 ? NULL : fdopendir(again);
	struct dirent *entry;
	int found = 0;

	if (!stream) {
		int code = errno;

		scope_close_(&again);
		return -code;
	}
	while (!found && (entry = readdir(stream))) {
		if (entry->d_type == DT_DIR && !str_eq(entry->d_name, ".") &&
		    !str_eq(entry->d_name, "..")) {
			snprintf(name, NAME_MAX + 1, "%s", entry->d_name);
			found = 1;
		}
	}
	closedir(stream);
	return found;
}

/*
 * Everything below an open directory, however deep the container made it: down to where nothing is
 * left, one ".." up, and so on, with one descriptor at a time. Each turn removes a directory or
 * goes one down.
 */
static int empty_tree(int dir)
{
	scope_fd int at = fcntl(dir, F_DUPFD_CLOEXEC, 3);
	unsigned depth = 0;
	bool went_down = false;

	if (at < 0) {
		return -errno;
	}
	for (;;) {
		char name[NAME_MAX + 1];
		int rc = first_child(at, name);
		int next;

		if (rc < 0) {
			return rc;
		}
		if (rc == 0 && depth == 0) {
			return 0;
		}
		if (rc == 1 && unlinkat(at, name, AT_REMOVEDIR) == 0) {
			went_down = false;
			continue;
		}
		if (rc == 1 && errno != EBUSY && errno != ENOTEMPTY) {
			return errno == ENOENT ? -EAGAIN : -errno;
		}
		/* Nothing in it and yet busy: a process came back. */
		if (rc == 0 && went_down) {
			return -EBUSY;
		}
		next = openat(at, rc == 1 ? name : "..",
			      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0) {
			return -errno;
		}
		went_down = rc == 1;
		depth = rc == 1 ? depth + 1 : depth - 1;
		close(at);
		at = next;
	}
}

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000 }, NULL);
}

int cgroup_remove_tree(const char *path)
{
	int rc = -EBUSY;

	/*
	 * A process that was just killed may hold its cgroup for a moment longer than "populated"
	 * says.
	 */
	for (int tries = 0; tries < 100 && (rc == -EBUSY || rc == -EAGAIN); tries++) {
		scope_fd int dir = cgroup_open_dir(path);

		if (tries > 0) {
			pause_ms(tries < 10 ? 1 : 10);
		}
		if (dir < 0) {
			return dir == -ENOENT ? 0 : dir;
		}
		rc = empty_tree(dir);
		if (rc == 0 && rmdir(path) < 0 && errno != ENOENT) {
			rc = -errno;
		}
	}
	return rc;
}

/* ---- the whole ---- */

/*
 * Kills what is in it and waits until it has ended. Returns -ENOENT when there is no such cgroup.
 */
static int end_processes(const struct cgroup *cg, const char *path, struct err *err)
{
	scope_fd int dir = cgroup_open_dir(path);
	int rc;

	if (dir < 0) {
		return dir == -ENOENT ? -ENOENT : err_errno(err, -dir, "the cgroup %s", path);
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
	return rc < 0 && rc != -ENODEV ?
		       err_errno(err, -rc, "waiting for the end of the cgroup %s", path) :
		       0;
}

/* What we made on the way to it goes as well, unless others use it meanwhile. */
static void remove_parents(struct arena *arena, const struct cgroup *cg)
{
	char *path = arena_strdup(arena, cg->path);
	char *slash;

	while (cg->made && strlen(path) > strlen(cg->made) && (slash = strrchr(path, '/')) &&
	       slash != path) {
		*slash = '\0';
		if (strlen(path) < strlen(cg->made)) {
			break;
		}
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
	struct plan_ids ids;

	TRY(user_all_ids(&arena, &ids, err));
	return user_as_root(&ids, remove_there, arena_strdup(&arena, path),
			    arena_printf(&arena, "removing the cgroup %s", path), err);
}

static int remove_tree(const char *path, struct err *err)
{
	int rc = cgroup_remove_tree(path);

	if ((rc == -EACCES || rc == -EPERM) && geteuid() != 0) {
		return remove_as_root(path, err);
	}
	return rc < 0 ? err_errno(err, -rc, "removing the cgroup %s", path) : 0;
}

/* systemd drops an empty scope by itself (CollectMode); it is asked only when it does not. */
static int remove_scope(const struct cgroup *cg, const char *path, struct err *err)
{
	struct systemd *sd = NULL;
	int rc;

	for (int ms = 0; ms < SCOPE_GONE_MS; ms += 2) {
		if (access(path, F_OK) < 0) {
			return 0;
		}
		pause_ms(2);
	}
	TRY(systemd_open(&sd, err));
	rc = systemd_unit_stop(sd, cg->unit, err);
	systemd_close(&sd);
	return rc;
}

/*
 * A scope that we asked for and never heard of. By now the name may be another's; without a manager
 * there is none.
 */
static int clear_scope(const char *unit, struct err *err)
{
	struct systemd *sd = NULL;
	int rc = systemd_open(&sd, err);

	if (rc == 0) {
		rc = systemd_unit_clear(sd, unit, err);
	}
	systemd_close(&sd);
	return rc == -EEXIST || rc == -ENOENT ? 0 : rc;
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
		return clear_scope(cg->unit, err);
	}
	path = cgroup_dir(&arena, cg, NULL);
	rc = end_processes(cg, path, err);
	if (rc == -ENOENT) {
		remove_parents(&arena, cg);
		return 0;
	}
	TRY(rc);
	if (cg->manager == PLAN_CGROUP_SYSTEMD) {
		if (cg->sub) {
			const char *sub = arena_strndup(&arena, cg->sub, strcspn(cg->sub, "/"));

			TRY(remove_tree(cgroup_dir(&arena, cg, sub), err));
		}
		return remove_scope(cg, path, err);
	}
	TRY(remove_tree(path, err));
	remove_parents(&arena, cg);
	return 0;
}
