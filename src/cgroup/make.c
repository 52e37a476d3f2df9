/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup/make: making the container's control group.
 *
 * A cgroup of our own is made before the container's first process, which is then cloned into it:
 * moving a process costs the kernel milliseconds, being born there nothing. A scope of systemd
 * begins with a process, so there it is moved.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/scope.h"
#include "base/str.h"
#include "cgroup/internal.h"
#include "cgroup/systemd.h"
#include "state/folder.h"
#include "sys/fd.h"
#include "json/encode.h"

/* Where we go when the cgroup that is delegated to us must have no process of its own. */
#define LEAF "rootlet-caller"

/* ---- what a launch remembers ---- */

/* What the making of a cgroup needs to know all along. */
struct making {
	struct arena *arena;
	const struct plan_cgroup *plan;
	const struct state_dir *dir;
	struct cgroup *cg;
};

/*
 * What a launch that is killed leaves is found by this file; state.json is written only when the
 * container is ready. So each thing is written down before it is made.
 */
static int remember(const struct making *m, struct err *err)
{
	struct json_writer w;
	struct text text;

	text_init(&text, m->arena);
	json_writer_init(&w, &text, true);
	json_object_begin(&w, NULL);
	cgroup_write(&w, m->cg);
	json_object_end(&w);
	text_add(&text, "\n");
	return state_write_file(m->dir, CGROUP_REMEMBERED, text.s, text.len, err);
}

/* ---- cgroupfs ---- */

/*
 * Alone in the cgroup that was delegated to us, we can make room: into a leaf of it, so that it may
 * hand controllers down.
 */
static bool only_us(int dir)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *text;

	return sys_read_file(&arena, dir, "cgroup.procs", 1 << 16, &text) > 0 &&
	       str_eq(text, arena_printf(&arena, "%d\n", (int)getpid()));
}

static int make_room(struct making *m, int dir, const char *path)
{
	scope_fd int leaf = -1;
	struct err ignored;
	int rc;

	m->cg->leaf = arena_printf(m->arena, "%s/" LEAF, str_eq(path, "/") ? "" : path);
	rc = remember(m, &ignored);
	if (rc < 0) {
		return rc;
	}
	if (mkdirat(dir, LEAF, 0755) < 0 && errno != EEXIST) {
		return -errno;
	}
	leaf = openat(dir, LEAF, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	rc = leaf < 0 ? -errno : cgroup_put(leaf, "cgroup.procs", "0");
	if (rc < 0) {
		(void)unlinkat(dir, LEAF, AT_REMOVEDIR);
		m->cg->leaf = NULL;
		return rc;
	}
	return 0;
}

static int enable(struct making *m, int dir, const char *path, struct err *err)
{
	int rc = cgroup_enable(dir, path, &m->plan->controllers, err);

	if (rc == -EBUSY && only_us(dir) && make_room(m, dir, path) == 0) {
		rc = cgroup_enable(dir, path, &m->plan->controllers, err);
	}
	if (rc < 0 && m->plan->best_effort) {
		log_warning("%s", err->msg);
		return 0;
	}
	return rc;
}

/* One directory below `dir`; *made says whether it is new. */
static int step_down(int dir, const char *name, bool *made)
{
	int fd;

	*made = mkdirat(dir, name, 0755) == 0;
	if (!*made && errno != EEXIST) {
		return -errno;
	}
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* At the container's outermost cgroup, which is out of its reach. */
static int hold_devices(int dir, const struct plan_cgroup *plan, struct err *err)
{
	if (plan->devices.program_n == 0) {
		return 0;
	}
	return cgroup_set_devices(dir, &plan->devices, plan->best_effort, err);
}

/* The highest directory on the way to the container's that isn't there yet; NULL when all are. */
static const char *first_missing(const struct making *m)
{
	const char *path = m->plan->path;
	size_t len = str_eq(m->plan->top, "/") ? 0 : strlen(m->plan->top);

	while (path[len += strspn(path + len, "/")]) {
		const char *at;

		len += strcspn(path + len, "/");
		at = arena_strndup(m->arena, path, len);
		if (access(arena_printf(m->arena, "%s%s", m->cg->mount, at), F_OK) < 0) {
			return at;
		}
	}
	return NULL;
}

static int in_use(const char *path, struct err *err)
{
	err_set(err, EBUSY, "the cgroup %s has processes already", path);
	return err_hint(err, "choose another /linux/cgroupsPath or container ID");
}

/*
 * Every directory from the one that is delegated to us down to the container's, with controllers
 * handed down.
 */
static int make_path(struct making *m, int *ret_dir, struct err *err)
{
	size_t len = str_eq(m->plan->top, "/") ? 0 : strlen(m->plan->top);
	const char *rest = m->plan->path + len;
	const char *at = m->plan->top;
	const char *first = NULL;
	scope_fd int dir = cgroup_open_dir(arena_printf(m->arena, "%s%s", m->cg->mount, at));

	if (dir < 0) {
		return err_errno(err, -dir, "the cgroup %s", at);
	}
	while (*(rest += strspn(rest, "/"))) {
		const char *name = arena_strndup(m->arena, rest, strcspn(rest, "/"));
		bool made = false;
		int next;

		TRY(enable(m, dir, at, err));
		next = step_down(dir, name, &made);
		at = arena_printf(m->arena, "%s/%s", str_eq(at, "/") ? "" : at, name);
		if (next < 0) {
			return err_errno(err, -next, "making the cgroup %s", at);
		}
		first = made && !first ? at : first;
		close(dir);
		dir = next;
		rest += strlen(name);
	}
	/* What was to be made may have been made by somebody else meanwhile. */
	m->cg->made = first;
	*ret_dir = fd_take(&dir);
	return 0;
}

/* The one below it that the container sees. */
static int make_fs_sub(struct making *m, int *dir, struct err *err)
{
	const char *rest = m->cg->sub;

	while (*rest) {
		const char *name = arena_strndup(m->arena, rest, strcspn(rest, "/"));
		bool made;
		int next;

		TRY(enable(m, *dir, m->cg->path, err));
		next = step_down(*dir, name, &made);
		if (next < 0) {
			return err_errno(err, -next, "making the cgroup %s/%s", m->cg->path,
					 m->cg->sub);
		}
		close(*dir);
		*dir = next;
		rest += strlen(name) + (rest[strlen(name)] == '/');
	}
	/* Where the container looks; what it is held to is out of its reach, one above. */
	return cgroup_set_limits(*dir, &m->plan->limits, m->plan->best_effort, err);
}

static int make_fs(struct making *m, int *ret_into, struct err *err)
{
	struct cgroup *cg = m->cg;
	scope_fd int dir = -1;

	TRY(make_path(m, &dir, err));
	if (!cg->made && cgroup_event(dir, "populated") == 1) {
		/* Someone else's: not ours to remove. */
		cg->manager = PLAN_CGROUP_NONE;
		return in_use(cg->path, err);
	}
	TRY(cgroup_set_limits(dir, &m->plan->limits, m->plan->best_effort, err));
	TRY(hold_devices(dir, m->plan, err));
	if (cg->sub) {
		TRY(make_fs_sub(m, &dir, err));
	}
	*ret_into = fd_take(&dir);
	return 0;
}

/* Not to be remembered as ours: whoever finds that after a kill would end what is in it. */
static bool is_populated(struct arena *arena, const struct cgroup *cg)
{
	scope_fd int dir = cgroup_open_dir(cgroup_dir(arena, cg, NULL));

	return dir >= 0 && cgroup_event(dir, "populated") == 1;
}

int cgroup_prepare(struct arena *arena, const struct plan_cgroup *plan, const struct state_dir *dir,
		   struct cgroup *ret, int *ret_into, struct err *err)
{
	struct making m = { .arena = arena, .plan = plan, .dir = dir, .cg = ret };
	struct cgroup *cg = ret;

	*ret_into = -1;
	*cg = (struct cgroup){ .manager = plan->manager, .why = plan->why };
	if (plan->manager == PLAN_CGROUP_NONE) {
		return 0;
	}
	cg->mount = plan->mount;
	cg->sub = plan->sub;
	cg->unit = plan->unit;
	if (plan->manager == PLAN_CGROUP_SYSTEMD) {
		return remember(&m, err);
	}
	cg->path = plan->path;
	cg->made = first_missing(&m);
	if (!cg->made && is_populated(arena, cg)) {
		cg->manager = PLAN_CGROUP_NONE;
		return in_use(cg->path, err);
	}
	TRY(remember(&m, err));
	return make_fs(&m, ret_into, err);
}

/* ---- systemd ---- */

static int make_sub(const struct plan_cgroup *plan, struct cgroup *cg, pid_t pid, int *ret_dir,
		    struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *path = cgroup_dir(&arena, cg, NULL);
	const char *rest = cg->sub ? cg->sub : "";
	const char *names[64];
	scope_fd int dir = cgroup_open_dir(path);
	scope_fd int top = dir < 0 ? -1 : fcntl(dir, F_DUPFD_CLOEXEC, 3);
	size_t depth = 0;
	bool made;
	int rc = 0;

	if (dir < 0 || top < 0) {
		return err_errno(err, dir < 0 ? -dir : errno, "the scope's cgroup %s", path);
	}
	TRY(hold_devices(dir, plan, err));
	for (; *rest && depth < sizeof(names) / sizeof(*names); depth++) {
		int next;

		names[depth] = arena_strndup(&arena, rest, strcspn(rest, "/"));
		next = step_down(dir, names[depth], &made);
		if (next < 0) {
			return err_errno(err, -next, "making the cgroup %s/%s", path, cg->sub);
		}
		close(dir);
		dir = next;
		rest += strlen(names[depth]) + (rest[strlen(names[depth])] == '/');
	}
	/* The process first: a cgroup with processes of its own hands nothing down. */
	if (depth > 0) {
		rc = cgroup_put(dir, "cgroup.procs", arena_printf(&arena, "%d", (int)pid));
	}
	if (rc < 0) {
		return err_errno(err, -rc, "moving the container to the cgroup %s/%s", path,
				 cg->sub);
	}
	for (size_t i = 0; i < depth; i++) {
		int next;

		rc = cgroup_enable(top, path, &plan->controllers, err);
		if (rc < 0 && !plan->best_effort) {
			return rc;
		}
		next = openat(top, names[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0) {
			return err_errno(err, errno, "the cgroup %s/%s", path, cg->sub);
		}
		close(top);
		top = next;
	}
	TRY(cgroup_set_limits(dir, &plan->limits, plan->best_effort, err));
	*ret_dir = fd_take(&dir);
	return 0;
}

static int start_scope(struct arena *arena, const struct plan_cgroup *plan, struct cgroup *cg,
		       pid_t pid, int pidfd, struct err *err)
{
	size_t n = plan->property_n + plan->limits.property_n;
	struct plan_property *all = arena_array(arena, n, sizeof(*all));
	struct systemd_scope scope = {
		.unit = plan->unit,
		.slice = plan->slice,
		.description = plan->description,
		.properties = all,
		.property_n = n,
		.pid = pid,
		.pidfd = pidfd,
	};
	struct systemd *sd = NULL;
	int rc;

	for (size_t i = 0; i < n; i++) {
		all[i] = i < plan->property_n ? plan->properties[i] :
						plan->limits.properties[i - plan->property_n];
	}
	rc = cgroup_systemd_open(&sd, err);
	if (rc == 0) {
		rc = cgroup_systemd_scope_start(sd, arena, &scope, &cg->path, err);
	}
	cgroup_systemd_close(&sd);
	if (rc < 0 && rc != -ETIMEDOUT) {
		cg->unit = NULL; /* there is none, or it is someone else's */
	}
	return rc;
}

int cgroup_begin(struct arena *arena, const struct plan_cgroup *plan, struct cgroup *cg, pid_t pid,
		 int pidfd, bool inside, int *ret_dir, struct err *err)
{
	int rc;

	*ret_dir = -1;
	if (cg->manager == PLAN_CGROUP_NONE) {
		return 0;
	}
	if (cg->manager == PLAN_CGROUP_SYSTEMD) {
		rc = start_scope(arena, plan, cg, pid, pidfd, err);
		if (rc < 0 && plan->optional) {
			log_warning("the container stays in its caller's cgroup: %s", err->msg);
			*cg = (struct cgroup){ .manager = PLAN_CGROUP_NONE,
					       .why = arena_strdup(arena, err->msg) };
			return 0;
		}
		return rc < 0 ? rc : make_sub(plan, cg, pid, ret_dir, err);
	}
	*ret_dir = cgroup_open(cg, err);
	TRY(*ret_dir);
	rc = inside ? 0 : cgroup_put(*ret_dir, "cgroup.procs", arena_printf(arena, "%d", (int)pid));
	if (rc < 0) {
		fd_drop(ret_dir);
		return err_errno(err, -rc, "moving the container to the cgroup %s", cg->path);
	}
	return 0;
}
