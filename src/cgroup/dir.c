/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/dir: a directory of the cgroup file system, and the files of every one. */
#include "cgroup/dir.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/scope.h"
#include "sys/await.h"
#include "sys/clock.h"
#include "sys/fd.h"

/* ---- directories ---- */

int cgroup_open_dir(const char *path)
{
	return cgroup_open_child(AT_FDCWD, path);
}

int cgroup_open_child(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

DIR *cgroup_stream(int dir)
{
	int again = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream;

	if (again < 0) {
		return NULL;
	}
	stream = fdopendir(again);
	if (!stream) {
		int code = errno;

		close(again);
		errno = code;
	}
	return stream;
}

int cgroup_children(struct arena *arena, int dir, const char *at, struct strs *list, size_t *room)
{
	DIR *stream = cgroup_stream(dir);
	struct dirent *entry;

	if (!stream) {
		if (errno == ENODEV || errno == ENOENT) {
			return 0;
		}
		return -errno;
	}
	while ((entry = readdir(stream))) {
		const char *name = entry->d_name;

		if (entry->d_type != DT_DIR || str_eq(name, ".") || str_eq(name, "..")) {
			continue;
		}
		list->v = arena_grow(arena, list->v, list->n, room, sizeof(*list->v));
		if (*at) {
			list->v[list->n++] = arena_printf(arena, "%s/%s", at, name);
		} else {
			list->v[list->n++] = arena_strdup(arena, name);
		}
	}
	closedir(stream);
	return 0;
}

/* ---- files ---- */

int cgroup_put(int dir, const char *file, const char *value)
{
	return sys_write_file(dir, file, value, strlen(value));
}

int cgroup_put_process(int dir, pid_t pid)
{
	char number[16];

	assert(pid >= 0);
	snprintf(number, sizeof(number), "%d", (int)pid);
	return cgroup_put(dir, "cgroup.procs", number);
}

/* ---- cgroup.events ---- */

/* From the start of an open file, as each new look at it has to be. */
static int event_value(int fd, const char *key)
{
	size_t len = strlen(key);
	char text[256];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	if (n < 0) {
		return -errno;
	}
	text[n] = '\0';
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		if (strncmp(line, key, len) == 0 && line[len] == ' ') {
			return line[len + 1] == '1';
		}
	}
	return -ENODATA;
}

int cgroup_event(int dir, const char *key)
{
	scope_fd int fd = openat(dir, "cgroup.events", O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		return -errno;
	}
	return event_value(fd, key);
}

int cgroup_wait_event(int dir, const char *key, int want, int timeout_ms)
{
	scope_fd int fd = openat(dir, "cgroup.events", O_RDONLY | O_CLOEXEC);
	int64_t end = sys_now_ms() + timeout_ms;

	assert(want == 0 || want == 1);
	if (fd < 0) {
		return -errno;
	}
	for (;;) {
		int value = event_value(fd, key);
		int64_t left = end - sys_now_ms();
		int rc;

		if (value == want) {
			return 0;
		}
		/* ENODEV: removed under our eyes. */
		if (value < 0) {
			return value;
		}
		if (left <= 0) {
			return -ETIMEDOUT;
		}
		/*
		 * A change between the look and the poll is reported: the file counts its changes
		 * (cgroup v2, "cgroup.events").
		 */
		rc = sys_await_fd(fd, POLLPRI, (int)left);
		if (rc > 0) {
			return -EINTR;
		}
		if (rc < 0 && rc != -ETIMEDOUT) {
			return rc;
		}
	}
}
