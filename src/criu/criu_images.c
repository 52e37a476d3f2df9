/* SPDX-License-Identifier: Apache-2.0 */
/*
 * criu/criu_images: what lies beside CRIU's images: which of the container's mounts and streams
 * belong to the host.
 *
 * A mount belongs to it when its filesystem is the host's too. That is compared by device in
 * mountinfo, so binds, masks and bound devices need no list of their own. At restore the bundle's
 * present bind mounts count.
 */
#include "criu/criu_images.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/scope.h"
#include "sys/fd.h"
#include "sys/mountinfo.h"
#include "json/encode.h"
#include "json/tree.h"

#define STREAMS 3
#define TEXT_MAX (4 << 20)
/* where copies of the streams go: not over a descriptor that criu is told of by number */
#define FIRST_COPY 10

/* ---- mountinfo ---- */

struct mounts {
	struct sys_mountinfo *v;
	size_t n;
};

static int read_mounts(struct arena *arena, const char *path, struct mounts *ret, struct err *err)
{
	const char *text = NULL;
	ssize_t len = sys_read_file(arena, AT_FDCWD, path, TEXT_MAX, &text);
	size_t lines = 0;

	if (len < 0) {
		return err_errno(err, (int)-len, "%s", path);
	}
	for (const char *p = text; *p; p++) {
		lines += *p == '\n';
	}
	/* The last line may have no end. */
	ret->v = arena_array(arena, lines + 1, sizeof(*ret->v));
	ret->n = 0;
	while (sys_mountinfo_next(arena, &text, &ret->v[ret->n])) {
		ret->n++;
	}
	return 0;
}

/* What follows `prefix` in path: "" or "/…"; NULL when path is not below it. */
static const char *below(const char *path, const char *prefix)
{
	size_t len = strlen(prefix);

	if (str_eq(prefix, "/")) {
		len = 0;
	}
	if (strncmp(path, prefix, len) != 0 || (path[len] && path[len] != '/')) {
		return NULL;
	}
	if (str_eq(path + len, "/")) {
		return "";
	}
	return path + len;
}

/* Where the host has what is mounted there; NULL: it is the container's own. */
static const char *source_of(struct arena *arena, const struct sys_mountinfo *m,
			     const struct sys_mountinfo *rootfs, const struct mounts *host)
{
	const char *found = NULL;

	/* A part of the root filesystem, bound onto itself: CRIU finds that by itself. */
	if (str_eq(m->device, rootfs->device) && below(m->root, rootfs->root)) {
		return NULL;
	}
	for (size_t i = 0; i < host->n; i++) {
		const char *point = host->v[i].point;
		const char *rest;

		if (!str_eq(host->v[i].device, m->device)) {
			continue;
		}
		rest = below(m->root, host->v[i].root);
		if (rest && *rest && str_eq(point, "/")) {
			found = rest;
		} else if (rest) {
			found = arena_printf(arena, "%s%s", point, rest);
		}
	}
	return found;
}

static int write_file(const struct criu *c, const char *name, const struct text *text,
		      struct err *err)
{
	const char *path = arena_printf(c->arena, "%s/%s", c->images, name);
	scope_fd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0 || write(fd, text->s, text->len) != (ssize_t)text->len) {
		return err_errno(err, errno, "%s", path);
	}
	return 0;
}

static int describe_mounts(struct criu *c, const struct state *state, struct err *err)
{
	const char *path = arena_printf(c->arena, "/proc/%d/mountinfo", (int)state->pid);
	struct mounts host = { .n = 0 }, guest = { .n = 0 };
	const struct sys_mountinfo *rootfs = NULL;
	struct json_writer w;
	struct text out;

	TRY(read_mounts(c->arena, "/proc/self/mountinfo", &host, err));
	TRY(read_mounts(c->arena, path, &guest, err));
	for (size_t i = 0; i < guest.n; i++) {
		if (str_eq(guest.v[i].point, "/")) {
			rootfs = &guest.v[i];
		}
	}
	if (!rootfs) {
		return err_set(err, EINVAL, "%s: the container has no root", path);
	}
	text_init(&out, c->arena);
	json_writer_init(&w, &out, false);
	json_array_begin(&w, NULL);
	for (size_t i = 0; i < guest.n; i++) {
		const struct sys_mountinfo *m = &guest.v[i];
		const char *source = NULL;

		if (m != rootfs) {
			source = source_of(c->arena, m, rootfs, &host);
		}
		if (source) {
			criu_add(c, "--external", "mnt[%s]:%s", m->point, m->point);
			json_object_begin(&w, NULL);
			json_string(&w, "destination", m->point);
			json_string(&w, "source", source);
			json_bool(&w, "cgroup",
				  str_eq(m->type, "cgroup2") && !str_eq(m->root, "/"));
			json_object_end(&w);
		}
	}
	json_array_end(&w);
	return write_file(c, "mounts.json", &out, err);
}

/* ---- streams ---- */

static int mount_id(struct arena *arena, pid_t pid, int fd)
{
	const char *text = NULL;
	const char *at = NULL;
	int id = -1;

	if (sys_read_file(arena, AT_FDCWD, arena_printf(arena, "/proc/%d/fdinfo/%d", (int)pid, fd),
			  TEXT_MAX, &text) > 0) {
		at = strstr(text, "mnt_id:");
	}
	if (!at || sscanf(at, "mnt_id: %d", &id) != 1) {
		return -1;
	}
	return id;
}

/* Is a mount of that number in the container? */
static bool has_mount(const char *mountinfo, int id)
{
	for (const char *line = mountinfo; *line;
	     line += strcspn(line, "\n"), line += *line == '\n') {
		int number;

		if (sscanf(line, "%d ", &number) == 1 && number == id) {
			return true;
		}
	}
	return false;
}

/*
 * By what CRIU knows a file, terminal or device of the host that the container has open; else what
 * the link says.
 */
static const char *describe_stream(struct criu *c, const struct state *state, const char *mountinfo,
				   int fd)
{
	const char *path = arena_printf(c->arena, "/proc/%d/fd/%d", (int)state->pid, fd);
	char link[PATH_MAX];
	ssize_t len = readlink(path, link, sizeof(link) - 1);
	const char *name;
	struct stat st;

	if (len < 0 || stat(path, &st) < 0) {
		return "";
	}
	link[len] = '\0';
	/* An anonymous one has no mount; CRIU knows it by its name. */
	if (str_starts(link, "pipe:[") || S_ISSOCK(st.st_mode) ||
	    has_mount(mountinfo, mount_id(c->arena, (pid_t)state->pid, fd))) {
		return arena_strdup(c->arena, link);
	}
	if (S_ISCHR(st.st_mode) && str_starts(link, "/dev/pts/")) {
		name = arena_printf(c->arena, "tty[%llx:%llx]", (unsigned long long)st.st_rdev,
				    (unsigned long long)st.st_dev);
	} else {
		name = arena_printf(c->arena, "file[%x:%llx]",
				    mount_id(c->arena, (pid_t)state->pid, fd),
				    (unsigned long long)st.st_ino);
	}
	criu_add(c, "--external", "%s", name);
	return name;
}

static int describe_streams(struct criu *c, const struct state *state, struct err *err)
{
	const char *path = arena_printf(c->arena, "/proc/%d/mountinfo", (int)state->pid);
	const char *mountinfo = NULL;
	ssize_t len = sys_read_file(c->arena, AT_FDCWD, path, TEXT_MAX, &mountinfo);
	struct json_writer w;
	struct text out;

	if (len < 0) {
		return err_errno(err, (int)-len, "%s", path);
	}
	text_init(&out, c->arena);
	json_writer_init(&w, &out, false);
	json_array_begin(&w, NULL);
	for (int fd = 0; fd < STREAMS; fd++) {
		json_string(&w, NULL, describe_stream(c, state, mountinfo, fd));
	}
	json_array_end(&w);
	return write_file(c, "descriptors.json", &out, err);
}

int criu_images_describe(struct criu *c, const struct state *state, struct err *err)
{
	TRY(describe_mounts(c, state, err));
	return describe_streams(c, state, err);
}

/* ---- restore ---- */

static int read_list(struct criu *c, const char *name, const struct json **ret, struct err *err)
{
	const char *path = arena_printf(c->arena, "%s/%s", c->images, name);
	const char *text = NULL;
	ssize_t len = sys_read_file(c->arena, AT_FDCWD, path, TEXT_MAX, &text);
	int rc;

	if (len < 0) {
		err_errno(err, (int)-len, "--image-path: %s", path);
		return (int)len;
	}
	rc = json_parse(c->arena, text, (size_t)len, ret, err);
	if (rc < 0) {
		(void)err_wrap(err, "%s", path);
		return rc;
	}
	if ((*ret)->type != JSON_ARRAY) {
		return err_set(err, EINVAL, "%s: expected an array", path);
	}
	return 0;
}

/* The bundle may have moved, and its binds with it. The longest destination counts. */
static const char *source_now(struct criu *c, const struct plan *plan, const char *destination,
			      const char *before)
{
	const char *found = before;
	size_t longest = 0;

	for (size_t i = 0; i < plan->fs.mount_n; i++) {
		const struct plan_mount *m = &plan->fs.mounts[i];
		const char *rest = NULL;

		if (m->kind == PLAN_MOUNT_BIND) {
			rest = below(destination, m->target);
		}
		if (rest && strlen(m->target) >= longest && !str_eq(before, "/dev/null")) {
			longest = strlen(m->target);
			found = arena_printf(c->arena, "%s%s", m->source, rest);
		}
	}
	return found;
}

/*
 * CRIU would mount the whole hierarchy in place of the container's own part of it (CVE-2023-25809),
 * because it leaves cgroup namespaces alone together with cgroups. What is bound instead is the
 * cgroup of the container as it is now.
 */
static const char *own_cgroup(struct criu *c, const struct json *mount, const struct cgroup *cgroup)
{
	const struct json *is = json_member(mount, "cgroup");

	if (!is || is->type != JSON_BOOL || !is->boolean || cgroup->manager == PLAN_CGROUP_NONE) {
		return NULL;
	}
	return cgroup_path(c->arena, cgroup, cgroup->sub);
}

int criu_images_mounts(struct criu *c, const struct plan *plan, const struct cgroup *cgroup,
		       struct err *err)
{
	const struct json *list = NULL;

	TRY(read_list(c, "mounts.json", &list, err));
	for (const struct json *m = list->first; m; m = m->next) {
		const struct json *destination = json_member(m, "destination");
		const struct json *source = json_member(m, "source");
		const char *now;

		if (!destination || destination->type != JSON_STRING || !source ||
		    source->type != JSON_STRING) {
			return err_set(err, EINVAL, "%s/mounts.json: damaged", c->images);
		}
		now = own_cgroup(c, m, cgroup);
		if (!now) {
			now = source_now(c, plan, destination->text, source->text);
		}
		criu_add(c, "--external", "mnt[%s]:%s", destination->text, now);
	}
	return 0;
}

int criu_images_streams(struct criu *c, struct err *err)
{
	const struct json *list = NULL;
	int fd = 0;

	TRY(read_list(c, "descriptors.json", &list, err));
	for (const struct json *name = list->first; name && fd < STREAMS; name = name->next, fd++) {
		int copy;

		/* What lies in the container's own filesystem is opened again there. */
		if (name->type != JSON_STRING || !strchr(name->text, '[')) {
			continue;
		}
		copy = fcntl(fd, F_DUPFD, FIRST_COPY);
		if (copy < 0) {
			return err_errno(err, errno, "descriptor %d", fd);
		}
		criu_add(c, "--inherit-fd", "fd[%d]:%s", copy, name->text);
	}
	return 0;
}
