/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest/procfs: the host's /proc, and files in it that are opened for writing.
 *
 * A sysctl or a label takes effect only when it is written to the kernel's own file. Where /proc is
 * not procfs, or something is mounted or linked inside it, the same write would land elsewhere:
 * it would have no effect, or a harmful one (CVE-2019-19921, CVE-2025-52881). So the folder and the
 * file are both asked for their filesystem before anything is written.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/scope.h"
#include "guest/step.h"
#include "sys/fd.h"

int guest_open_procfs(int dir, const char *path, struct err *err)
{
	scope_fd int fd = openat(dir, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0 || fstatfs(fd, &fs) < 0) {
		return err_errno(err, errno, "%s", path);
	}
	if (fs.f_type != PROC_SUPER_MAGIC) {
		return err_set(err, EPERM, "%s is not the kernel's procfs", path);
	}
	return fd_take(&fd);
}

int guest_open_procfs_file(int folder, const char *path)
{
	scope_fd int fd =
		openat(folder, path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct statfs fs;
	struct stat st;

	if (fd < 0 || fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0) {
		return -errno;
	}
	if (fs.f_type != PROC_SUPER_MAGIC || !S_ISREG(st.st_mode)) {
		return -EXDEV;
	}
	return fd_take(&fd);
}

int guest_keep_proc(struct guest *g, struct err *err)
{
	const struct plan_process *p = &g->plan->process;

	if (g->host_proc < 0 && (p->apparmor || p->selinux || p->terminal)) {
		g->host_proc = guest_open_procfs(AT_FDCWD, "/proc", err);
		TRY(g->host_proc);
	}
	return 0;
}
