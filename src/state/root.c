/* SPDX-License-Identifier: Apache-2.0 */
/* state/root: where state lives, and whether that place can be trusted. */
#include "state/root.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/scope.h"
#include "base/str.h"
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
	scope_fd int fd = open(root, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0) {
		int code = errno;

		if (code == ENOENT) {
			return -ENOENT;
		}
		err_errno(err, code, "cannot open the state folder %s", root);
		return code == ENOTDIR ? err_hint(err, "remove it, or choose another with --root") :
					 -code;
	}
	TRY(verify(fd, root, err));
	*ret_fd = fd_take(&fd);
	return 0;
}

/* As state_root_open, made with mode 0700 first if wanted; missing otherwise is no error. */
static int try_root(const char *root, bool create, struct err *err)
{
	scope_fd int fd = -1;
	int rc;

	if (create && mkdir(root, 0700) < 0 && errno != EEXIST) {
		return err_errno(err, errno, "cannot make the state folder %s", root);
	}
	rc = state_root_open(root, &fd, err);
	if (rc == -ENOENT && !create) {
		return 0;
	}
	return rc == -ENOENT ? err_errno(err, ENOENT, "cannot open the state folder %s", root) : rc;
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

/* mkdir -p, with mode 0700 for what is new. path is written to, and restored. */
static int make_folders(char *path, struct err *err)
{
	int parent_errno = 0;

	for (char *p = path + 1; *p; p++) {
		if (*p == '/') {
			*p = '\0';
			/* The first that can't be made is the reason for all below it. */
			if (mkdir(path, 0700) < 0 && errno != EEXIST && parent_errno == 0) {
				parent_errno = errno;
			}
			*p = '/';
		}
	}
	if (mkdir(path, 0700) < 0 && errno != EEXIST) {
		/* Why a parent could not be made tells more than that it is missing. */
		return err_errno(err, errno == ENOENT && parent_errno ? parent_errno : errno,
				 "cannot make the state folder %s (--root)", path);
	}
	return 0;
}

/* Returned without symbolic links and absolute: a caller may change folder. */
static int option_root(struct arena *arena, const char *option, bool create, const char **ret,
		       struct err *err)
{
	char *path = arena_strdup(arena, option);
	scope_free char *real = NULL;

	if (create) {
		TRY(make_folders(path, err));
	}
	real = realpath(option, NULL);
	if (!real && errno == ENOENT && !create) {
		*ret = path;
		return 0;
	}
	if (!real) {
		return err_errno(err, errno, "cannot open the state folder %s (--root)", option);
	}
	TRY(try_root(real, create, err));
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
