/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sys/mount_data: filesystems whose options are too long for fsconfig(2).
 *
 * fsconfig takes 255 bytes at a time, which an overlay of four layers exceeds. mount(2) takes a
 * page of options, but puts the mount somewhere. So a child does that, in a mount namespace of its
 * own from which nothing gets out, and clones what it has mounted, detached, into our common table
 * of descriptors.
 */
#include "sys/mount_data.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "sys/compat.h"
#include "sys/mount.h"

#define STACK 65536

/* A directory that is everywhere; only the child sees it covered. */
#define PLACE "/proc"

/* The kernel copies a page, and ends it with a NUL. */
#define DATA_MAX 4095

struct job {
	const char *fstype;
	const char *source;
	const char *data;
	unsigned long flags;
	int fd; /* the mount, or -errno */
};

/* What is a flag of mount(2), and no option of the filesystem's own. */
static const struct {
	const char *name;
	unsigned long flag;
} flags_of[] = {
	{ "ro", MS_RDONLY },
	{ "sync", MS_SYNCHRONOUS },
	{ "dirsync", MS_DIRSYNC },
	{ "lazytime", MS_LAZYTIME },
};

bool sys_mount_too_long(const char *source, const char **options, size_t n)
{
	if (source && strlen(source) > SYS_MOUNT_VALUE_MAX) {
		return true;
	}
	for (size_t i = 0; i < n; i++) {
		const char *value = strchr(options[i], '=');

		if (value && strlen(value + 1) > SYS_MOUNT_VALUE_MAX) {
			return true;
		}
	}
	return false;
}

/* The child, which shares our memory and descriptors. */
static int mount_and_clone(void *arg)
{
	struct job *job = arg;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount(job->source, PLACE, job->fstype, job->flags, job->data) < 0) {
		job->fd = -errno;
		return 1;
	}
	job->fd = sys_mount_clone(AT_FDCWD, PLACE, 0);
	return 0;
}

static unsigned long flag_of(const char *option)
{
	for (size_t i = 0; i < sizeof(flags_of) / sizeof(flags_of[0]); i++) {
		if (str_eq(option, flags_of[i].name)) {
			return flags_of[i].flag;
		}
	}
	return 0;
}

static int join(const char **options, size_t n, struct job *job, char data[DATA_MAX + 1],
		struct err *err)
{
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(options[i]);

		if (flag_of(options[i])) {
			job->flags |= flag_of(options[i]);
			continue;
		}
		if (used + len + 1 > DATA_MAX) {
			err_set(err, E2BIG, "options of more than %d bytes", DATA_MAX);
			return err_hint(err, "name the folders by shorter paths");
		}
		if (used > 0) {
			data[used++] = ',';
		}
		memcpy(data + used, options[i], len);
		used += len;
	}
	data[used] = '\0';
	return 0;
}

int sys_mount_data(const char *fstype, const char *source, const char **options, size_t n,
		   bool readonly, uint64_t attr, struct err *err)
{
	const int how = CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD;
	struct job job = { .fstype = fstype, .source = source, .fd = -ECHILD };
	_Alignas(16) char stack[STACK];
	char data[DATA_MAX + 1];
	pid_t pid;
	int rc;

	if (readonly) {
		job.flags |= MS_RDONLY;
	}
	TRY(join(options, n, &job, data, err));
	job.data = data;
	pid = clone(mount_and_clone, stack + STACK, how, &job);
	if (pid < 0) {
		return err_errno(err, errno, "a process that mounts %s", fstype);
	}
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
	}
	if (job.fd < 0) {
		return err_errno(err, -job.fd, "mounting %s with \"%s\"", fstype, data);
	}
	rc = sys_mount_setattr(job.fd, 0, attr, 0);
	if (rc < 0) {
		close(job.fd);
		return err_errno(err, -rc, "the flags of %s", fstype);
	}
	return job.fd;
}
