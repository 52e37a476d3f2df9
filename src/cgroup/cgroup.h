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

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/table.h"
#include "plan/plan.h"

struct state_dir;

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
};

/* "systemd", "cgroupfs", "disabled". */
extern const struct name cgroup_manager_names[];

/*
 * Makes the cgroup of a plan, without a process (cgroupfs), or nothing yet (systemd, whose scopes
 * begin with a process). dir, a new state folder, remembers it first, so that a launch that is
 * killed leaves nothing unknown. *ret_into: a descriptor for sys_clone, or -1. After a failure the
 * caller calls cgroup_remove.
 */
int cgroup_prepare(struct arena *arena, const struct plan_cgroup *plan, const struct state_dir *dir,
		   struct cgroup *ret, int *ret_into, struct err *err);

/*
 * The container's first process is there: puts it into the cgroup unless it was cloned into it
 * (`inside`), applies the limits and reads them back. *ret_dir: the directory that is to be the
 * root of the container's cgroup namespace, for the guest; -1 when the container goes without (the
 * manager is NONE, or systemd failed and nobody had insisted). After a failure the caller calls
 * cgroup_remove.
 */
int cgroup_begin(struct arena *arena, const struct plan_cgroup *plan, struct cgroup *cgroup,
		 pid_t pid, int pidfd, bool inside, int *ret_dir, struct err *err);

/*
 * Puts a process into the container's cgroup (exec): below `sub` of it when that is given and not
 * empty, else to where init is in it, the container's first process, which may have divided it;
 * where that can't be, to the one it was given.
 */
int cgroup_attach(const struct cgroup *cgroup, const char *sub, pid_t init, pid_t pid,
		  struct err *err);

/*
 * The directory where the container's processes are, for openat. Returns a descriptor
 * (close-on-exec), or -errno with err: ENOTSUP when there is no cgroup, ENOENT when it is gone.
 */
int cgroup_open(const struct cgroup *cgroup, struct err *err);

/* The same for where init is, as cgroup_attach has it. */
int cgroup_open_beside(const struct cgroup *cgroup, pid_t init, struct err *err);

/* Freezes or thaws everything in it and waits until the kernel says that it is so. */
int cgroup_freeze(const struct cgroup *cgroup, bool frozen, struct err *err);

/* False also when there is no cgroup, or it can't be read. */
bool cgroup_is_frozen(const struct cgroup *cgroup);

/*
 * SIGKILL to every process in it, also to those that are being forked: cgroup.kill, before Linux
 * 5.14 by freezing first. Does not wait for their end.
 */
int cgroup_kill(const struct cgroup *cgroup, struct err *err);

/* Every process in it and below that this process can see, ascending. */
int cgroup_pids(struct arena *arena, const struct cgroup *cgroup, pid_t **ret, size_t *ret_n,
		struct err *err);

/* New limits for what runs: written and read back, and given to the unit (update). */
int cgroup_apply(const struct cgroup *cgroup, const struct plan_limits *limits, struct err *err);

/* New device rules for what runs, in place of the former. */
int cgroup_apply_devices(const struct cgroup *cgroup, const struct plan_device_filter *filter,
			 struct err *err);

/* Ends what is left in it and removes it with everything below. Success when it is gone already. */
int cgroup_remove(const struct cgroup *cgroup, struct err *err);

/* ---- in files: state.json, and what a launch remembers until that is written ---- */

struct json_writer;
struct json_table;

/* Of struct cgroup, as cgroup_write writes it. */
extern const struct json_table cgroup_table;

/* The member "cgroup". */
void cgroup_write(struct json_writer *w, const struct cgroup *cgroup);

/* What the launch that had this folder before remembered, and did not live to remove. */
void cgroup_forget(int dir_fd);
