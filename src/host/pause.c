/* SPDX-License-Identifier: Apache-2.0 */
/* host/pause: pause and resume, by freezing the container's cgroup. */
#include "host/pause.h"

#include "cgroup/freeze.h"

int host_pause(struct container *c, struct err *err)
{
	if (cgroup_freeze(&c->state.cgroup, true, err) < 0) {
		(void)err_wrap(err, "cannot pause container `%s`", c->id);
		return container_explain(c, err);
	}
	return 0;
}

int host_resume(struct container *c, struct err *err)
{
	if (cgroup_freeze(&c->state.cgroup, false, err) < 0) {
		(void)err_wrap(err, "cannot resume container `%s`", c->id);
		return container_explain(c, err);
	}
	return 0;
}
