/* SPDX-License-Identifier: Apache-2.0 */
/*
 * facts/inherited_fds: descriptors that the caller hands to the container: socket activation
 * (LISTEN_FDS) and, behind it, --preserve-fds.
 */
#include "facts/inherited_fds.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/str.h"

/* As many as --preserve-fds takes. */
#define LISTEN_FDS_MAX 65536

void facts_inherited(struct facts *ret)
{
	const char *fds = getenv("LISTEN_FDS");
	const char *pid = getenv("LISTEN_PID");
	uint64_t number;

	if (!fds ||
	    (pid && (str_u64(pid, INT32_MAX, &number) < 0 || number != (uint64_t)getpid()))) {
		return;
	}
	if (str_u64(fds, LISTEN_FDS_MAX, &number) == 0) {
		ret->listen_fds = (int)number;
		ret->listen_names = getenv("LISTEN_FDNAMES");
	}
}

/* rootlet's own are close-on-exec; what has come through its execve is not. */
static bool came_from_caller(int fd)
{
	int flags = fcntl(fd, F_GETFD);

	return flags >= 0 && !(flags & FD_CLOEXEC);
}

int facts_inherited_check(const struct plan_process *process, struct err *err)
{
	for (int i = 0; i < process->listen_fds; i++) {
		int fd = STDERR_FILENO + 1 + i;

		if (!came_from_caller(fd)) {
			return err_set(err, EBADF, "LISTEN_FDS=%d: descriptor %d is not open",
				       process->listen_fds, fd);
		}
	}
	return 0;
}
