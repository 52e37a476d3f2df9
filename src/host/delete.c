/* SPDX-License-Identifier: Apache-2.0 */
/* host/delete: removing a container and all that was made for it. */
#include "host/delete.h"

#include <errno.h>

#include "base/log.h"
#include "cgroup/cgroup.h"
#include "cgroup/remember.h"
#include "cgroup/remove.h"
#include "host/force.h"
#include "host/hooks.h"
#include "host/kill.h"
#include "host/network.h"
#include "host/rdt.h"
#include "state/folder.h"
#include "state/status.h"

int host_destroy(struct container *c, bool hurry, struct err *err)
{
	struct plan_hooks hooks;

	TRY(host_kill_and_wait(c, err));
	host_network_ended(c);
	TRY(host_hooks_load(c, &hooks, err));
	TRY(host_rdt_remove(c->state.rdt_group, c->state.rdt_monitor, err));
	/* With whatever init left in it, where it has no pid namespace of its own. */
	c->state.cgroup.hurry = hurry;
	TRY(cgroup_remove(&c->state.cgroup, err));
	TRY(state_remove(&c->dir, err));
	return host_hooks_poststop(&hooks, c->state.bundle, hurry, err);
}

/* What is left of a container whose state can't be read: only force removes it. */
static int remove_unreadable(struct container *c, bool force, int why, struct err *err)
{
	if (!force || (why != -ENOENT && why != -EBADMSG)) {
		return why;
	}
	if (why == -EBADMSG) {
		log_warning("%s", err->msg);
		log_warning("container `%s`: removed; its processes, if it has any, are unknown "
			    "and were left alone",
			    c->id);
	}
	if (cgroup_forget(c->dir.fd, err) < 0) {
		return err_wrap(err, "container `%s`", c->id);
	}
	return state_remove(&c->dir, err);
}

int host_delete(struct container *c, bool force, struct err *err)
{
	int rc;

	/* Before the lock: what holds it may wait for the container, and then ends by itself. */
	if (force && container_load(c, err) == 0) {
		TRY(host_kill_and_wait(c, err));
	}
	rc = force ? host_lock_by_force(c, err) : container_lock(c, err);
	if (force && rc == -ENOENT) {
		return 0;
	}
	TRY(rc);
	rc = container_load(c, err);
	if (rc < 0) {
		return remove_unreadable(c, force, rc, err);
	}
	if (!force && (c->status == STATE_PAUSED ||
		       (c->status == STATE_RUNNING && !host_ends_by_itself(c)))) {
		return err_set(err, EBUSY, "cannot delete container %s that is not stopped: %s",
			       c->id, state_status_name(c->status));
	}
	return host_destroy(c, false, err);
}
