/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/dir: a directory of the cgroup file system, and the files of every one. */
#pragma once

#include <dirent.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/str.h"

/* How long freezing, and the end of killed processes, may take. */
#define CGROUP_TIMEOUT_MS 10000

/* A descriptor (close-on-exec), or -errno. Follows no symlink at the end. */
int cgroup_open_dir(const char *path);

/* The same for a directory in an open one; name may be "..". */
int cgroup_open_child(int dir, const char *name);

/* What is in it, read anew from the start, for closedir(3). NULL with errno. */
DIR *cgroup_stream(int dir);

/*
 * Appends the names of the directories in `dir`, each with "AT/" in front when at is not empty.
 * room: the list's, 0 at first. 0, or -errno; a directory that is gone counts as empty.
 */
int cgroup_children(struct arena *arena, int dir, const char *at, struct strs *list, size_t *room);

/* Writes a value into a file of it: 0 or -errno. */
int cgroup_put(int dir, const char *file, const char *value);

/* Puts a process there: 0 or -errno. 0 is the one that calls. */
int cgroup_put_process(int dir, pid_t pid);

/* The value of a key of cgroup.events ("populated", "frozen"): 0, 1, or -errno. */
int cgroup_event(int dir, const char *key);

/* Waits until that value is `want`. 0, -ETIMEDOUT, or -errno. */
int cgroup_wait_event(int dir, const char *key, int want, int timeout_ms);
