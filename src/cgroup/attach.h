/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/attach: bringing another process into a running container's control group (exec). */
#pragma once

#include <sys/types.h>

#include "cgroup/cgroup.h"

/*
 * Puts a process into the container's cgroup: below `sub` of it when that is given and not empty,
 * else to where init is in it, the container's first process, which may have divided it; where that
 * can't be, to the one it was given.
 */
int cgroup_attach(const struct cgroup *cgroup, const char *sub, pid_t init, pid_t pid,
		  struct err *err);

/* cgroup_open for where init is, or else for the one that it was given. */
int cgroup_open_beside(const struct cgroup *cgroup, pid_t init, struct err *err);
