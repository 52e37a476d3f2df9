/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest/cgroup: the container's view of its control group.
 *
 * The namespace takes the cgroup that this process is in for its root, so it is made only after the
 * host side has put the process where it belongs. systemd takes its time for that, so the set-up
 * goes on without until something needs it: the mount that shows it, one that is filled, or the
 * host's hooks.
 *
 * Before the namespace the directory, and the files that /sys/kernel/cgroup/delegate names, are
 * given to the container's user. Their group stays the caller's, so that exec and delete still
 * write there.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/str.h"
#include "guest/step.h"
#include "sys/cgroup.h"
#include "sys/compat.h"
#include "sys/fd.h"
#include "sys/mount.h"
#include "wire/wire.h"

/*
 * run.oci.delegate-cgroup: the process goes into a cgroup below the root of its cgroup namespace.
 * The limits are those of that root, where the container can read them.
 */
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
	if (rc < 0) {
		return err_errno(err, -rc, "entering the cgroup %s", name);
	}
	return 0;
}

/*
 * Notes the path of the container's cgroup among the host's mounts, which are still to be seen. A
 * descriptor from the host side belongs to a mount of its namespace, which can't be bound here.
 */
static void note_place(struct guest *g, int dir)
{
	char link[64], path[PATH_MAX];
	struct stat st;
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", dir);
	len = readlink(link, path, sizeof(path));
	if (len > 0 && len < (ssize_t)sizeof(path) && path[0] == '/' && fstat(dir, &st) == 0) {
		g->cgroup = arena_strndup(&g->arena, path, (size_t)len);
		g->cgroup_ino = st.st_ino;
	}
}

/*
 * Situation: uid 0 of the user namespace, the host's mounts still in sight; this process is in its
 * cgroup once the message is there. Does nothing the second time.
 */
int guest_cgroup(struct guest *g, struct err *err)
{
	const struct plan *plan = g->plan;
	struct wire_msg msg;
	scope_fd int dir = -1;
	int rc;

	/* Without one, the cgroup namespace was made with the others. */
	if (plan->cgroup.manager == PLAN_CGROUP_NONE || g->has_cgroup) {
		return 0;
	}
	g->has_cgroup = true;
	rc = wire_recv(g->wire, &msg);
	if (rc <= 0 || (msg.type != WIRE_CGROUP && msg.type != WIRE_NO_CGROUP)) {
		return err_set(err, EPIPE,
			       "the host side ended before the container had its cgroup");
	}
	dir = msg.fd;
	g->no_cgroup = msg.type == WIRE_NO_CGROUP;
	if (!g->no_cgroup) {
		note_place(g, dir);
	}
	if (!g->no_cgroup && plan->cgroup.delegate) {
		TRY(sys_cgroup_give(dir, plan->cgroup.uid, err));
	}
	if ((plan->ns.new &CLONE_NEWCGROUP) && unshare(CLONE_NEWCGROUP) < 0) {
		return err_errno(err, errno, "making the container's cgroup namespace");
	}
	if (g->no_cgroup || !plan->cgroup.payload) {
		return 0;
	}
	return enter_payload(g, dir, err);
}

/* ---- its mount ---- */

/*
 * A bind of the container's own cgroup, from the host's mount. It shows what a mount of cgroup2
 * would show, and has the flags that were asked for. Returns the detached mount or -errno.
 */
static int bind_own(struct guest *g, const struct plan_mount *m)
{
	scope_fd int fd = -1;
	struct statfs fs;
	struct stat st;
	int rc;

	if (!g->cgroup) {
		return -ENOENT;
	}
	fd = sys_mount_clone(AT_FDCWD, g->cgroup, AT_RECURSIVE | AT_SYMLINK_NOFOLLOW);
	if (fd < 0) {
		return fd;
	}
	if (fstatfs(fd, &fs) < 0 || fs.f_type != CGROUP2_SUPER_MAGIC || fstat(fd, &st) < 0 ||
	    st.st_ino != g->cgroup_ino) {
		return -ENOENT;
	}
	rc = sys_mount_setattr(fd, AT_RECURSIVE, m->set, 0);
	if (rc < 0) {
		return rc;
	}
	return fd_take(&fd);
}

/*
 * Mounts cgroup2 of the container's namespace; *ret is the mount, detached. The kernel may refuse
 * that in a surrounding container, which has no cgroup2 or one that is partly covered. Then the
 * container's own cgroup is bound. Without one an empty folder stands there, instead of all the
 * host's cgroups; so it does where the namespace begins at the machine's root. What is not the
 * container's own is never writable (CVE-2023-25809).
 */
int guest_cgroup_mount(struct guest *g, const struct plan_mount *m, int *ret, struct err *err)
{
	bool foreign = g->no_cgroup || g->plan->cgroup.manager == PLAN_CGROUP_NONE;
	struct err why;
	int fd;

	if (foreign && g->plan->cgroup.caller_is_root) {
		fd = guest_empty_directory("cgroup", err);
		TRY(fd);
		*ret = fd;
		return 0;
	}
	fd = sys_mount_fs(m->fstype, m->source, m->data, m->data_n, m->fs_readonly,
			  m->set | (g->no_cgroup ? MOUNT_ATTR_RDONLY : 0), err);
	if (fd >= 0) {
		*ret = fd;
		return 0;
	}
	if (err->code != EPERM && err->code != EBUSY && err->code != ENODEV) {
		return fd;
	}
	why = *err;
	fd = -ENOENT;
	if (!foreign) {
		fd = bind_own(g, m);
	}
	if (fd >= 0) {
		guest_log(g, "%s: the container's cgroup is bound on %s, as the host has it: %s",
			  m->where, m->target, why.msg);
		*ret = fd;
		return 0;
	}
	fd = guest_empty_directory("cgroup", err);
	TRY(fd);
	guest_log(g, "%s: an empty folder stands for %s: %s", m->where, m->target, why.msg);
	*ret = fd;
	return 0;
}
