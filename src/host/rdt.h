/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/rdt: linux.intelRdt: the container's group in the resctrl filesystem (config-linux.md,
 * "IntelRdt").
 */
#pragma once

#include <sys/types.h>

#include "base/err.h"
#include "plan/plan.h"

/*
 * Makes what the plan wants made, or checks what has to be there already. On failure nothing that
 * it made is left.
 * Errors: EEXIST, ENOENT, EINVAL (a group of other schemata), those of the kernel.
 */
int host_rdt_make(const struct plan_rdt *rdt, struct err *err);

/*
 * Writes the schemata and puts pid into the group. The kernel explains a refusal in
 * info/last_cmd_status: passed on.
 */
int host_rdt_enter(const struct plan_rdt *rdt, pid_t pid, struct err *err);

/*
 * Removes the groups that were made for a container (either may be NULL), whose processes are gone.
 */
int host_rdt_remove(const char *group, const char *monitor, struct err *err);
