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
#include "sys/compat.h"
#include "sys/mount.h"

#define DEPTH_MAX 64
/* What is copied by one call, bytes. */
#define CHUNK (1 << 20)

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

/* The bytes from *at up to the end, a hole, or as far as the file is read. Moves *at. */
static int copy_data(int in, int out, off_t *at, off_t end)
{
	if (lseek(out, *at, SEEK_SET) < 0) {
		return -errno;
	}
	while (*at < end) {
		size_t part = end - *at < CHUNK ? (size_t)(end - *at) : CHUNK;
		ssize_t sent = sendfile(out, in, at, part);

		if (sent < 0) {
			return -errno;
		}
		if (sent == 0) {
			break; /* it has become shorter */
		}
	}
	return 0;
}

/*
 * Holes stay holes: they take no memory, however long the file says it is. A filesystem that knows
 * no holes has data up to the end (lseek(2)).
 */
static int copy_bytes(int in, int out, off_t size)
{
	off_t at = 0;

	while (at < size && (at = lseek(in, at, SEEK_DATA)) >= 0) {
		off_t end = lseek(in, at, SEEK_HOLE);
		int rc;

		if (end < 0 || end > size) {
			end = size;
		}
		rc = copy_data(in, out, &at, end);
		if (rc < 0 || at < end) {
			return rc;
		}
	}
	/* ENXIO: nothing but a hole is left. */
	return at < 0 && errno != ENXIO ? -errno : 0;
}

static int copy_file(int from, int into, const char *name, mode_t mode)
{
	scope_fd int in =
		openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	scope_fd int out = -1;
	struct stat st;

	if (in < 0 || fstat(in, &st) < 0) {
		return -errno;
	}
	/* It was one when it was looked at. */
	if (!S_ISREG(st.st_mode)) {
		return -ESTALE;
	}
	out = openat(into, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (out < 0) {
		return -errno;
	}
	TRY(copy_bytes(in, out, st.st_size));
	if (ftruncate(out, st.st_size) < 0) {
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
		rc = copy_file(from, into, name, st.st_mode & 07777);
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

/*
 * The same tree, with no device in it that can be opened: a container that is there may exchange a
 * file for one after it was looked at. Before Linux 5.12, or where a mount can't be copied, -1.
 */
static int without_devices(int from)
{
	scope_fd int fd = sys_mount_clone(from, "", AT_RECURSIVE);

	if (fd < 0 || sys_mount_setattr(fd, AT_RECURSIVE, MOUNT_ATTR_NODEV, 0) < 0) {
		return -1;
	}
	return fd_take(&fd);
}

int guest_copy_up(int from, int into, const struct plan_mount *m, struct err *err)
{
	scope_fd int tree = without_devices(from);
	scope_fd int source =
		openat(tree >= 0 ? tree : from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
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
