/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/freeze: pausing a container (cgroup v2, "cgroup.freeze"). */
#pragma once

#include <stdbool.h>

#include "cgroup/cgroup.h"

/* Freezes or thaws everything in it and waits until the kernel says that it is so. */
int cgroup_freeze(const struct cgroup *cgroup, bool frozen, struct err *err);

/* False also when there is no cgroup, or it can't be read. */
bool cgroup_is_frozen(const struct cgroup *cgroup);
