/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/controllers: handing controllers down. */
#pragma once

#include "base/err.h"
#include "base/str.h"

/*
 * Hands every controller down that can be (cgroup.subtree_control), so that statistics are there as
 * well as limits.
 * Returns 0, or -errno with err for one of `needed` that can't: EBUSY when the cgroup has processes
 * of its own.
 */
int cgroup_enable(int dir, const char *path, const struct strs *needed, struct err *err);
