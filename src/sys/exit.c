/* SPDX-License-Identifier: Apache-2.0 */
/* sys/exit: how a process ended that is not our child to wait for. */
#include "sys/exit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/scope.h"
#include "sys/clone.h"

/*
 * linux/pidfd.h of Linux 6.15, under names that no header has. Older kernels take the larger struct
 * as well.
 */
struct pidfd_info_v1 {
	uint64_t mask;
	uint64_t cgroup;
	uint32_t pid;
	uint32_t tgid;
	uint32_t ppid;
	uint32_t ids[8];
	int32_t exit_code;
};

#define PIDFD_GET_INFO_ _IOWR(0xff, 11, struct pidfd_info_v1)
#define PIDFD_INFO_EXIT_ (UINT64_C(1) << 3)

/*
 * 0 once the process is reaped, on a kernel that tells; else -ESRCH (unknown) or -EAGAIN (it is
 * still there).
 */
static int by_pidfd(int pidfd, int *ret_status)
{
	struct pidfd_info_v1 info = { .mask = PIDFD_INFO_EXIT_ };

	if (ioctl(pidfd, PIDFD_GET_INFO_, &info) == 0 && (info.mask & PIDFD_INFO_EXIT_)) {
		*ret_status = info.exit_code;
		return 0;
	}
	if (sys_pidfd_kill(pidfd, 0) == -ESRCH) {
		return -ESRCH;
	}
	return -EAGAIN;
}

/*
 * Whether the stat file tells this process the exit code. To a reader without rights over the
 * process it says 0, which must not pass for success.
 */
static bool may_look(pid_t pid)
{
	char path[64];
	char target[1];

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	/*
	 * The same check (ptrace(2), "Ptrace access mode checking"). A zombie has no executable:
	 * ENOENT is a yes.
	 */
	return readlink(path, target, sizeof(target)) >= 0 || errno == ENOENT;
}

/* The caller holds a pidfd and makes sure afterwards that the number still was this process's. */
static int by_zombie(pid_t pid, int *ret_status)
{
	char path[64];
	char text[1024];
	scope_fd int fd = -1;
	const char *name_end, *last;
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return -ESRCH;
	}
	len = read(fd, text, sizeof(text) - 1);
	if (len <= 0) {
		return -ESRCH;
	}
	text[len] = '\0';
	name_end = strrchr(text, ')');
	last = strrchr(text, ' ');
	if (!name_end || strncmp(name_end, ") Z", 3) != 0 || !last || !may_look(pid)) {
		return -EAGAIN;
	}
	*ret_status = (int)strtol(last + 1, NULL, 10);
	return 0;
}

static int wait_for(int pidfd, short events, int timeout_ms)
{
	struct pollfd pfd = { pidfd, events, 0 };
	int n = poll(&pfd, 1, timeout_ms);

	if (n < 0) {
		return -errno;
	}
	return n;
}

int sys_exit_wait(int pidfd, pid_t pid, int *ret_status)
{
	int status = 0;
	int rc;

	do {
		rc = wait_for(pidfd, POLLIN, -1);
	} while (rc == -EINTR || rc == 0);
	if (rc < 0) {
		return rc;
	}
	for (;;) {
		rc = by_zombie(pid, &status);
		/* Still there, so the zombie that was read is this one. */
		if (rc == 0 && sys_pidfd_kill(pidfd, 0) != -ESRCH) {
			*ret_status = status;
			return 0;
		}
		rc = by_pidfd(pidfd, ret_status);
		if (rc != -EAGAIN) {
			return rc;
		}
		/*
		 * A zombie that we may not look at: its parent is the one to go on. The hang-up
		 * (6.15) ends the pause.
		 */
		(void)wait_for(pidfd, 0, 50);
	}
}

static pid_t ended_child(void)
{
	pid_t pid = vfork();

	if (pid == 0) {
		_exit(1);
	}
	return pid;
}

bool sys_exit_by_pidfd(void)
{
	scope_fd int pidfd = -1;
	int status = -1;
	pid_t pid = ended_child();

	if (pid < 0) {
		return false;
	}
	pidfd = sys_pidfd_open(pid);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
	}
	return pidfd >= 0 && by_pidfd(pidfd, &status) == 0 && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 1;
}
