/* SPDX-License-Identifier: Apache-2.0 */
/* state/root: where state lives, and whether that place can be trusted. */
#include "state/root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/scope.h"
#include "base/str.h"
#include "state/walk.h"
#include "user/session.h"

#define RUNTIME_NAME "rootlet"

static int verify(int fd, const char *root, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0) {
		return err_errno(err, errno, "cannot examine the state folder %s", root);
	}
	if (st.st_uid != geteuid()) {
		return err_set(err, EPERM,
			       "the state folder %s belongs to uid %u, not to uid %u; choose "
			       "another with --root",
			       root, st.st_uid, geteuid());
	}
	if (st.st_mode & (S_IWGRP | S_IWOTH)) {
		return err_set(err, EPERM,
			       "the state folder %s may be written by others (mode %04o); run "
			       "`chmod go-w %s`",
			       root, st.st_mode & 07777, root);
	}
	return 0;
}

int state_root_open(const char *root, int *ret_fd, struct err *err)
{
	scope_fd int fd = state_walk(root, STATE_WALK_NOFOLLOW, err);

	if (fd < 0) {
		return fd;
	}
	TRY(verify(fd, root, err));
	*ret_fd = fd_take(&fd);
	return 0;
}

/* As state_root_open, made with mode 0700 first if wanted; missing otherwise is no error. */
static int try_root(const char *root, bool create, struct err *err)
{
	unsigned flags = STATE_WALK_NOFOLLOW | (create ? STATE_WALK_MAKE : 0);
	scope_fd int fd = state_walk(root, flags, err);

	if (fd == -ENOENT && !create) {
		return 0;
	}
	if (fd == -ENOENT) {
		return err_errno(err, ENOENT, "cannot open the state folder %s", root);
	}
	TRY(fd);
	return verify(fd, root, err);
}

/*
 * A runtime directory that may hold our folder: ours (`su` leaves another user's in the
 * environment), written by no one else, and writable at all. Decided by the directory, not by what
 * is in it, so that create and all later commands come to the same answer.
 */
static bool usable_runtime_dir(const char *path)
{
	struct stat st;

	if (!path || path[0] != '/') {
		return false;
	}
	scope_fd int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0) {
		return false;
	}
	return st.st_uid == geteuid() && !(st.st_mode & (S_IWGRP | S_IWOTH)) &&
	       faccessat(fd, ".", W_OK, AT_EACCESS) == 0;
}

/* Returned without symbolic links and absolute: a caller may change folder. */
static int option_root(struct arena *arena, const char *option, bool create, const char **ret,
		       struct err *err)
{
	scope_fd int fd = state_walk(option, create ? STATE_WALK_MAKE : 0, err);
	char self[40];
	char real[PATH_MAX];
	ssize_t len;

	if (fd == -ENOENT && !create) {
		*ret = arena_strdup(arena, option);
		return 0;
	}
	if (fd == -ENOENT) {
		return err_errno(err, ENOENT, "cannot open the state folder %s", option);
	}
	TRY(fd);
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	len = readlink(self, real, sizeof(real) - 1);
	if (len < 0) {
		return err_errno(err, errno, "the path of the state folder %s", option);
	}
	real[len] = '\0';
	TRY(verify(fd, real, err));
	*ret = arena_strdup(arena, real);
	return 0;
}

static bool is_usable(const char *path)
{
	bool usable = usable_runtime_dir(path);

	if (path && !usable) {
		log_debug("%s can't hold the state: missing, another user's, or not writable",
			  path);
	}
	return usable;
}

const char *state_runtime_dir(struct arena *arena)
{
	if (!user_is_root()) {
		const char *path = getenv("XDG_RUNTIME_DIR");

		if (is_usable(path)) {
			return path;
		}
		path = arena_printf(arena, "/run/user/%u", user_uid());
		if (is_usable(path)) {
			return path;
		}
	}
	return geteuid() == 0 && is_usable("/run") ? "/run" : NULL;
}

/* The first place that may hold our folder. */
static const char *default_root(struct arena *arena)
{
	const char *dir = state_runtime_dir(arena);

	return dir ? arena_printf(arena, "%s/" RUNTIME_NAME, dir) :
		     arena_printf(arena, "/tmp/" RUNTIME_NAME "-%u", user_uid());
}

int state_root(struct arena *arena, const char *option, bool create, const char **ret,
	       struct err *err)
{
	const char *root;

	if (option && *option) {
		return option_root(arena, option, create, ret, err);
	}
	root = default_root(arena);
	/*
	 * One that can't be trusted is an error, not a reason to go on: elsewhere all containers
	 * would seem gone.
	 */
	TRY(try_root(root, create, err));
	*ret = root;
	return 0;
}
