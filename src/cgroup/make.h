/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/make: making the container's control group. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "cgroup/cgroup.h"

struct systemd;

/* A scope that systemd may have been asked for and has not given yet. { NULL }: nothing asked. */
struct cgroup_job {
	struct systemd *sd;
};

/* Where the plan is a scope: begins the connection to systemd. cgroup_begin tells what failed. */
void cgroup_connect(const struct plan_cgroup *plan, struct cgroup_job *job);

/*
 * Where the plan is a scope: asks systemd for it as soon as there is the process that it begins
 * with, and waits for nothing: the job takes systemd as long as much of the container takes us.
 * pidfd: of the same process, or -1. What fails is told by cgroup_begin.
 */
void cgroup_ask(const struct plan_cgroup *plan, const struct cgroup_job *job, pid_t pid, int pidfd);

/* Closes the connection, if there is one. */
void cgroup_job_done(struct cgroup_job *job);

/*
 * Makes the cgroup of a plan, without a process (cgroupfs), or nothing yet (systemd, whose scopes
 * begin with a process). A new state folder, open as dir, remembers it first, so that a launch that
 * is killed leaves nothing unknown; path: that folder's, for messages. *ret_into: a descriptor for
 * sys_clone_into, or -1. After a failure the caller calls cgroup_remove.
 */
int cgroup_prepare(struct arena *arena, const struct plan_cgroup *plan, int dir, const char *path,
		   struct cgroup *ret, int *ret_into, struct err *err);

/*
 * The container's first process is there: puts it into the cgroup unless it was cloned into it
 * (`inside`); a scope that was not asked for before is asked for now. Waits until it is there,
 * closes the connection, applies the limits and reads them back. *ret_dir: the directory that is
 * to be the root of the container's cgroup namespace, for the guest; -1 when the container goes
 * without (the manager is NONE, or systemd failed and nobody had insisted). After a failure the
 * caller calls cgroup_remove.
 */
int cgroup_begin(struct arena *arena, const struct plan_cgroup *plan, struct cgroup *cgroup,
		 struct cgroup_job *job, pid_t pid, int pidfd, bool inside, int *ret_dir,
		 struct err *err);
