/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/processes: all that runs in a container's control group. */
#include "cgroup/processes.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/scope.h"
#include "cgroup/dir.h"
#include "cgroup/freeze.h"
#include "sys/clone.h"
#include "sys/fd.h"

/* So many processes are held at a time: descriptors are few. */
#define HELD 128

struct pids {
	pid_t *v;
	size_t n;
	size_t room;
};

/* 0 stands for a process outside of our pid namespace. */
static int read_procs(struct arena *arena, int dir, struct pids *pids)
{
	const char *text;
	ssize_t len = sys_read_file(arena, dir, "cgroup.procs", 1 << 24, &text);

	/*
	 * A threaded cgroup's processes are listed where its domain begins (cgroup v2, "Threads").
	 */
	if (len == -EOPNOTSUPP || len == -ENODEV || len == -ENOENT) {
		return 0;
	}
	if (len < 0) {
		return (int)len;
	}
	while (*text) {
		char *end;
		long pid = strtol(text, &end, 10);

		if (end == text) {
			break;
		}
		if (pid > 0) {
			pids->v =
				arena_grow(arena, pids->v, pids->n, &pids->room, sizeof(*pids->v));
			pids->v[pids->n++] = (pid_t)pid;
		}
		text = end + strspn(end, "\n");
	}
	return 0;
}

static int by_pid(const void *a, const void *b)
{
	const pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

/*
 * The container chooses the names and the depth of what is below: no recursion, no more than two
 * descriptors.
 */
static int collect(struct arena *arena, int dir, struct pids *pids)
{
	struct strs todo = { .n = 0 };
	size_t room = 0;

	TRY(read_procs(arena, dir, pids));
	TRY(cgroup_children(arena, dir, "", &todo, &room));
	for (size_t i = 0; i < todo.n; i++) {
		scope_fd int sub = cgroup_open_child(dir, todo.v[i]);

		/*
		 * Removed meanwhile, or deeper than a path can be: cgroup.kill reaches it all the
		 * same.
		 */
		if (sub < 0) {
			continue;
		}
		TRY(read_procs(arena, sub, pids));
		TRY(cgroup_children(arena, sub, todo.v[i], &todo, &room));
	}
	return 0;
}

int cgroup_pids(struct arena *arena, const struct cgroup *cgroup, pid_t **ret, size_t *ret_n,
		struct err *err)
{
	scope_fd int dir = cgroup_open_top(cgroup, err);
	struct pids pids = { .n = 0 };
	size_t n = 0;
	int rc;

	TRY(dir);
	rc = collect(arena, dir, &pids);
	if (rc < 0) {
		return err_errno(err, -rc, "listing the processes of the cgroup %s", cgroup->path);
	}
	if (pids.n > 0) {
		qsort(pids.v, pids.n, sizeof(*pids.v), by_pid);
	}
	/* The kernel may name a pid twice while processes move. */
	for (size_t i = 0; i < pids.n; i++) {
		if (i == 0 || pids.v[i] != pids.v[i - 1]) {
			pids.v[n++] = pids.v[i];
		}
	}
	*ret = pids.v;
	*ret_n = n;
	return 0;
}

bool cgroup_is_empty(const struct cgroup *cgroup)
{
	struct err ignored;
	scope_fd int dir = -1;

	/* A scope that is still being made has no path. */
	if (cgroup->manager == PLAN_CGROUP_NONE || !cgroup->path) {
		return false;
	}
	dir = cgroup_open_top(cgroup, &ignored);
	return dir >= 0 && cgroup_event(dir, "populated") == 0;
}

static bool is_among(const struct pids *pids, pid_t pid)
{
	for (size_t i = 0; i < pids->n; i++) {
		if (pids->v[i] == pid) {
			return true;
		}
	}
	return false;
}

/*
 * SIGKILL to n processes of a list, HELD at the most. A number that was listed may be another
 * process's by now: it is held first, and then has to be on the list again.
 */
static int kill_held(int dir, const pid_t *pids, size_t n)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct pids now = { .n = 0 };
	int fds[HELD];
	int rc;

	for (size_t i = 0; i < n; i++) {
		fds[i] = sys_pidfd_open(pids[i]);
	}
	rc = collect(&arena, dir, &now);
	for (size_t i = 0; i < n; i++) {
		if (rc == 0 && fds[i] >= 0 && is_among(&now, pids[i])) {
			(void)sys_pidfd_kill(fds[i], SIGKILL);
		}
		fd_drop(&fds[i]);
	}
	return rc;
}

/* Before Linux 5.14: nothing forks while it is frozen, and SIGKILL ends what is frozen. */
static int kill_frozen(const struct cgroup *cgroup, int dir)
{
	scope_arena struct arena arena = ARENA_INIT;
	bool was_frozen = cgroup_is_frozen(cgroup);
	struct pids pids = { .n = 0 };
	int rc = cgroup_put(dir, "cgroup.freeze", "1");

	if (rc == 0) {
		rc = cgroup_wait_event(dir, "frozen", 1, CGROUP_TIMEOUT_MS);
	}
	if (rc == 0 || rc == -ETIMEDOUT) {
		rc = collect(&arena, dir, &pids);
	}
	for (size_t i = 0; i < pids.n && rc == 0; i += HELD) {
		rc = kill_held(dir, pids.v + i, pids.n - i < HELD ? pids.n - i : HELD);
	}
	if (!was_frozen) {
		(void)cgroup_put(dir, "cgroup.freeze", "0");
	}
	return rc;
}

int cgroup_kill(const struct cgroup *cgroup, struct err *err)
{
	scope_fd int dir = cgroup_open_top(cgroup, err);
	int rc;

	TRY(dir);
	rc = cgroup_put(dir, "cgroup.kill", "1");
	if (rc == -ENOENT) {
		rc = kill_frozen(cgroup, dir);
	}
	if (rc < 0) {
		return err_errno(err, -rc, "killing the processes of the cgroup %s", cgroup->path);
	}
	return 0;
}
