/* SPDX-License-Identifier: Apache-2.0 */
/* sys/idmap: see sys/idmap.h. */
#include "sys/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/scope.h"
#include "sys/clone.h"
#include "sys/fd.h"

void sys_idmap_parse(struct arena *arena, const char *text, struct sys_idmap *ret)
{
	struct sys_extent e;
	int used;

	/* The shortest line has six bytes; the last one may have no end. */
	ret->v = arena_array(arena, strlen(text) / 6 + 1, sizeof(*ret->v));
	ret->n = 0;
	while (sscanf(text, " %10u %10u %10u%n", &e.inside, &e.outside, &e.count, &used) == 3) {
		ret->v[ret->n++] = e;
		text += used;
	}
}

int sys_idmap_read(struct arena *arena, const char *path, struct sys_idmap *ret)
{
	const char *text;
	ssize_t len = sys_read_file(arena, AT_FDCWD, path, 65536, &text);

	if (len < 0) {
		return (int)len;
	}
	sys_idmap_parse(arena, text, ret);
	return 0;
}

bool sys_idmap_holds(const struct sys_idmap *map, uint32_t first, uint32_t count,
		     const struct sys_extent **ret_extent)
{
	for (size_t i = 0; i < map->n; i++) {
		const struct sys_extent *e = &map->v[i];

		if (first >= e->inside && first - e->inside < e->count &&
		    count <= e->count - (first - e->inside)) {
			if (ret_extent) {
				*ret_extent = e;
			}
			return true;
		}
	}
	return false;
}

/* pid: as /proc has it, which need not be as this process's pid namespace has it. */
static int write_maps(pid_t pid, const char *uid_map, const char *gid_map)
{
	char path[64];
	int rc;

	snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
	rc = sys_write_file(AT_FDCWD, path, uid_map, strlen(uid_map));
	if (rc < 0) {
		return rc;
	}
	snprintf(path, sizeof(path), "/proc/%d/gid_map", pid);
	rc = sys_write_file(AT_FDCWD, path, gid_map, strlen(gid_map));
	if (rc < 0) {
		return rc;
	}
	snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	rc = open(path, O_RDONLY | O_CLOEXEC);
	if (rc < 0) {
		return -errno;
	}
	return rc;
}

int sys_idmap_namespace(const char *uid_map, const char *gid_map)
{
	scope_fd int pidfd = -1;
	pid_t pid = sys_clone(CLONE_NEWUSER, &pidfd);
	pid_t shown;
	int fd;

	if (pid < 0) {
		return pid;
	}
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		for (;;) {
			pause();
		}
	}
	shown = sys_pidfd_pid(pidfd);
	fd = shown;
	if (shown >= 0) {
		fd = write_maps(shown, uid_map, gid_map);
	}
	(void)sys_pidfd_kill(pidfd, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
	}
	return fd;
}
