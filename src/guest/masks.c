/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest/masks: maskedPaths and readonlyPaths.
 *
 * Situation: before the pivot, all mounts done. A path that does not exist needs no cover
 * (config-linux.md leaves it open; every runtime skips it).
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/str.h"
#include "guest/step.h"
#include "sys/compat.h"
#include "sys/fd.h"
#include "sys/mount.h"

/*
 * An empty, read-only tmpfs, detached. source: its name in mountinfo. Returns the mount's
 * descriptor, or -errno with err filled.
 */
int guest_empty_directory(const char *source, struct err *err)
{
	static const char *options[] = { "size=4k", "nr_inodes=2", "mode=555" };
	const uint64_t attr =
		MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	const bool readonly = true;

	return sys_mount_fs("tmpfs", source, options, sizeof(options) / sizeof(options[0]),
			    readonly, attr, err);
}

/*
 * One empty read-only tmpfs serves all masked directories: the first gets it, the others clones of
 * it. Nothing is left over: a detached mount that is closed costs a grace period of the kernel's
 * RCU.
 */
static int empty_directory(int *shared, struct err *err)
{
	int fd;

	if (*shared >= 0) {
		fd = sys_mount_clone(*shared, "", 0);
		if (fd < 0) {
			return err_errno(err, -fd, "an empty directory for masked paths");
		}
		return fd;
	}
	fd = guest_empty_directory("masked", err);
	if (fd < 0) {
		return err_wrap(err, "making an empty directory for masked paths");
	}
	*shared = dup(fd);
	return fd;
}

/*
 * What is below /proc and /sys is looked up in the mounts that were made there, not by these names.
 * A process that exchanges the names in a shared tree could otherwise have a cover left out
 * (CVE-2023-27561). Returns a descriptor or -errno.
 */
static int open_place(struct guest *g, const char *path)
{
	if (g->proc >= 0 && str_starts(path, "/proc/")) {
		return sys_open_in_root(g->proc, path + strlen("/proc"), O_PATH, 0);
	}
	if (g->sys >= 0 && str_starts(path, "/sys/")) {
		return sys_open_in_root(g->sys, path + strlen("/sys"), O_PATH, 0);
	}
	return sys_open_in_root(g->rootfs, path, O_PATH, 0);
}

static int mask_one(struct guest *g, size_t index, int *shared, struct err *err)
{
	const char *path = g->plan->fs.masked.v[index];
	scope_fd int target = open_place(g, path);
	scope_fd int cover = -1;
	struct stat st;
	int rc;

	if (target == -ENOENT || target == -ENOTDIR || target == -EACCES) {
		return 0;
	}
	if (target < 0 || fstat(target, &st) < 0) {
		return err_errno(err, target < 0 ? -target : errno, "/linux/maskedPaths/%zu: %s",
				 index, path);
	}
	if (S_ISDIR(st.st_mode)) {
		cover = empty_directory(shared, err);
		TRY(cover);
	} else {
		assert(g->null_dev >= 0);
		cover = sys_mount_clone(g->null_dev, "", 0);
	}
	rc = cover;
	if (rc >= 0) {
		rc = sys_mount_attach(cover, target);
	}
	if (rc < 0) {
		return err_errno(err, -rc, "/linux/maskedPaths/%zu: covering %s", index, path);
	}
	return 0;
}

int guest_masks(struct guest *g, struct err *err)
{
	scope_fd int shared = -1;

	for (size_t i = 0; i < g->plan->fs.masked.n; i++) {
		TRY(mask_one(g, i, &shared, err));
	}
	return 0;
}

int guest_readonly_paths(struct guest *g, struct err *err)
{
	for (size_t i = 0; i < g->plan->fs.readonly_paths.n; i++) {
		const char *path = g->plan->fs.readonly_paths.v[i];
		scope_fd int target = open_place(g, path);
		scope_fd int copy = -1;
		int rc;

		if (target == -ENOENT || target == -ENOTDIR || target == -EACCES) {
			continue;
		}
		rc = target;
		if (rc >= 0) {
			rc = copy = sys_mount_clone(target, "", AT_RECURSIVE);
		}
		if (rc >= 0) {
			/*
			 * The mounts below too: a writable mount under a read-only path would be a
			 * hole in it.
			 */
			rc = sys_mount_setattr(copy, AT_RECURSIVE, MOUNT_ATTR_RDONLY, 0);
			if (rc == -ENOSYS) {
				rc = sys_mount_setattr(copy, 0, MOUNT_ATTR_RDONLY, 0);
			}
		}
		if (rc >= 0) {
			rc = sys_mount_attach(copy, target);
		}
		if (rc < 0) {
			return err_errno(err, -rc, "/linux/readonlyPaths/%zu: %s", i, path);
		}
	}
	return 0;
}
