/* SPDX-License-Identifier: Apache-2.0 */
/* sys/file: replacing a file whole. */
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/scope.h"

static int write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			return -errno;
		}
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

int sys_replace_file(int dir_fd, const char *name, const void *bytes, size_t len)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	char aside[NAME_MAX + 1];
	int rc;

	if (snprintf(aside, sizeof(aside), ".%s.new", name) >= (int)sizeof(aside)) {
		return -ENAMETOOLONG;
	}
	(void)unlinkat(dir_fd, aside, 0);
	scope_fd int fd = openat(dir_fd, aside, flags, 0600);

	if (fd < 0) {
		return -errno;
	}
	rc = write_all(fd, bytes, len);
	if (rc == 0 && renameat(dir_fd, aside, dir_fd, name) < 0) {
		rc = -errno;
	}
	if (rc < 0) {
		(void)unlinkat(dir_fd, aside, 0);
	}
	return rc;
}
