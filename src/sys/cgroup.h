/* SPDX-License-Identifier: Apache-2.0 */
/* sys/cgroup: handing a control group to a user. */
#pragma once

#include <sys/types.h>

#include "base/err.h"

/*
 * Gives the cgroup of this directory to uid, as this process sees it: the directory, and the files
 * that the kernel names in /sys/kernel/cgroup/delegate, and no others, or who gets it could lift
 * its own limits (config-linux.md, "Cgroup ownership"; cgroups(7), "Delegation"). The group stays,
 * and may write what is given. What is that user's already stays as it is. Needs CAP_CHOWN and
 * CAP_FOWNER over the present owner.
 */
int sys_cgroup_give(int dir, uid_t uid, struct err *err);
