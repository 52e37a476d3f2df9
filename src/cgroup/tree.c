/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup/tree: a cgroup with all that is below it.
 *
 * What is below it the container chose: names, depth, owners.
 */
#include "cgroup/tree.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/str.h"
#include "cgroup/dir.h"

#define TRIES 100

/* The first directory in it. Returns 1, 0 when there is none, or -errno. */
static int first_child(int dir, char name[NAME_MAX + 1])
{
	DIR *stream = cgroup_stream(dir);
	struct dirent *entry;
	int found = 0;

	if (!stream) {
		return -errno;
	}
	while (!found && (entry = readdir(stream))) {
		if (entry->d_type == DT_DIR && !str_eq(entry->d_name, ".") &&
		    !str_eq(entry->d_name, "..")) {
			snprintf(name, NAME_MAX + 1, "%s", entry->d_name);
			found = 1;
		}
	}
	closedir(stream);
	return found;
}

/*
 * Everything below an open directory, however deep the container made it: down to where nothing is
 * left, one ".." up, and so on, with one descriptor at a time. Each turn removes a directory or
 * goes one down or up.
 */
static int empty_tree(int dir)
{
	scope_fd int at = fcntl(dir, F_DUPFD_CLOEXEC, 3);
	unsigned depth = 0;
	bool went_down = false;

	if (at < 0) {
		return -errno;
	}
	for (;;) {
		char name[NAME_MAX + 1];
		int found = first_child(at, name);
		int next;

		if (found < 0) {
			return found;
		}
		if (!found && depth == 0) {
			return 0;
		}
		if (found && unlinkat(at, name, AT_REMOVEDIR) == 0) {
			went_down = false;
			continue;
		}
		if (found && errno == ENOENT) {
			return -EAGAIN;
		}
		if (found && errno != EBUSY && errno != ENOTEMPTY) {
			return -errno;
		}
		/* Nothing in it and yet busy: a process came back. */
		if (!found && went_down) {
			return -EBUSY;
		}
		if (found) {
			next = cgroup_open_child(at, name);
			depth++;
		} else {
			assert(depth > 0);
			next = cgroup_open_child(at, "..");
			depth--;
		}
		if (next < 0) {
			return next;
		}
		went_down = found;
		close(at);
		at = next;
	}
}

int cgroup_remove_tree(const char *path)
{
	int rc = -EBUSY;

	/*
	 * A process that was just killed may hold its cgroup for a moment longer than "populated"
	 * says.
	 */
	for (int tries = 0; tries < TRIES && (rc == -EBUSY || rc == -EAGAIN); tries++) {
		scope_fd int dir = cgroup_open_dir(path);

		if (tries > 0) {
			long ms = tries < 10 ? 1 : 10;

			nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000 }, NULL);
		}
		if (dir == -ENOENT) {
			return 0;
		}
		if (dir < 0) {
			return dir;
		}
		rc = empty_tree(dir);
		if (rc == 0 && rmdir(path) < 0 && errno != ENOENT) {
			rc = -errno;
		}
	}
	return rc;
}
