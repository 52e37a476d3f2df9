/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest/copy_up: `tmpcopyup`: a new tmpfs that begins with what the place held before.
 *
 * The source is the hostile rootfs: every name is opened below its parent's descriptor with
 * O_NOFOLLOW, symlinks are copied as text, depth is bounded.
 */
#include "guest/copy_up.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/str.h"

#define DEPTH_MAX 64

static int copy_directory(int from, int into, int depth);

static int copy_link(int from, int into, const char *name)
{
	char target[PATH_MAX];
	ssize_t len = readlinkat(from, name, target, sizeof(target) - 1);

	if (len < 0) {
		return -errno;
	}
	target[len] = '\0';
	if (symlinkat(target, into, name) < 0) {
		return -errno;
	}
	return 0;
}

static int copy_bytes(int from, int into, const char *name, mode_t mode)
{
	scope_fd int in =
		openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	scope_fd int out = -1;
	ssize_t sent;

	if (in < 0) {
		return -errno;
	}
	out = openat(into, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (out < 0) {
		return -errno;
	}
	while ((sent = sendfile(out, in, NULL, 1 << 20)) > 0) {
	}
	if (sent < 0) {
		return -errno;
	}
	return 0;
}

static int copy_subdirectory(int from, int into, const char *name, int depth)
{
	scope_fd int in = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	scope_fd int out = -1;

	if (in < 0) {
		return -errno;
	}
	if (mkdirat(into, name, 0700) < 0) {
		return -errno;
	}
	out = openat(into, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (out < 0) {
		return -errno;
	}
	return copy_directory(in, out, depth + 1);
}

static int copy_entry(int from, int into, const char *name, int depth)
{
	struct stat st;
	int rc;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		return -errno;
	}
	if (S_ISDIR(st.st_mode)) {
		rc = copy_subdirectory(from, into, name, depth);
	} else if (S_ISLNK(st.st_mode)) {
		rc = copy_link(from, into, name);
	} else if (S_ISREG(st.st_mode)) {
		rc = copy_bytes(from, into, name, st.st_mode & 07777);
	} else if (S_ISFIFO(st.st_mode)) {
		rc = mkfifoat(into, name, st.st_mode & 07777);
		if (rc < 0) {
			rc = -errno;
		}
	} else {
		/* sockets are dead without their listener; device nodes can't be made here */
		return 0;
	}
	if (rc < 0) {
		return rc;
	}
	/*
	 * An owner that is not mapped shows as the overflow id and can't be given to a file: it
	 * stays root's.
	 */
	(void)!fchownat(into, name, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW);
	if (!S_ISLNK(st.st_mode) && fchmodat(into, name, st.st_mode & 07777, 0) < 0) {
		return -errno;
	}
	return 0;
}

static int copy_directory(int from, int into, int depth)
{
	struct dirent *entry;
	DIR *dir;
	int own;
	int rc = 0;

	if (depth > DEPTH_MAX) {
		return -ELOOP;
	}
	own = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (own < 0) {
		return -errno;
	}
	dir = fdopendir(own);
	if (!dir) {
		close(own);
		return -ENOMEM;
	}
	while (rc == 0 && (entry = readdir(dir))) {
		if (!str_eq(entry->d_name, ".") && !str_eq(entry->d_name, "..")) {
			rc = copy_entry(from, into, entry->d_name, depth);
		}
	}
	closedir(dir);
	return rc;
}

int guest_copy_up(int from, int into, const struct plan_mount *m, struct err *err)
{
	scope_fd int source = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc;

	if (source < 0) {
		rc = -errno;
	} else {
		rc = copy_directory(source, into, 0);
	}
	if (rc < 0) {
		return err_errno(err, -rc, "%s: tmpcopyup: copying %s into the new filesystem",
				 m->where, m->target);
	}
	return 0;
}
