/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup/controllers: handing controllers down.
 *
 * They are handed down only from cgroups without processes. The kernel refuses most beside some
 * (EBUSY), but would let cpu, cpuset and pids pass: by those the cgroup would become the root of a
 * threaded tree, in which no container can be (cgroup v2, "Threads").
 */
#include "cgroup/controllers.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cgroup/dir.h"
#include "sys/fd.h"

/* The most that one file of a cgroup may say. */
#define FILE_MAX (1 << 20)

static bool needs(const struct strs *needed, const char *controller)
{
	for (size_t i = 0; i < needed->n; i++) {
		if (str_eq(needed->v[i], controller)) {
			return true;
		}
	}
	return false;
}

static int cannot_enable(int dir, const char *path, const char *controller, int rc, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *pids = "";

	err_errno(err, -rc, "the cgroup %s can't hand the controller \"%s\" down", path,
		  controller);
	if (rc == -EBUSY && sys_read_file(&arena, dir, "cgroup.procs", FILE_MAX, &pids) > 0) {
		return err_hint(err,
				"it has processes of its own (%.*s …); start rootlet in a cgroup "
				"by itself (systemd-run --user --scope -p Delegate=yes rootlet …), "
				"or use --limits=best-effort",
				(int)strcspn(pids, "\n"), pids);
	}
	return -err->code;
}

/* The root of all has processes of its own and may; it is the one without a type. */
static bool has_processes(struct arena *arena, int dir)
{
	const char *text;

	return faccessat(dir, "cgroup.type", F_OK, 0) == 0 &&
	       sys_read_file(arena, dir, "cgroup.procs", FILE_MAX, &text) > 0;
}

static int enable_one(struct arena *arena, int dir, const char *controller)
{
	if (has_processes(arena, dir)) {
		return -EBUSY;
	}
	return cgroup_put(dir, "cgroup.subtree_control", arena_printf(arena, "+%s", controller));
}

int cgroup_enable(int dir, const char *path, const struct strs *needed, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *available, *enabled;
	ssize_t len = sys_read_file(&arena, dir, "cgroup.controllers", 4096, &available);

	if (len >= 0) {
		len = sys_read_file(&arena, dir, "cgroup.subtree_control", 4096, &enabled);
	}
	if (len < 0) {
		return err_errno(err, (int)-len, "the controllers of the cgroup %s", path);
	}
	for (size_t i = 0; i < needed->n; i++) {
		if (!str_has_word(available, needed->v[i])) {
			return err_set(err, ENOTSUP,
				       "the cgroup %s was not given the controller \"%s\"", path,
				       needed->v[i]);
		}
	}
	while (*(available += strspn(available, " \n"))) {
		const char *one = arena_strndup(&arena, available, strcspn(available, " \n"));
		int rc = 0;

		if (!str_has_word(enabled, one)) {
			rc = enable_one(&arena, dir, one);
		}
		/* What nobody needs is for the statistics: had where it can be. */
		if (rc < 0 && needs(needed, one)) {
			return cannot_enable(dir, path, one, rc, err);
		}
		available += strlen(one);
	}
	return 0;
}
