/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/follow: what happens to a container, as its cgroup tells it (events). */
#pragma once

#include <stdint.h>

#include "cgroup/cgroup.h"

/*
 * Follows a container until it ends: calls `oom` each time that the kernel has killed processes of
 * it for want of memory, and `tick` at once and every interval_ms (0: never). Either returns 0 to
 * go on or -errno with err.
 */
struct cgroup_watch {
	int (*tick)(void *data, struct err *err);
	int (*oom)(void *data, struct err *err);
	void *data;
	int64_t interval_ms;
	int pidfd; /* of the container's init */
	/*
	 * one more descriptor that tells of the container; -1: none. With it there need not be a
	 * cgroup
	 */
	int also;
	/* it is readable. > 0: that was its end */
	int (*told)(void *data, int also, struct err *err);
};

int cgroup_follow(const struct cgroup *cgroup, const struct cgroup_watch *watch, struct err *err);
