/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/remove: the end of a container's control group. */
#pragma once

#include "cgroup/cgroup.h"

/* Ends what is left in it and removes it with everything below. Success when it is gone already. */
int cgroup_remove(const struct cgroup *cgroup, struct err *err);
