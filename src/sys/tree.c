/* SPDX-License-Identifier: Apache-2.0 */
/* sys/tree: reading a file of a container's tree, where anything may stand in a file's place. */
#include "sys/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/scope.h"
#include "sys/fd.h"

#define READ_FLAGS (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

/*
 * Opens for reading what `place` is. By /proc it can't be another file. A container may have none,
 * or one of its own making: then by name, which leads to the same place where "/" is the
 * container's root. Returns the descriptor or -errno.
 */
static int open_again(int place, const struct stat *want, const char *path)
{
	char self[40];
	struct stat st;
	scope_fd int fd = -1;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", place);
	fd = open(self, READ_FLAGS);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
		fd = open(path, READ_FLAGS);
	}
	if (fd < 0) {
		return -errno;
	}
	if (fstat(fd, &st) < 0 || st.st_dev != want->st_dev || st.st_ino != want->st_ino) {
		return -ESTALE;
	}
	return fd_take(&fd);
}

ssize_t sys_tree_read(struct arena *arena, int root, const char *path, size_t max, const char **ret)
{
	scope_fd int place = sys_open_in_root(root, path, O_PATH, 0);
	scope_fd int fd = -1;
	struct stat st;

	if (place < 0) {
		return place;
	}
	if (fstat(place, &st) < 0) {
		return -errno;
	}
	if (!S_ISREG(st.st_mode)) {
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	}
	fd = open_again(place, &st, path);
	if (fd < 0) {
		return fd;
	}
	return sys_read_fd(arena, fd, max, ret);
}
