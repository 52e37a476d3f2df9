/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/apply: new limits and device rules for what runs (update). */
#pragma once

#include "cgroup/cgroup.h"

/* Written and read back, and given to the unit. */
int cgroup_apply(const struct cgroup *cgroup, const struct plan_limits *limits, struct err *err);

/* New device rules, in place of the former. */
int cgroup_apply_devices(const struct cgroup *cgroup, const struct plan_device_filter *filter,
			 struct err *err);
