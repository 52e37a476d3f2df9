/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/cgroup_make: making the container's control group, and removing it.
 *
 * A cgroup of our own is made before the container's first process, which is then cloned into it: moving a process costs
 * the kernel milliseconds, being born there nothing. A scope of systemd begins with a process, so there it is moved.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/scope.h"
#include "base/str.h"
#include "host/cgroup_internal.h"
#include "host/cgroup_systemd.h"
#include "host/state.h"
#include "sys/fd.h"
#include "json/encode.h"

/* Where we go when the cgroup that is delegated to us must have no process of its own. */
#define LEAF "rootlet-caller"

/* How long systemd may take to remove an empty scope by itself. */
#define SCOPE_GONE_MS 500

/* ---- directories ---- */

int host_cgroup_children(struct arena *arena, int dir, const char *at, struct strs *list, size_t *room)
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
		if (entry->d_type != DT_DIR || entry->d_name[0] == '\0' || str_eq(entry->d_name, ".") ||
		    str_eq(entry->d_name, "..")) {
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
		list->v[list->n++] =
			*at ? arena_printf(arena, "%s/%s", at, entry->d_name) : arena_strdup(arena, entry->d_name);
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
		if (entry->d_type == DT_DIR && !str_eq(entry->d_name, ".") && !str_eq(entry->d_name, "..")) {
			snprintf(name, NAME_MAX + 1, "%s", entry->d_name);
			found = 1;
		}
	}
	closedir(stream);
	return found;
}

/*
 * Everything below an open directory, however deep the container made it: down to where nothing is left, one ".." up,
 * and so on, with one descriptor at a time. Each turn removes a directory or goes one down.
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
		next = openat(at, rc == 1 ? name : "..", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
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

int host_cgroup_remove_tree(const char *path)
{
	int rc = -EBUSY;

	/* A process that was just killed may hold its cgroup for a moment longer than "populated" says. */
	for (int tries = 0; tries < 100 && (rc == -EBUSY || rc == -EAGAIN); tries++) {
		scope_fd int dir = host_cgroup_open_dir(path);

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

/* ---- cgroupfs ---- */

/* Alone in the cgroup that was delegated to us, we can make room: into a leaf of it, so that it may hand controllers down. */
static bool only_us(int dir)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *text;

	return sys_read_file(&arena, dir, "cgroup.procs", 1 << 16, &text) > 0 &&
	       str_eq(text, arena_printf(&arena, "%d\n", (int)getpid()));
}

static int make_room(struct arena *arena, int dir, const char *path, struct cgroup *cg)
{
	scope_fd int leaf = -1;
	int rc;

	if (mkdirat(dir, LEAF, 0755) < 0 && errno != EEXIST) {
		return -errno;
	}
	leaf = openat(dir, LEAF, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	rc = leaf < 0 ? -errno : host_cgroup_put(leaf, "cgroup.procs", "0");
	if (rc < 0) {
		(void)unlinkat(dir, LEAF, AT_REMOVEDIR);
		return rc;
	}
	cg->leaf = arena_printf(arena, "%s/" LEAF, str_eq(path, "/") ? "" : path);
	return 0;
}

static int enable(struct arena *arena, int dir, const char *path, const struct plan_cgroup *plan, struct cgroup *cg,
		  struct err *err)
{
	int rc = host_cgroup_enable(dir, path, &plan->controllers, err);

	if (rc == -EBUSY && only_us(dir) && make_room(arena, dir, path, cg) == 0) {
		rc = host_cgroup_enable(dir, path, &plan->controllers, err);
	}
	if (rc < 0 && plan->best_effort) {
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
	return host_cgroup_set_devices(dir, &plan->devices, plan->best_effort, err);
}

/* What a launch that is killed leaves is found by this file; state.json is written only when the container is ready. */
static int remember(struct arena *arena, const struct state_dir *dir, const struct cgroup *cg, struct err *err)
{
	struct json_writer w;
	struct text text;

	text_init(&text, arena);
	json_writer_init(&w, &text, true);
	json_object_begin(&w, NULL);
	host_cgroup_write(&w, cg);
	json_object_end(&w);
	text_add(&text, "\n");
	return host_state_write_file(dir, HOST_CGROUP_REMEMBERED, text.s, text.len, err);
}

/* Every directory from the one that is delegated to us down to the container's, with controllers handed down. */
static int make_path(struct arena *arena, const struct plan_cgroup *plan, struct cgroup *cg, int *ret_dir,
		     struct err *err)
{
	size_t len = str_eq(plan->top, "/") ? 0 : strlen(plan->top);
	const char *rest = plan->path + len;
	const char *at = plan->top;
	scope_fd int dir = host_cgroup_open_dir(arena_printf(arena, "%s%s", cg->mount, plan->top));

	if (dir < 0) {
		return err_errno(err, -dir, "the cgroup %s", plan->top);
	}
	while (*(rest += strspn(rest, "/"))) {
		const char *name = arena_strndup(arena, rest, strcspn(rest, "/"));
		bool made = false;
		int next;

		TRY(enable(arena, dir, at, plan, cg, err));
		next = step_down(dir, name, &made);
		at = arena_printf(arena, "%s/%s", str_eq(at, "/") ? "" : at, name);
		if (next < 0) {
			return err_errno(err, -next, "making the cgroup %s", at);
		}
		cg->made = made && !cg->made ? at : cg->made;
		close(dir);
		dir = next;
		rest += strlen(name);
	}
	*ret_dir = fd_take(&dir);
	return 0;
}

static int make_fs(struct arena *arena, const struct plan_cgroup *plan, struct cgroup *cg, int *ret_into,
		   struct err *err)
{
	scope_fd int dir = -1;
	bool made;

	TRY(make_path(arena, plan, cg, &dir, err));
	if (!cg->made && host_cgroup_event(dir, "populated") == 1) {
		const char *path = cg->path;

		/* Someone else's: not ours to remove. */
		cg->manager = PLAN_CGROUP_NONE;
		err_set(err, EBUSY, "the cgroup %s has processes already", path);
		return err_hint(err, "choose another /linux/cgroupsPath or container ID");
	}
	TRY(host_cgroup_set_limits(dir, &plan->limits, plan->best_effort, err));
	TRY(hold_devices(dir, plan, err));
	if (cg->sub) {
		const char *rest = cg->sub;

		while (*rest) {
			const char *name = arena_strndup(arena, rest, strcspn(rest, "/"));
			int next;

			TRY(enable(arena, dir, cg->path, plan, cg, err));
			next = step_down(dir, name, &made);
			if (next < 0) {
				return err_errno(err, -next, "making the cgroup %s/%s", cg->path, cg->sub);
			}
			close(dir);
			dir = next;
			rest += strlen(name) + (rest[strlen(name)] == '/');
		}
		/* Where the container looks; what it is held to is out of its reach, one above. */
		TRY(host_cgroup_set_limits(dir, &plan->limits, plan->best_effort, err));
	}
	*ret_into = fd_take(&dir);
	return 0;
}

int host_cgroup_prepare(struct arena *arena, const struct plan_cgroup *plan, const struct state_dir *dir,
			struct cgroup *ret, int *ret_into, struct err *err)
{
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
		return remember(arena, dir, cg, err);
	}
	cg->path = plan->path;
	TRY(remember(arena, dir, cg, err));
	return make_fs(arena, plan, cg, ret_into, err);
}

/* ---- systemd ---- */

static int make_sub(const struct plan_cgroup *plan, struct cgroup *cg, pid_t pid, int *ret_dir, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *path = host_cgroup_dir(&arena, cg, NULL);
	const char *rest = cg->sub ? cg->sub : "";
	const char *names[64];
	scope_fd int dir = host_cgroup_open_dir(path);
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
		rc = host_cgroup_put(dir, "cgroup.procs", arena_printf(&arena, "%d", (int)pid));
	}
	if (rc < 0) {
		return err_errno(err, -rc, "moving the container to the cgroup %s/%s", path, cg->sub);
	}
	for (size_t i = 0; i < depth; i++) {
		int next;

		rc = host_cgroup_enable(top, path, &plan->controllers, err);
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
	TRY(host_cgroup_set_limits(dir, &plan->limits, plan->best_effort, err));
	*ret_dir = fd_take(&dir);
	return 0;
}

static int start_scope(struct arena *arena, const struct plan_cgroup *plan, struct cgroup *cg, pid_t pid, int pidfd,
		       struct err *err)
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
		all[i] = i < plan->property_n ? plan->properties[i] : plan->limits.properties[i - plan->property_n];
	}
	rc = host_systemd_open(&sd, err);
	if (rc == 0) {
		rc = host_systemd_scope_start(sd, arena, &scope, &cg->path, err);
	}
	host_systemd_close(&sd);
	if (rc < 0 && rc != -ETIMEDOUT) {
		cg->unit = NULL; /* there is none, or it is someone else's */
	}
	return rc;
}

int host_cgroup_begin(struct arena *arena, const struct plan_cgroup *plan, struct cgroup *cg, pid_t pid, int pidfd,
		      bool inside, int *ret_dir, struct err *err)
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
			*cg = (struct cgroup){ .manager = PLAN_CGROUP_NONE, .why = arena_strdup(arena, err->msg) };
			return 0;
		}
		return rc < 0 ? rc : make_sub(plan, cg, pid, ret_dir, err);
	}
	*ret_dir = host_cgroup_open(cg, err);
	TRY(*ret_dir);
	rc = inside ? 0 : host_cgroup_put(*ret_dir, "cgroup.procs", arena_printf(arena, "%d", (int)pid));
	if (rc < 0) {
		fd_drop(ret_dir);
		return err_errno(err, -rc, "moving the container to the cgroup %s", cg->path);
	}
	return 0;
}

/* ---- removing ---- */

/* Kills what is in it and waits until it has ended. Returns -ENOENT when there is no such cgroup. */
static int end_processes(const struct cgroup *cg, const char *path, struct err *err)
{
	scope_fd int dir = host_cgroup_open_dir(path);
	int rc;

	if (dir < 0) {
		return dir == -ENOENT ? -ENOENT : err_errno(err, -dir, "the cgroup %s", path);
	}
	if (host_cgroup_event(dir, "populated") != 1) {
		return 0;
	}
	TRY(host_cgroup_kill(cg, err));
	rc = host_cgroup_wait_event(dir, "populated", 0, CGROUP_TIMEOUT_MS);
	if (rc == -ETIMEDOUT) {
		return err_set(err, ETIMEDOUT, "the cgroup %s still has processes %d seconds after SIGKILL", path,
			       CGROUP_TIMEOUT_MS / 1000);
	}
	return rc < 0 && rc != -ENODEV ? err_errno(err, -rc, "waiting for the end of the cgroup %s", path) : 0;
}

/* What we made on the way to it goes as well, unless others use it meanwhile. */
static void remove_parents(struct arena *arena, const struct cgroup *cg)
{
	char *path = arena_strdup(arena, cg->path);
	char *slash;

	while (cg->made && strlen(path) > strlen(cg->made) && (slash = strrchr(path, '/')) && slash != path) {
		*slash = '\0';
		if (strlen(path) < strlen(cg->made) || rmdir(arena_printf(arena, "%s%s", cg->mount, path)) < 0) {
			break;
		}
	}
	if (cg->leaf) {
		(void)rmdir(arena_printf(arena, "%s%s", cg->mount, cg->leaf));
	}
}

static int remove_tree(const char *path, struct err *err)
{
	int rc = host_cgroup_remove_tree(path);

	if ((rc == -EACCES || rc == -EPERM) && geteuid() != 0) {
		return host_cgroup_remove_in_userns(path, err);
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
	TRY(host_systemd_open(&sd, err));
	rc = host_systemd_stop(sd, cg->unit, err);
	host_systemd_close(&sd);
	return rc;
}

/* A scope that we asked for and never heard of. By now the name may be another's; without a manager there is none. */
static int clear_scope(const char *unit, struct err *err)
{
	struct systemd *sd = NULL;
	int rc = host_systemd_open(&sd, err);

	if (rc == 0) {
		rc = host_systemd_clear(sd, unit, err);
	}
	host_systemd_close(&sd);
	return rc == -EEXIST || rc == -ENOENT ? 0 : rc;
}

int host_cgroup_remove(const struct cgroup *cg, struct err *err)
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
	path = host_cgroup_dir(&arena, cg, NULL);
	rc = end_processes(cg, path, err);
	if (rc == -ENOENT) {
		remove_parents(&arena, cg);
		return 0;
	}
	TRY(rc);
	if (cg->manager == PLAN_CGROUP_SYSTEMD) {
		if (cg->sub) {
			const char *sub = arena_strndup(&arena, cg->sub, strcspn(cg->sub, "/"));

			TRY(remove_tree(host_cgroup_dir(&arena, cg, sub), err));
		}
		return remove_scope(cg, path, err);
	}
	TRY(remove_tree(path, err));
	remove_parents(&arena, cg);
	return 0;
}
