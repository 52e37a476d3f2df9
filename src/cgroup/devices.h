/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/devices: the program that decides on the container's devices, at its cgroup. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "plan/plan.h"

/*
 * Puts the device rules at a cgroup, in place of those that we put there before; without a program
 * these just go. best_effort: what can't be done is a warning.
 */
int cgroup_set_devices(int dir, const struct plan_device_filter *filter, bool best_effort,
		       struct err *err);
