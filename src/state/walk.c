/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state/walk: a folder by a path in which no link of another user is followed.
 *
 * A path without links is one system call, openat2(RESOLVE_NO_SYMLINKS). Else, or before Linux 5.6,
 * one component is opened after the other, each without following, so that what is looked at is
 * what is gone through.
 */
#include "state/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/str.h"
#include "sys/compat.h"

/* As many links as the kernel follows, path_resolution(7). */
#define LINKS_MAX 40

struct walk {
	const char *path; /* as it was given */
	unsigned flags;
	int at; /* the folder that the walk has come to */
	unsigned links;
	char rest[PATH_MAX];
};

static int fail(const struct walk *w, int code, struct err *err)
{
	err_errno(err, code, "cannot open the state folder %s", w->path);
	return code == ENOTDIR ? err_hint(err, "remove it, or choose another with --root") : -code;
}

static int go_to(struct walk *w, int fd)
{
	if (fd >= 0) {
		fd_drop(&w->at);
		w->at = fd;
	}
	return fd;
}

/* Takes the next component off w->rest; "" at the end. */
static int next_name(struct walk *w, char name[NAME_MAX + 1])
{
	char *start = w->rest + strspn(w->rest, "/");
	size_t len = strcspn(start, "/");

	if (len > NAME_MAX) {
		return -ENAMETOOLONG;
	}
	memcpy(name, start, len);
	name[len] = '\0';
	memmove(w->rest, start + len, strlen(start + len) + 1);
	return 0;
}

/* Puts the text of a link, open as fd, in front of what is left. */
static int follow(struct walk *w, int fd, const struct stat *st, struct err *err)
{
	char target[PATH_MAX];
	char joined[PATH_MAX];
	ssize_t len;
	int n;

	if (st->st_uid != geteuid() && st->st_uid != 0) {
		return err_set(err, EPERM,
			       "cannot open the state folder %s: a symbolic link in it belongs to "
			       "uid %u, and is not followed; choose another with --root",
			       w->path, st->st_uid);
	}
	len = readlinkat(fd, "", target, sizeof(target) - 1);
	if (len < 0) {
		return fail(w, errno, err);
	}
	target[len] = '\0';
	n = snprintf(joined, sizeof(joined), "%s%s", target, w->rest);
	if (n < 0 || (size_t)n >= sizeof(joined)) {
		return fail(w, ENAMETOOLONG, err);
	}
	if (++w->links > LINKS_MAX) {
		return fail(w, ELOOP, err);
	}
	memcpy(w->rest, joined, (size_t)n + 1);
	if (target[0] == '/' && go_to(w, open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0) {
		return fail(w, errno, err);
	}
	return 0;
}

static int step(struct walk *w, const char *name, struct err *err)
{
	scope_fd int next = openat(w->at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (next < 0 && errno == ENOENT && (w->flags & STATE_WALK_MAKE)) {
		if (mkdirat(w->at, name, 0700) < 0 && errno != EEXIST) {
			return err_errno(err, errno, "cannot make the state folder %s", w->path);
		}
		next = openat(w->at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	}
	if (next < 0 && errno == ENOENT) {
		return -ENOENT;
	}
	if (next < 0 || fstat(next, &st) < 0) {
		return fail(w, errno, err);
	}
	if (S_ISLNK(st.st_mode) && (*w->rest || !(w->flags & STATE_WALK_NOFOLLOW))) {
		return follow(w, next, &st, err);
	}
	if (!S_ISDIR(st.st_mode)) {
		return fail(w, ENOTDIR, err);
	}
	(void)go_to(w, fd_take(&next));
	return 0;
}

static int walk(struct walk *w, struct err *err)
{
	char name[NAME_MAX + 1];
	int fd;

	for (;;) {
		if (next_name(w, name) < 0) {
			return fail(w, ENAMETOOLONG, err);
		}
		if (!name[0]) {
			break;
		}
		TRY(step(w, name, err));
	}
	fd = openat(w->at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? fail(w, errno, err) : fd;
}

int state_walk(const char *path, unsigned flags, struct err *err)
{
	const struct open_how how = { .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
				      .resolve = RESOLVE_NO_SYMLINKS };
	struct walk w = { .path = path, .flags = flags, .at = -1 };
	int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));

	if (fd >= 0) {
		return fd;
	}
	if (errno == ENOENT && !(flags & STATE_WALK_MAKE)) {
		return -ENOENT;
	}
	if (strlen(path) >= sizeof(w.rest)) {
		return fail(&w, ENAMETOOLONG, err);
	}
	memcpy(w.rest, path, strlen(path) + 1);
	w.at = open(*path == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (w.at < 0) {
		return fail(&w, errno, err);
	}
	fd = walk(&w, err);
	fd_drop(&w.at);
	return fd;
}
