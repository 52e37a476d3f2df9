/* SPDX-License-Identifier: Apache-2.0 */
/* state/holder: who has the lock of a state folder. */
#include "state/holder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/scope.h"
#include "sys/clone.h"
#include "sys/fd.h"

#define LOCKS_MAX (4u << 20)

/* Is that descriptor of a process the folder, and by a description that has the lock? */
static bool has_lock(int fds, pid_t pid, const char *name, const struct stat *folder)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *text = "";
	struct stat st;

	if (fstatat(fds, name, &st, 0) < 0 || st.st_ino != folder->st_ino ||
	    st.st_dev != folder->st_dev) {
		return false;
	}
	return sys_read_file(&arena, AT_FDCWD,
			     arena_printf(&arena, "/proc/%d/fdinfo/%s", (int)pid, name), 4096,
			     &text) > 0 &&
	       strstr(text, "FLOCK");
}

static bool holds(pid_t pid, const struct stat *folder)
{
	char path[64];
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	while (dir && !found && (entry = readdir(dir))) {
		found = entry->d_name[0] != '.' && has_lock(dirfd(dir), pid, entry->d_name, folder);
	}
	if (dir) {
		closedir(dir);
	}
	return found;
}

/* "1: FLOCK  ADVISORY  WRITE 1234 00:1b:5678 0 EOF"; the device is not stat(2)'s everywhere. */
static pid_t pid_in(const char *line, const struct stat *folder)
{
	unsigned long inode;
	int pid;

	if (sscanf(line, "%*d: FLOCK %*s WRITE %d %*x:%*x:%lu ", &pid, &inode) != 2 ||
	    inode != folder->st_ino || pid <= 0) {
		return 0;
	}
	return (pid_t)pid;
}

int state_lock_holder(int fd, pid_t *ret_pid, int *ret_pidfd)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *text = "";
	struct stat folder;
	ssize_t len;

	if (fstat(fd, &folder) < 0) {
		return -errno;
	}
	len = sys_read_file(&arena, AT_FDCWD, "/proc/locks", LOCKS_MAX, &text);
	if (len < 0) {
		return (int)len;
	}
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		pid_t pid = pid_in(line, &folder);
		scope_fd int pidfd = pid > 0 ? sys_pidfd_open(pid) : -1;

		if (pidfd >= 0 && holds(pid, &folder)) {
			*ret_pid = pid;
			*ret_pidfd = fd_take(&pidfd);
			return 0;
		}
	}
	return -ENOENT;
}
