/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup/make: making the container's control group.
 *
 * A cgroup of our own is made before the container's first process, which is then cloned into it
 * (CLONE_INTO_CGROUP): moving a process costs the kernel milliseconds, being born there nothing. A
 * scope of systemd begins with a process, so there it is moved.
 *
 * What is made is remembered in the state folder before it is made, with the first directory on the
 * way that isn't there yet. So nothing of a deep cgroupsPath stays when `create` is killed, and
 * what is another's is never taken for ours.
 *
 * Limits are written at two levels where the container may divide its cgroup: above, where they
 * hold and which is out of its reach, and below, where it looks. Controllers are handed down only
 * from cgroups without processes (cgroup/controllers.c). If rootlet is alone in the cgroup that was
 * delegated to it, it moves to a leaf of it first.
 */
#include "cgroup/make.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/scope.h"
#include "base/str.h"
#include "cgroup/controllers.h"
#include "cgroup/devices.h"
#include "cgroup/dir.h"
#include "cgroup/freeze.h"
#include "cgroup/limits.h"
#include "cgroup/remember.h"
#include "sys/fd.h"
#include "systemd/manager.h"
#include "systemd/scope.h"

/* Where we go when the cgroup that is delegated to us must have no process of its own. */
#define LEAF "rootlet-caller"

/* What the making of a cgroup needs to know all along. */
struct making {
	struct arena *arena;
	const struct plan_cgroup *plan;
	int state_dir;
	const char *state_path;
	struct cgroup *cg;
};

static int remember(const struct making *m, struct err *err)
{
	return cgroup_remember(m->state_dir, m->state_path, m->cg, err);
}

/* ---- directories on the way down ---- */

/* The next name of a path, moving *rest behind it; NULL at the end. */
static const char *next_name(struct arena *arena, const char **rest)
{
	const char *name = *rest + strspn(*rest, "/");
	size_t len = strcspn(name, "/");

	*rest = name + len;
	return len > 0 ? arena_strndup(arena, name, len) : NULL;
}

/* Replaces *dir, open, by a directory in it, which is made; *ret_made says whether it is new. */
static int step_down(int *dir, const char *name, bool *ret_made)
{
	bool made = mkdirat(*dir, name, 0755) == 0;
	int next;

	if (!made && errno != EEXIST) {
		return -errno;
	}
	next = cgroup_open_child(*dir, name);
	if (next < 0) {
		return next;
	}
	close(*dir);
	*dir = next;
	*ret_made = made;
	return 0;
}

/* The part of the container's path that is below what is delegated to us. */
static const char *below_top(const struct plan_cgroup *plan)
{
	assert(str_starts(plan->path, plan->top));
	if (str_eq(plan->top, "/")) {
		return plan->path;
	}
	return plan->path + strlen(plan->top);
}

/* The highest directory on the way to the container's that isn't there yet; NULL when all are. */
static const char *first_missing(const struct making *m)
{
	const char *path = m->plan->path;
	const char *rest = below_top(m->plan);

	while (next_name(m->arena, &rest)) {
		const char *at = arena_strndup(m->arena, path, (size_t)(rest - path));

		if (access(arena_printf(m->arena, "%s%s", m->cg->mount, at), F_OK) < 0) {
			return at;
		}
	}
	return NULL;
}

/* ---- controllers and device rules ---- */

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
	leaf = cgroup_open_child(dir, LEAF);
	rc = leaf;
	if (leaf >= 0) {
		rc = cgroup_put_process(leaf, 0);
	}
	if (rc < 0) {
		(void)unlinkat(dir, LEAF, AT_REMOVEDIR);
		m->cg->leaf = NULL;
	}
	return rc;
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

/* At the container's outermost cgroup, which is out of its reach. */
static int hold_devices(int dir, const struct plan_cgroup *plan, struct err *err)
{
	if (plan->devices.program_n == 0) {
		return 0;
	}
	return cgroup_set_devices(dir, &plan->devices, plan->best_effort, err);
}

/* ---- cgroupfs ---- */

static int in_use(struct cgroup *cg, struct err *err)
{
	/* Someone else's: not ours to remove. */
	cg->manager = PLAN_CGROUP_NONE;
	err_set(err, EBUSY, "the cgroup %s has processes already", cg->path);
	return err_hint(err, "choose another /linux/cgroupsPath or container ID");
}

/*
 * Every directory from the one that is delegated to us down to the container's, with controllers
 * handed down.
 */
static int make_path(struct making *m, int *ret_dir, struct err *err)
{
	const char *top = m->plan->top;
	const char *rest = below_top(m->plan);
	const char *at = top;
	const char *first = NULL;
	const char *name;
	scope_fd int dir = cgroup_open_dir(arena_printf(m->arena, "%s%s", m->cg->mount, top));

	if (dir < 0) {
		return err_errno(err, -dir, "the cgroup %s", top);
	}
	while ((name = next_name(m->arena, &rest))) {
		bool made = false;
		int rc;

		TRY(enable(m, dir, at, err));
		at = arena_printf(m->arena, "%s/%s", str_eq(at, "/") ? "" : at, name);
		rc = step_down(&dir, name, &made);
		if (rc < 0) {
			return err_errno(err, -rc, "making the cgroup %s", at);
		}
		if (made && !first) {
			first = at;
		}
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
	const char *name;

	while ((name = next_name(m->arena, &rest))) {
		bool made;
		int rc;

		TRY(enable(m, *dir, m->cg->path, err));
		rc = step_down(dir, name, &made);
		if (rc < 0) {
			return err_errno(err, -rc, "making the cgroup %s/%s", m->cg->path,
					 m->cg->sub);
		}
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
		return in_use(cg, err);
	}
	/* Our process would be born there, and never say a word. */
	if (cgroup_refuse_frozen(cg, dir, err) < 0) {
		if (!cg->made) {
			cg->manager = PLAN_CGROUP_NONE; /* as in_use() */
		}
		return -err->code;
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
	scope_fd int dir = cgroup_open_dir(cgroup_path(arena, cg, NULL));

	return dir >= 0 && cgroup_event(dir, "populated") == 1;
}

int cgroup_prepare(struct arena *arena, const struct plan_cgroup *plan, int dir, const char *path,
		   struct cgroup *ret, int *ret_into, struct err *err)
{
	struct making m = {
		.arena = arena, .plan = plan, .state_dir = dir, .state_path = path, .cg = ret
	};
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
		return in_use(cg, err);
	}
	TRY(remember(&m, err));
	return make_fs(&m, ret_into, err);
}

/* ---- systemd ---- */

/* Hands controllers down from the scope's cgroup to the one where the container is. */
static int enable_below(struct arena *arena, const struct plan_cgroup *plan,
			const struct cgroup *cg, struct err *err)
{
	const char *path = cgroup_path(arena, cg, NULL);
	const char *rest = cg->sub;
	const char *name;
	scope_fd int at = cgroup_open_dir(path);

	while (at >= 0 && (name = next_name(arena, &rest))) {
		int rc = cgroup_enable(at, path, &plan->controllers, err);
		int next;

		if (rc < 0 && !plan->best_effort) {
			return rc;
		}
		next = cgroup_open_child(at, name);
		close(at);
		at = next;
	}
	if (at < 0) {
		return err_errno(err, -at, "the cgroup %s/%s", path, cg->sub);
	}
	return 0;
}

/* The one below the scope that the container sees. *dir: the scope's, then that one. */
static int make_scope_sub(struct arena *arena, const struct plan_cgroup *plan,
			  const struct cgroup *cg, pid_t pid, int *dir, struct err *err)
{
	const char *path = cgroup_path(arena, cg, NULL);
	const char *rest = cg->sub;
	const char *name;
	int rc;

	while ((name = next_name(arena, &rest))) {
		bool made;

		rc = step_down(dir, name, &made);
		if (rc < 0) {
			return err_errno(err, -rc, "making the cgroup %s/%s", path, cg->sub);
		}
	}
	TRY(cgroup_refuse_frozen(cg, *dir, err));
	/* The process first: a cgroup with processes of its own hands nothing down. */
	rc = cgroup_put_process(*dir, pid);
	if (rc < 0) {
		return err_errno(err, -rc, "moving the container to the cgroup %s/%s", path,
				 cg->sub);
	}
	return enable_below(arena, plan, cg, err);
}

/* What is to be done in the scope's cgroup, once systemd has made it. */
static int furnish_scope(const struct plan_cgroup *plan, const struct cgroup *cg, pid_t pid,
			 int *ret_dir, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *path = cgroup_path(&arena, cg, NULL);
	scope_fd int dir = cgroup_open_dir(path);

	if (dir < 0) {
		return err_errno(err, -dir, "the scope's cgroup %s", path);
	}
	TRY(hold_devices(dir, plan, err));
	if (cg->sub) {
		TRY(make_scope_sub(&arena, plan, cg, pid, &dir, err));
	} else {
		TRY(cgroup_refuse_frozen(cg, -1, err));
	}
	TRY(cgroup_set_limits(dir, &plan->limits, plan->best_effort, err));
	*ret_dir = fd_take(&dir);
	return 0;
}

/* What the annotations say, and behind it what the limits come to. */
static struct plan_property *all_properties(struct arena *arena, const struct plan_cgroup *plan,
					    size_t *ret_n)
{
	const struct plan_limits *limits = &plan->limits;
	size_t n = plan->property_n + limits->property_n;
	struct plan_property *all = arena_array(arena, n, sizeof(*all));

	for (size_t i = 0; i < plan->property_n; i++) {
		all[i] = plan->properties[i];
	}
	for (size_t i = 0; i < limits->property_n; i++) {
		all[plan->property_n + i] = limits->properties[i];
	}
	*ret_n = n;
	return all;
}

static struct systemd_scope scope_of(struct arena *arena, const struct plan_cgroup *plan, pid_t pid,
				     int pidfd)
{
	struct systemd_scope scope = {
		.unit = plan->unit,
		.slice = plan->slice,
		.description = plan->description,
		.pid = pid,
		.pidfd = pidfd,
	};

	scope.properties = all_properties(arena, plan, &scope.property_n);
	return scope;
}

void cgroup_connect(const struct plan_cgroup *plan, struct cgroup_job *job)
{
	struct err ignored;

	if (plan->manager == PLAN_CGROUP_SYSTEMD && systemd_open(&job->sd, &ignored) == 0) {
		systemd_connect(job->sd);
	}
}

void cgroup_ask(const struct plan_cgroup *plan, const struct cgroup_job *job, pid_t pid, int pidfd)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct systemd_scope scope;

	if (job->sd) {
		scope = scope_of(&arena, plan, pid, pidfd);
		systemd_scope_ask(job->sd, &scope);
	}
}

void cgroup_job_done(struct cgroup_job *job)
{
	systemd_close(&job->sd);
}

static int start_scope(struct arena *arena, const struct plan_cgroup *plan, struct cgroup *cg,
		       struct cgroup_job *job, pid_t pid, int pidfd, struct err *err)
{
	const struct systemd_scope scope = scope_of(arena, plan, pid, pidfd);
	bool asked;
	int rc = 0;

	if (!job->sd) {
		rc = systemd_open(&job->sd, err);
	}
	if (rc == 0) {
		rc = systemd_scope_start(job->sd, arena, &scope, &cg->path, err);
	}
	asked = systemd_asked(job->sd);
	cgroup_job_done(job);
	if (rc < 0 && !(asked && (rc == -ETIMEDOUT || err->signal))) {
		cg->unit = NULL; /* there is none, or it is someone else's */
	}
	return rc;
}

static int begin_scope(struct arena *arena, const struct plan_cgroup *plan, struct cgroup *cg,
		       struct cgroup_job *job, pid_t pid, int pidfd, int *ret_dir, struct err *err)
{
	int rc = start_scope(arena, plan, cg, job, pid, pidfd, err);

	if (rc < 0 && plan->optional && !err->signal) {
		log_warning("the container stays in its caller's cgroup: %s", err->msg);
		*cg = (struct cgroup){ .manager = PLAN_CGROUP_NONE,
				       .why = arena_strdup(arena, err->msg) };
		return 0;
	}
	TRY(rc);
	return furnish_scope(plan, cg, pid, ret_dir, err);
}

int cgroup_begin(struct arena *arena, const struct plan_cgroup *plan, struct cgroup *cg,
		 struct cgroup_job *job, pid_t pid, int pidfd, bool inside, int *ret_dir,
		 struct err *err)
{
	int rc = 0;

	*ret_dir = -1;
	if (cg->manager == PLAN_CGROUP_NONE) {
		return 0;
	}
	if (cg->manager == PLAN_CGROUP_SYSTEMD) {
		return begin_scope(arena, plan, cg, job, pid, pidfd, ret_dir, err);
	}
	*ret_dir = cgroup_open(cg, err);
	TRY(*ret_dir);
	if (!inside) {
		rc = cgroup_put_process(*ret_dir, pid);
	}
	if (rc < 0) {
		fd_drop(ret_dir);
		return err_errno(err, -rc, "moving the container to the cgroup %s", cg->path);
	}
	return 0;
}
