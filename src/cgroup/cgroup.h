/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup/cgroup: the container's control group (cgroup v2), whoever made it.
 *
 *	MOUNT PATH		made for the container, with its limits: a directory of ours, or a
 *			scope of systemd
 *	MOUNT PATH/SUB	where the container's processes are; the same directory when there is no SUB
 *
 * With the manager NONE there is none: the container is in its caller's cgroup. What can't be done
 * then fails with ENOTSUP and a line that says why and what would help; attaching and removing do
 * nothing.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/table.h"
#include "plan/plan.h"

/* What state.json keeps. */
struct cgroup {
	enum plan_cgroup_manager manager;
	const char *mount; /* "/sys/fs/cgroup"; on a hybrid host "/sys/fs/cgroup/unified" */
	const char *path;  /* below mount, beginning with '/' */
	const char *sub;   /* "container"; NULL: none */
	const char *unit;  /* SYSTEMD: the scope's name */
	const char *made;  /* FS: the highest directory that was made on the way to path */
	/* FS: a cgroup that we moved to, so that controllers could be enabled; NULL: none */
	const char *leaf;
	const char *why; /* NONE: why there is no cgroup */
	bool hurry;	 /* cgroup_remove: whoever waits for it has been asked to end */
	bool ran;	 /* cgroup_remove: it had a container to its end, so systemd knows */
};

/* "systemd", "cgroupfs", "disabled". */
extern const struct name cgroup_manager_names[];

/* MOUNT PATH, and below it `sub` when that is not NULL. In the arena. */
const char *cgroup_path(struct arena *arena, const struct cgroup *cgroup, const char *sub);

/*
 * The directory where the container's processes are, for openat. Returns a descriptor
 * (close-on-exec), or -errno with err: ENOTSUP when there is no cgroup, ENOENT when it is gone
 * (systemd removes an empty scope by itself).
 */
int cgroup_open(const struct cgroup *cgroup, struct err *err);

/* The same for the one above it that was made with the limits: all of the container is below. */
int cgroup_open_top(const struct cgroup *cgroup, struct err *err);

/* Says that there is none, and why. Returns -ENOTSUP. */
int cgroup_missing(const struct cgroup *cgroup, struct err *err);
