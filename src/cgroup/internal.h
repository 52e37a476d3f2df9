/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/internal: what the files of the cgroup code share. Private to them. */
#pragma once

#include "cgroup/cgroup.h"

/* How long freezing, and the end of killed processes, may take. */
#define CGROUP_TIMEOUT_MS 10000

/* MOUNT PATH, and below it `sub` when that is given. In the arena. */
const char *cgroup_dir(struct arena *arena, const struct cgroup *cgroup, const char *sub);

/*
 * A directory of the cgroup file system: a descriptor (close-on-exec) or -errno. Follows no symlink
 * at the end.
 */
int cgroup_open_dir(const char *path);

/* The value of a key of cgroup.events ("populated", "frozen"): 0, 1, or -errno. */
int cgroup_event(int dir, const char *key);

/* Waits until that value is `want`. 0, -ETIMEDOUT, or -errno. */
int cgroup_wait_event(int dir, const char *key, int want, int timeout_ms);

/* Writes a number, as for cgroup.procs: 0 or -errno. */
int cgroup_put(int dir, const char *file, const char *value);

/*
 * Hands every controller down that can be (cgroup.subtree_control), so that statistics are there as
 * well as limits.
 * Returns 0, or -errno with err for one of `needed` that can't: EBUSY when the cgroup has processes
 * of its own.
 */
int cgroup_enable(int dir, const char *path, const struct strs *needed, struct err *err);

/*
 * Is memory above what is to be its limit in use, where the limits ask for that check? EBUSY.
 * Before anything is changed.
 */
int cgroup_check_usage(int dir, const struct plan_limits *limits, struct err *err);

/* Writes limits into a cgroup and reads them back. best_effort: what can't be set is a warning. */
int cgroup_set_limits(int dir, const struct plan_limits *limits, bool best_effort, struct err *err);

/*
 * Puts the device rules at a cgroup, in place of those that we put there before; without a program
 * these just go. best_effort: what can't be done is a warning.
 */
int cgroup_set_devices(int dir, const struct plan_device_filter *filter, bool best_effort,
		       struct err *err);

/* Removes the directory and all below it; no process may be left in it. 0, or -errno. */
int cgroup_remove_tree(const char *path);

/*
 * Appends the directories in `dir`, each with "AT/" in front when at is not empty. 0, or -errno;
 * gone counts as empty.
 */
int cgroup_children(struct arena *arena, int dir, const char *at, struct strs *list, size_t *room);

/* The file of a state folder in which a launch remembers its cgroup until state.json is there. */
#define CGROUP_REMEMBERED "cgroup.json"
