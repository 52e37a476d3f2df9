/* SPDX-License-Identifier: Apache-2.0 */
/* host/cgroup: the container's control group, whoever made it. */
#include "host/cgroup.h"

#include <errno.h>

static int none(const struct cgroup *cgroup, struct err *err)
{
	return err_set(err, ENOTSUP, "the container has no cgroup of its own: %s",
		       cgroup->why ? cgroup->why : "this version of rootlet makes none");
}

const char *host_cgroup_manager_name(enum plan_cgroup_manager manager)
{
	static const char *const names[] = {
		[PLAN_CGROUP_NONE] = "disabled",
		[PLAN_CGROUP_FS] = "cgroupfs",
		[PLAN_CGROUP_SYSTEMD] = "systemd",
	};

	return names[manager];
}

int host_cgroup_prepare(struct arena *arena, const struct plan *plan, struct cgroup *ret, int *ret_into,
			struct err *err)
{
	(void)arena;
	(void)plan;
	(void)err;
	*ret = (struct cgroup){ .manager = PLAN_CGROUP_NONE };
	*ret_into = -1;
	return 0;
}

int host_cgroup_begin(struct arena *arena, const struct plan *plan, struct cgroup *cgroup, pid_t pid, int pidfd,
		      bool inside, int *ret_dir, struct err *err)
{
	(void)arena;
	(void)plan;
	(void)pid;
	(void)pidfd;
	(void)inside;
	(void)ret_dir;
	return none(cgroup, err);
}

int host_cgroup_attach(const struct cgroup *cgroup, const char *sub, pid_t init, pid_t pid, struct err *err)
{
	(void)init;
	(void)pid;
	return sub && *sub ? none(cgroup, err) : 0;
}

int host_cgroup_open(const struct cgroup *cgroup, struct err *err)
{
	return none(cgroup, err);
}

int host_cgroup_freeze(const struct cgroup *cgroup, bool frozen, struct err *err)
{
	(void)frozen;
	return none(cgroup, err);
}

bool host_cgroup_is_frozen(const struct cgroup *cgroup)
{
	(void)cgroup;
	return false;
}

int host_cgroup_kill(const struct cgroup *cgroup, struct err *err)
{
	return none(cgroup, err);
}

int host_cgroup_pids(struct arena *arena, const struct cgroup *cgroup, pid_t **ret, size_t *ret_n, struct err *err)
{
	(void)arena;
	(void)ret;
	(void)ret_n;
	return none(cgroup, err);
}

int host_cgroup_apply(const struct cgroup *cgroup, const struct plan_limits *limits, struct err *err)
{
	(void)limits;
	return none(cgroup, err);
}

int host_cgroup_remove(const struct cgroup *cgroup, struct err *err)
{
	(void)cgroup;
	(void)err;
	return 0;
}
