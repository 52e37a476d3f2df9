/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/cgroup: what is done to a container's control group once it is there, whoever made it. */
#include "cgroup/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/str.h"
#include "cgroup/internal.h"
#include "systemd/manager.h"
#include "systemd/unit.h"
#include "sys/clock.h"
#include "sys/fd.h"
#include "sys/proc.h"
#include "user/as_root.h"
#include "user/ids.h"

const struct name cgroup_manager_names[] = {
	{ "disabled", PLAN_CGROUP_NONE },
	{ "cgroupfs", PLAN_CGROUP_FS },
	{ "systemd", PLAN_CGROUP_SYSTEMD },
	NAMES_END,
};

static int none(const struct cgroup *cgroup, struct err *err)
{
	return err_set(err, ENOTSUP, "the container has no cgroup of its own: %s",
		       cgroup->why ? cgroup->why : "it was made without one");
}

const char *cgroup_dir(struct arena *arena, const struct cgroup *cgroup, const char *sub)
{
	return arena_printf(arena, "%s%s%s%s", cgroup->mount, cgroup->path, sub ? "/" : "",
			    sub ? sub : "");
}

int cgroup_open_dir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int cgroup_put(int dir, const char *file, const char *value)
{
	return sys_write_file(dir, file, value, strlen(value));
}

/* A cgroup that vanished (systemd removes an empty scope by itself) is ENOENT, and names itself. */
static int open_part(const struct cgroup *cgroup, const char *sub, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *path;
	int fd;

	if (cgroup->manager == PLAN_CGROUP_NONE) {
		return none(cgroup, err);
	}
	path = cgroup_dir(&arena, cgroup, sub);
	fd = cgroup_open_dir(path);
	return fd < 0 ? err_errno(err, -fd, "the container's cgroup %s", path) : fd;
}

int cgroup_open(const struct cgroup *cgroup, struct err *err)
{
	return open_part(cgroup, cgroup->sub, err);
}

/* ---- cgroup.events ---- */

/* From the start of an open file, as each new look at it has to be. */
static int event_value(int fd, const char *key)
{
	size_t len = strlen(key);
	char text[256];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	if (n < 0) {
		return -errno;
	}
	text[n] = '\0';
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		if (strncmp(line, key, len) == 0 && line[len] == ' ') {
			return line[len + 1] == '1';
		}
	}
	return -ENODATA;
}

int cgroup_event(int dir, const char *key)
{
	scope_fd int fd = openat(dir, "cgroup.events", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : event_value(fd, key);
}

int cgroup_wait_event(int dir, const char *key, int want, int timeout_ms)
{
	scope_fd int fd = openat(dir, "cgroup.events", O_RDONLY | O_CLOEXEC);
	int64_t end = sys_now_ms() + timeout_ms;

	if (fd < 0) {
		return -errno;
	}
	for (;;) {
		struct pollfd pfd = { .fd = fd, .events = POLLPRI };
		int value = event_value(fd, key);
		int64_t left = end - sys_now_ms();

		/* ENODEV: removed under our eyes. */
		if (value < 0 || value == want) {
			return value < 0 ? value : 0;
		}
		if (left <= 0) {
			return -ETIMEDOUT;
		}
		/*
		 * A change between the look and the poll is reported: the file counts its changes
		 * (cgroup v2, "cgroup.events").
		 */
		if (poll(&pfd, 1, (int)left) < 0 && errno != EINTR) {
			return -errno;
		}
	}
}

/* ---- freezing ---- */

int cgroup_freeze(const struct cgroup *cgroup, bool frozen, struct err *err)
{
	scope_fd int dir = open_part(cgroup, cgroup->sub, err);
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
	return rc < 0 ? err_errno(err, -rc, "%s the cgroup %s", frozen ? "freezing" : "thawing",
				  cgroup->path) :
			0;
}

bool cgroup_is_frozen(const struct cgroup *cgroup)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *text;

	return cgroup->manager != PLAN_CGROUP_NONE &&
	       sys_read_file(&arena, AT_FDCWD,
			     arena_printf(&arena, "%s/cgroup.freeze",
					  cgroup_dir(&arena, cgroup, cgroup->sub)),
			     16, &text) > 0 &&
	       text[0] == '1';
}

/* ---- processes ---- */

struct pids {
	pid_t *v;
	size_t n;
	size_t room;
};

static void add_pid(struct arena *arena, struct pids *pids, pid_t pid)
{
	if (pids->n == pids->room) {
		size_t room = pids->room ? pids->room * 2 : 64;
		pid_t *grown = arena_array(arena, room, sizeof(*grown));

		if (pids->n > 0) {
			memcpy(grown, pids->v, pids->n * sizeof(*grown));
		}
		pids->v = grown;
		pids->room = room;
	}
	pids->v[pids->n++] = pid;
}

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
			add_pid(arena, pids, (pid_t)pid);
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
		scope_fd int sub =
			openat(dir, todo.v[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (sub < 0) {
			/*
			 * removed meanwhile, or deeper than a path can be: cgroup.kill reaches it
			 * all the same
			 */
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
	scope_fd int dir = open_part(cgroup, NULL, err);
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
	for (size_t i = 0; i < pids.n; i++) {
		(void)kill(pids.v[i], SIGKILL);
	}
	if (!was_frozen) {
		(void)cgroup_put(dir, "cgroup.freeze", "0");
	}
	return rc;
}

int cgroup_kill(const struct cgroup *cgroup, struct err *err)
{
	scope_fd int dir = open_part(cgroup, NULL, err);
	int rc;

	TRY(dir);
	rc = cgroup_put(dir, "cgroup.kill", "1");
	if (rc == -ENOENT) {
		rc = kill_frozen(cgroup, dir);
	}
	return rc < 0 ?
		       err_errno(err, -rc, "killing the processes of the cgroup %s", cgroup->path) :
		       0;
}

/* ---- exec ---- */

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
	const char *of_init =
		cgroup->manager == PLAN_CGROUP_NONE ? NULL : cgroup_of(&arena, cgroup, init);
	int fd = of_init ? cgroup_open_dir(arena_printf(&arena, "%s%s", cgroup->mount, of_init)) :
			   -ENOENT;

	return fd >= 0 ? fd : cgroup_open(cgroup, err);
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
	const char *pid;
};

static int move(void *data)
{
	const struct move *m = data;

	return cgroup_put(m->dir, "cgroup.procs", m->pid);
}

/* Into a cgroup that the container has made under a subordinate id. */
static int move_as_root(int dir, const char *path, const char *pid, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct move m = { .dir = dir, .pid = pid };
	struct plan_ids ids;

	TRY(user_all_ids(&arena, &ids, err));
	return user_as_root(&ids, move, &m,
			    arena_printf(&arena, "putting a process into the cgroup %s", path),
			    err);
}

/* below: without a leading slash, relative to the container's cgroup; "" for itself. */
static int attach_at(const struct cgroup *cgroup, const char *below, pid_t pid, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *path = cgroup_dir(&arena, cgroup, *below ? below : NULL);
	scope_fd int dir = cgroup_open_dir(path);
	int rc = dir < 0 ? dir :
			   cgroup_put(dir, "cgroup.procs", arena_printf(&arena, "%d", (int)pid));

	if (rc != -EACCES && rc != -EPERM) {
		return rc < 0 ?
			       err_errno(err, -rc,
					 "putting a process into the container's cgroup %s", path) :
			       0;
	}
	if (cgroup->manager == PLAN_CGROUP_SYSTEMD) {
		return attach_by_manager(cgroup, below, pid, err);
	}
	if (geteuid() != 0) {
		return move_as_root(dir, path, arena_printf(&arena, "%d", (int)pid), err);
	}
	return err_errno(err, -rc, "putting a process into the container's cgroup %s", path);
}

int cgroup_attach(const struct cgroup *cgroup, const char *sub, pid_t init, pid_t pid,
		  struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *base = cgroup->sub ? cgroup->sub : "";
	const char *of_init;

	if (cgroup->manager == PLAN_CGROUP_NONE) {
		return sub && *sub ? none(cgroup, err) : 0;
	}
	if (sub && *(sub += strspn(sub, "/"))) {
		/* Below the container's own, wherever dots would lead. */
		for (const char *p = sub; *p; p += strspn(p, "/")) {
			size_t len = strcspn(p, "/");

			if (len == 2 && p[0] == '.' && p[1] == '.') {
				return err_set(err, EINVAL,
					       "cgroup %s: .. would lead out of the container's",
					       sub);
			}
			p += len;
		}
		return attach_at(cgroup,
				 arena_printf(&arena, "%s%s%s", base, *base ? "/" : "", sub), pid,
				 err);
	}
	/*
	 * Where init is now. An init that divides the cgroup can hand controllers down only as long
	 * as nobody is in the cgroup itself (cgroups(7), "no internal processes"): whoever came
	 * before that would be in systemd's way for good.
	 */
	of_init = cgroup_of(&arena, cgroup, init);
	if (of_init) {
		const char *below = of_init + strlen(cgroup->path);
		int rc = attach_at(cgroup, below + (*below == '/'), pid, err);

		/* Moved on, or ended, or in a threaded cgroup, which takes no whole process. */
		if (rc != -EBUSY && rc != -EOPNOTSUPP && rc != -ENOENT) {
			return rc;
		}
	}
	return attach_at(cgroup, base, pid, err);
}

/* ---- limits ---- */

int cgroup_apply(const struct cgroup *cgroup, const struct plan_limits *limits, struct err *err)
{
	/*
	 * systemd holds the scope itself to them; below it, what the container sees is ours to
	 * write.
	 */
	bool twice = cgroup->manager == PLAN_CGROUP_FS && cgroup->sub;
	scope_fd int dir = open_part(cgroup, cgroup->sub, err);

	TRY(dir);
	TRY(cgroup_check_usage(dir, limits, err));
	if (cgroup->manager == PLAN_CGROUP_SYSTEMD && limits->property_n > 0) {
		struct systemd *sd = NULL;
		int rc = systemd_open(&sd, err);

		if (rc == 0) {
			rc = systemd_unit_set(sd, cgroup->unit, limits->properties,
						limits->property_n, err);
		}
		systemd_close(&sd);
		TRY(rc);
	}
	if (twice) {
		scope_fd int above = open_part(cgroup, NULL, err);

		TRY(above);
		TRY(cgroup_set_limits(above, limits, false, err));
	}
	return cgroup_set_limits(dir, limits, false, err);
}

int cgroup_apply_devices(const struct cgroup *cgroup, const struct plan_device_filter *filter,
			 struct err *err)
{
	scope_fd int dir = open_part(cgroup, NULL, err);

	TRY(dir);
	return cgroup_set_devices(dir, filter, false, err);
}
