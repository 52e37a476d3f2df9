/* SPDX-License-Identifier: Apache-2.0 */
/* facts/container: what can be seen of a running container from outside. */
#include "facts/container.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/err.h"
#include "sys/namespaces.h"
#include "user/ids.h"

/* The namespace of a descriptor, or with -1 of a process. 0 or -errno. */
static int look_at(const char *process, const char *file, int fd, struct stat *ret)
{
	char path[64];
	int rc;

	if (fd >= 0) {
		rc = fstat(fd, ret);
	} else {
		snprintf(path, sizeof(path), "/proc/%s/ns/%s", process, file);
		rc = stat(path, ret);
	}
	return rc < 0 ? -errno : 0;
}

/*
 * Is that namespace, of a descriptor (-1: none) or of a process, another one than ours? 1, 0 (also
 * where the kernel lacks the kind), -errno.
 */
static int is_another(const char *file, const char *process, int fd)
{
	struct stat ours, theirs;
	int rc = look_at("self", file, -1, &ours);

	if (rc == -ENOENT) {
		return 0;
	}
	TRY(rc);
	rc = look_at(process, file, fd, &theirs);
	if (rc == -ENOENT) {
		return -ESRCH;
	}
	TRY(rc);
	return ours.st_ino != theirs.st_ino || ours.st_dev != theirs.st_dev;
}

int facts_container(struct arena *arena, pid_t pid, const int *namespaces,
		    struct facts_container *ret)
{
	const char *process = arena_printf(arena, "%d", (int)pid);
	struct facts_container c = { .other = 0 };

	for (size_t i = 0; i < SYS_NAMESPACES; i++) {
		int fd = namespaces ? namespaces[i] : -1;
		int rc = is_another(sys_namespaces[i].file, process, fd);

		TRY(rc);
		if (rc > 0) {
			c.other |= (uint64_t)sys_namespaces[i].type;
		}
	}
	if (c.other & CLONE_NEWUSER) {
		user_read_map(arena, arena_printf(arena, "/proc/%s/uid_map", process), &c.uids);
		user_read_map(arena, arena_printf(arena, "/proc/%s/gid_map", process), &c.gids);
		c.setgroups_denied = user_setgroups_denied(
			arena, arena_printf(arena, "/proc/%s/setgroups", process));
	}
	*ret = c;
	return 0;
}
