/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup/apply: new limits and device rules for what runs (update).
 *
 * Where the container has a cgroup of its own below the one that was made for it, limits are
 * written at both: above, where they hold, and below, where the container looks.
 */
#include "cgroup/apply.h"

#include "base/scope.h"
#include "cgroup/devices.h"
#include "cgroup/limits.h"
#include "systemd/manager.h"
#include "systemd/unit.h"

static int tell_manager(const struct cgroup *cgroup, const struct plan_limits *limits,
			struct err *err)
{
	struct systemd *sd = NULL;
	int rc;

	TRY(systemd_open(&sd, err));
	rc = systemd_unit_set(sd, cgroup->unit, limits->properties, limits->property_n, err);
	systemd_close(&sd);
	return rc;
}

int cgroup_apply(const struct cgroup *cgroup, const struct plan_limits *limits, struct err *err)
{
	scope_fd int dir = cgroup_open(cgroup, err);

	TRY(dir);
	TRY(cgroup_check_usage(dir, limits, err));
	/* systemd holds the scope itself to them; what is below it is ours to write. */
	if (cgroup->manager == PLAN_CGROUP_SYSTEMD && limits->property_n > 0) {
		TRY(tell_manager(cgroup, limits, err));
	}
	if (cgroup->manager == PLAN_CGROUP_FS && cgroup->sub) {
		scope_fd int above = cgroup_open_top(cgroup, err);

		TRY(above);
		TRY(cgroup_set_limits(above, limits, false, err));
	}
	return cgroup_set_limits(dir, limits, false, err);
}

int cgroup_apply_devices(const struct cgroup *cgroup, const struct plan_device_filter *filter,
			 struct err *err)
{
	scope_fd int dir = cgroup_open_top(cgroup, err);

	TRY(dir);
	return cgroup_set_devices(dir, filter, false, err);
}
