/* SPDX-License-Identifier: Apache-2.0 */
/* sys/clone: making processes and signalling them without a race on the pid. */
#include "sys/clone.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/scope.h"
#include "sys/compat.h"

/* struct clone_args, CLONE_ARGS_SIZE_VER0: all that is used here. */
struct clone_args_v0 {
	uint64_t flags;
	uint64_t pidfd;
	uint64_t child_tid;
	uint64_t parent_tid;
	uint64_t exit_signal;
	uint64_t stack;
	uint64_t stack_size;
	uint64_t tls;
};

#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP UINT64_C(0x200000000)
#endif

/* struct clone_args, CLONE_ARGS_SIZE_VER2. */
struct clone_args_v2 {
	struct clone_args_v0 v0;
	uint64_t set_tid;
	uint64_t set_tid_size;
	uint64_t cgroup;
};

pid_t sys_clone_into(uint64_t flags, int cgroup, int *ret_pidfd)
{
	int pidfd = -1;
	struct clone_args_v2 args = {
		.v0 = { .flags = flags | CLONE_PIDFD | CLONE_INTO_CGROUP,
			.pidfd = (uint64_t)(uintptr_t)&pidfd,
			.exit_signal = SIGCHLD },
		.cgroup = (uint64_t)cgroup,
	};
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	if (pid < 0) {
		return -errno;
	}
	if (pid > 0) {
		*ret_pidfd = pidfd;
	}
	return (pid_t)pid;
}

pid_t sys_clone(uint64_t flags, int *ret_pidfd)
{
	int pidfd = -1;
	struct clone_args_v0 args = {
		.flags = flags | (ret_pidfd ? CLONE_PIDFD : 0),
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		/* With CLONE_PARENT the exit signal is the caller's own (clone(2)). */
		.exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD,
	};
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	if (pid < 0 && (errno == ENOSYS || (errno == EPERM && !(flags & CLONE_NEWUSER)))) {
		/*
		 * Argument order of x86-64, arm64, riscv: flags, stack, parent_tid (where
		 * CLONE_PIDFD writes), …
		 */
		pid = syscall(SYS_clone,
			      (unsigned long)(args.flags | (flags & CLONE_PARENT ? 0 : SIGCHLD)),
			      NULL, &pidfd, NULL, NULL);
	}
	if (pid < 0) {
		return -errno;
	}
	if (pid > 0 && ret_pidfd) {
		*ret_pidfd = pidfd;
	}
	return (pid_t)pid;
}

int sys_pidfd_open(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (fd < 0) {
		/*
		 * Linux 6.1 says EINVAL as long as a process group or session has the number of a
		 * process that is gone.
		 */
		if (errno == EINVAL) {
			return -ESRCH;
		}
		return -errno;
	}
	return fd;
}

int sys_pidfd_kill(int pidfd, int sig)
{
	if (syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0) < 0) {
		return -errno;
	}
	return 0;
}

pid_t sys_pidfd_pid(int pidfd)
{
	char path[64];
	char line[128];
	scope_file FILE *file = NULL;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	file = fopen(path, "re");
	if (!file) {
		return -errno;
	}
	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, "Pid:", 4) == 0) {
			long pid = strtol(line + 4, NULL, 10);

			if (pid > 0) {
				return (pid_t)pid;
			}
			break;
		}
	}
	return -ESRCH;
}
