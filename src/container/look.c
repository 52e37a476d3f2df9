/* SPDX-License-Identifier: Apache-2.0 */
/* container/look: what has to be known of a container by who goes in. */
#include "container/look.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/scope.h"
#include "cgroup/cgroup.h"
#include "cgroup/freeze.h"
#include "container/gate.h"
#include "facts/container.h"
#include "facts/facts.h"
#include "state/folder.h"
#include "state/status.h"

int container_check_thawed(const struct container *c, int dir, struct err *err)
{
	const struct cgroup *cgroup = &c->state.cgroup;
	scope_fd int own = -1;

	if (cgroup->manager == PLAN_CGROUP_NONE) {
		return 0;
	}
	if (dir < 0) {
		own = cgroup_open(cgroup, err);
		TRY(own);
		dir = own;
	}
	return cgroup_refuse_frozen(cgroup, dir, err);
}

/*
 * A container that waits for its start as another user than root can't be looked into: it is asked.
 */
static int ask_at_gate(struct container *c, struct err *err)
{
	const char *path = arena_printf(&c->arena, "%s/%s", c->root, c->id);
	scope_fd int fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct state_dir dir = { .fd = fd, .root = c->root, .id = c->id };

	if (fd < 0) {
		return err_errno(err, errno, "%s", path);
	}
	TRY(container_check_thawed(c, -1, err));
	c->by_gate = true;
	return container_gate_namespaces(&dir, c->namespaces, err);
}

static int look_at_namespaces(struct container *c, struct facts_container *ret, struct err *err)
{
	int rc = facts_container(&c->arena, (pid_t)c->state.pid, NULL, ret);

	/* Its program may have begun since it was found. */
	if ((rc == -EACCES || rc == -EPERM) && state_status(c->root, &c->state) == STATE_CREATED) {
		TRY(ask_at_gate(c, err));
		rc = facts_container(&c->arena, (pid_t)c->state.pid, c->namespaces, ret);
	}
	if (rc == -ESRCH) {
		return container_not_running(c, err);
	}
	if (rc < 0) {
		return err_errno(err, -rc, "looking at the namespaces of container `%s`", c->id);
	}
	return 0;
}

int container_look(struct container *c, struct facts_container *ret, struct err *err)
{
	TRY(look_at_namespaces(c, ret, err));
	if (!c->state.no_pivot) {
		return 0;
	}
	c->root_dir = open(arena_printf(&c->arena, "/proc/%d/root", (int)c->state.pid),
			   O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (c->root_dir < 0) {
		return err_errno(err, errno, "the root of container `%s`", c->id);
	}
	return 0;
}
