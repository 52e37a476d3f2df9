/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest/cgroup: the container's view of its control group.
 *
 * The namespace takes the cgroup that this process is in for its root, so it is made only after the host side has put
 * the process where it belongs. What the container may change there is given to its user before that.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/str.h"
#include "guest/step.h"
#include "sys/cgroup.h"
#include "sys/fd.h"
#include "wire/wire.h"

/* run.oci.delegate-cgroup: below the namespace's root, so that the limits stay visible above the process. */
static int enter_payload(struct guest *g, int dir, struct err *err)
{
	const char *name = g->plan->cgroup.payload;
	scope_fd int below = -1;
	int rc;

	if (mkdirat(dir, name, 0755) < 0 && errno != EEXIST) {
		return err_errno(err, errno, "making the cgroup %s", name);
	}
	below = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (below < 0) {
		return err_errno(err, errno, "the cgroup %s", name);
	}
	TRY(sys_cgroup_give(below, g->plan->cgroup.uid, err));
	rc = sys_write_file(below, "cgroup.procs", "0", 1);
	return rc < 0 ? err_errno(err, -rc, "entering the cgroup %s", name) : 0;
}

/* Situation: uid 0 of the user namespace, the host's mounts; this process is in its cgroup once the message is there. */
int guest_cgroup(struct guest *g, struct err *err)
{
	const struct plan *plan = g->plan;
	struct wire_msg msg;
	scope_fd int dir = -1;
	int rc;

	if (plan->cgroup.manager == PLAN_CGROUP_NONE) {
		return 0; /* the namespace was made with the others */
	}
	rc = wire_recv(g->wire, &msg);
	if (rc <= 0 || (msg.type != WIRE_CGROUP && msg.type != WIRE_NO_CGROUP)) {
		return err_set(err, EPIPE, "the host side ended before the container had its cgroup");
	}
	dir = msg.fd;
	g->no_cgroup = msg.type == WIRE_NO_CGROUP;
	if (!g->no_cgroup && plan->cgroup.delegate) {
		TRY(sys_cgroup_give(dir, plan->cgroup.uid, err));
	}
	if ((plan->ns.new &CLONE_NEWCGROUP) && unshare(CLONE_NEWCGROUP) < 0) {
		return err_errno(err, errno, "making the container's cgroup namespace");
	}
	return g->no_cgroup || !plan->cgroup.payload ? 0 : enter_payload(g, dir, err);
}
