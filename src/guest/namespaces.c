/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest/namespaces: joining and making namespaces, and the few settings that live in them.
 *
 * One clone, not two: the guest's first process becomes the container's init. Only where a user or
 * pid namespace is joined by path, or a procfs is added to a container, does it fork once more
 * (guest_fork_init), with CLONE_PARENT, and the child's pidfd goes to the host side.
 *
 * Namespaces are made in two moves. The host side's clone3 makes the user and the pid namespace: no
 * process can enter a new pid namespace itself. The guest makes the others with unshare, while the
 * host side runs newuidmap and newgidmap. unshare needs capabilities in the new user namespace, but
 * no mapped ids, and those two helpers are what takes longest.
 *
 * Neighbours: a guest that joins a user namespace, or a pid namespace without a user namespace of
 * its own, meets processes that are there already. They could trace it, or look through its
 * descriptors and memory, which are still the host's (CVE-2016-9962). So it is not "dumpable"
 * (prctl(2)) until its execve. The price: the files in /proc of such a process belong to the
 * machine's root, so its OOM score and clock offsets are written before.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/str.h"
#include "guest/step.h"
#include "sys/clone.h"
#include "sys/compat.h"
#include "sys/fd.h"
#include "sys/namespaces.h"
#include "wire/wire.h"

static int join_one(const struct plan_join *join, int fd, struct err *err)
{
	if (setns(fd, join->type) == 0) {
		return 0;
	}
	err_errno(err, errno, "%s: joining the %s namespace %s", join->where, join->name,
		  join->path);
	if (err->code == EINVAL) {
		err_hint(err, "it is no %s namespace, or one that this process is in already",
			 join->name);
	} else if (err->code == EPERM) {
		err_hint(err, "only namespaces owned by a user namespace of yours can be joined; "
			      "join the user namespace that it belongs to as well");
	}
	return -err->code;
}

/*
 * Situation: the host's mount namespace, so paths mean what they meant to the caller. All are
 * opened before any is entered (a path under /proc may not be there afterwards), the user namespace
 * is entered first (it gives the capabilities over those that it owns), the mount namespace last.
 */
static int join_all(const struct plan_namespaces *ns, struct err *err)
{
	int fds[PLAN_NS_MAX];
	int rc = 0;

	for (size_t i = 0; i < ns->join_n; i++) {
		fds[i] = open(ns->join[i].path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		if (fds[i] < 0) {
			rc = err_errno(err, errno, "%s: %s", ns->join[i].where, ns->join[i].path);
			while (i > 0) {
				close(fds[--i]);
			}
			return rc;
		}
	}
	for (size_t o = 0; rc == 0 && o < SYS_NAMESPACES; o++) {
		for (size_t i = 0; rc == 0 && i < ns->join_n; i++) {
			if (ns->join[i].type == sys_namespaces[o].type) {
				rc = join_one(&ns->join[i], fds[i], err);
			}
		}
	}
	for (size_t i = 0; i < ns->join_n; i++) {
		close(fds[i]);
	}
	return rc;
}

/*
 * A process can't move itself into a pid namespace, only its next child. That child is made with
 * CLONE_PARENT, so that it is the host side's child as any other init. It hands over its pidfd
 * itself, so that nothing else that it says can come first. Situation: after joining.
 */
int guest_fork_init(struct guest *g, uint64_t flags, struct err *err)
{
	pid_t pid = sys_clone(CLONE_PARENT | flags, NULL);
	scope_fd int pidfd = -1;
	int rc;

	if (pid < 0) {
		return err_errno(err, -pid, "making a process in the container's pid namespace");
	}
	if (pid > 0) {
		_exit(0);
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	pidfd = sys_pidfd_open(getpid());
	rc = pidfd;
	if (rc >= 0) {
		rc = wire_send(g->wire, WIRE_INIT, NULL, 0, pidfd);
	}
	if (rc < 0) {
		return err_errno(err, -rc, "handing the process over to the host side");
	}
	return 0;
}

static int explain_unshare(uint64_t flags, int code, struct err *err)
{
	err_errno(err, code, "making the container's namespaces (flags 0x%llx)",
		  (unsigned long long)flags);
	if (code == ENOSPC) {
		return err_hint(
			err, "a limit on namespaces is reached: see sysctl user.max_*_namespaces");
	}
	return -code;
}

/* Situation: unshare(CLONE_NEWTIME) done, and no process is in the new namespace yet. */
static int write_offsets(const struct plan_namespaces *ns, struct err *err)
{
	for (size_t i = 0; i < ns->clock_n; i++) {
		char line[96];
		int len = snprintf(line, sizeof(line), "%s %lld %u\n", ns->clocks[i].clock,
				   (long long)ns->clocks[i].secs, ns->clocks[i].nanosecs);
		int rc = sys_write_file(AT_FDCWD, "/proc/self/timens_offsets", line, (size_t)len);

		if (rc < 0) {
			return err_errno(err, -rc, "/linux/timeOffsets/%s: %lld s %u ns",
					 ns->clocks[i].clock, (long long)ns->clocks[i].secs,
					 ns->clocks[i].nanosecs);
		}
	}
	return 0;
}

/*
 * Whether this process has neighbours to be guarded from. In a pid namespace that it joins they see
 * it as their equal, unless it has a user namespace of its own: that is guard enough.
 */
bool guest_is_guarded(const struct plan *plan)
{
	const struct plan_namespaces *ns = &plan->ns;

	return plan->enter.present || plan_joins(ns, CLONE_NEWUSER) ||
	       (plan_joins(ns, CLONE_NEWPID) && !(ns->new &CLONE_NEWUSER));
}

/*
 * The files in /proc of a guarded process belong to the machine's root. So the clocks are set
 * before, by the process that stays outside of the joined pid namespace; its child is born into the
 * time namespace.
 */
static int join_guarded(const struct plan_namespaces *ns, uint64_t *rest, struct err *err)
{
	bool clocks = *rest & CLONE_NEWTIME;

	if (!clocks) {
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	}
	TRY(join_all(ns, err));
	if (clocks) {
		if (unshare(CLONE_NEWTIME) < 0) {
			return explain_unshare(CLONE_NEWTIME, errno, err);
		}
		TRY(write_offsets(ns, err));
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
		*rest &= ~(uint64_t)CLONE_NEWTIME;
	}
	return 0;
}

/*
 * Without a pid namespace whose end is the end of all in it, the container's processes are known by
 * its mount namespace. Situation: the host's /proc; only this process itself may look while it is
 * guarded.
 */
static int tell_mounts(struct guest *g, struct err *err)
{
	const struct plan_namespaces *ns = &g->plan->ns;
	uint64_t number = 0;
	bool lasting;
	int rc;

	if (!(ns->new &CLONE_NEWNS) || (ns->new &CLONE_NEWPID)) {
		return 0;
	}
	rc = sys_mount_namespace(0, &number, &lasting);
	if (rc == 0) {
		rc = wire_send(g->wire, WIRE_OWN_MOUNTS, &number, sizeof(number), -1);
	}
	if (rc < 0) {
		return err_errno(err, -rc, "telling the host side of the mount namespace");
	}
	return 0;
}

int guest_new_namespaces(struct guest *g, struct err *err)
{
	const struct plan_namespaces *ns = &g->plan->ns;
	/* Unless one of the two is joined, the host side's clone3 has made both. */
	bool join_user = plan_joins(ns, CLONE_NEWUSER);
	bool join_pid = plan_joins(ns, CLONE_NEWPID);
	uint64_t rest = ns->new & ~(uint64_t)(CLONE_NEWUSER | CLONE_NEWPID);

	if (g->plan->cgroup.manager != PLAN_CGROUP_NONE) {
		rest &= ~(uint64_t)CLONE_NEWCGROUP; /* later, by guest_cgroup */
	}
	if (guest_is_guarded(g->plan)) {
		TRY(join_guarded(ns, &rest, err));
	} else {
		TRY(join_all(ns, err));
	}
	if (join_user || join_pid) {
		TRY(guest_fork_init(g, join_user ? ns->new &CLONE_NEWPID : 0, err));
	}
	if (rest && unshare((int)rest) < 0) {
		return explain_unshare(rest, errno, err);
	}
	return tell_mounts(g, err);
}

static int explain_id(struct err *err)
{
	if (err->code == EINVAL) {
		err_hint(err, "the user namespace that is joined maps neither 0 nor this id: see "
			      "uid_map and gid_map of a process in it");
	}
	return -err->code;
}

/*
 * EINVAL: the map lacks the id. That of a namespace which is joined by its path is not known
 * before; then the process's id is tried, as it is taken at once where the map is known.
 */
static int take_ids(const struct plan *plan, struct err *err)
{
	const struct plan_ids *ids = &plan->ids;
	uid_t uid = ids->setup_uid;
	gid_t gid = ids->setup_gid;
	int rc = setresgid(gid, gid, gid);

	/* gid first: without the capabilities of uid 0 it might not be allowed any more. */
	if (rc < 0 && errno == EINVAL) {
		gid = plan->process.gid;
		rc = setresgid(gid, gid, gid);
	}
	if (rc < 0) {
		err_errno(err, errno, "/process/user/gid: becoming gid %u", gid);
		return explain_id(err);
	}
	rc = setresuid(uid, uid, uid);
	if (rc < 0 && errno == EINVAL) {
		uid = plan->process.uid;
		rc = setresuid(uid, uid, uid);
	}
	if (rc < 0) {
		err_errno(err, errno, "/process/user/uid: becoming uid %u", uid);
		return explain_id(err);
	}
	return 0;
}

int guest_wait_ids(struct guest *g, struct err *err)
{
	struct wire_msg msg;

	if (g->plan->ids.how != PLAN_IDS_NONE) {
		int rc = wire_recv(g->wire, &msg);

		if (rc <= 0 || msg.type != WIRE_IDMAP) {
			return err_set(err, EPIPE,
				       "the host side ended before the id maps were written");
		}
	}
	if (!g->plan->ids.take_ids) {
		return 0;
	}
	TRY(take_ids(g->plan, err));
	/*
	 * A change of ids clears "dumpable" and the death signal (prctl(2)); /proc/self must stay
	 * ours for the next steps, unless it is guarded.
	 */
	prctl(PR_SET_DUMPABLE, guest_is_guarded(g->plan) ? 0 : 1, 0, 0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	return 0;
}

/*
 * unshare(CLONE_NEWTIME) moves only the children of this process; setns into the namespace of the
 * children moves the process itself, which spares a fork (time_namespaces(7)). Offsets must be
 * written before.
 */
int guest_time_offsets(struct guest *g, struct err *err)
{
	const struct plan_namespaces *ns = &g->plan->ns;
	scope_fd int fd = -1;

	/* A guarded process is a child of the one that set them. */
	if (!(ns->new &CLONE_NEWTIME) || guest_is_guarded(g->plan)) {
		return 0;
	}
	TRY(write_offsets(ns, err));
	fd = open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWTIME) < 0) {
		return err_errno(err, errno, "entering the new time namespace");
	}
	return 0;
}

int guest_names(struct guest *g, struct err *err)
{
	const struct plan *plan = g->plan;

	if (plan->hostname && sethostname(plan->hostname, strlen(plan->hostname)) < 0) {
		return err_errno(err, errno, "/hostname: setting \"%s\"", plan->hostname);
	}
	if (plan->domainname && setdomainname(plan->domainname, strlen(plan->domainname)) < 0) {
		return err_errno(err, errno, "/domainname: setting \"%s\"", plan->domainname);
	}
	return 0;
}

/* SIOCSIFFLAGS on lo, netdevice(7). Situation: in the new network namespace. */
int guest_loopback(struct guest *g, struct err *err)
{
	scope_fd int fd = -1;
	struct ifreq request = { .ifr_name = "lo" };

	if (!g->plan->loopback_up) {
		return 0;
	}
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0); /* a kernel without IPv4 */
	}
	request.ifr_flags = IFF_UP | IFF_RUNNING;
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0) {
		return err_errno(err, errno, "bringing the loopback interface up");
	}
	return 0;
}

/*
 * Situation: the host's /proc, which shows the sysctls of the network namespace that this process
 * is in.
 */
int guest_network(struct guest *g, struct err *err)
{
	const struct plan_net *net = &g->plan->net;
	scope_fd int netns = -1;
	int rc;

	if (!net->config) {
		return 0;
	}
	for (size_t i = 0; i < net->early_n; i++) {
		char path[128];

		snprintf(path, sizeof(path), "/proc/sys/%s", net->early[i].path);
		rc = sys_write_file(AT_FDCWD, path, net->early[i].value,
				    strlen(net->early[i].value));
		/* ENOENT: a kernel without that protocol. */
		if (rc < 0 && rc != -ENOENT) {
			return err_errno(err, -rc, "%s: setting %s", net->where, net->early[i].key);
		}
	}
	/* Ours to hand out now: later this process may be another user's. */
	netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (netns < 0) {
		return err_errno(err, errno, "%s: /proc/self/ns/net", net->where);
	}
	rc = wire_send(g->wire, WIRE_NETWORK, NULL, 0, netns);
	if (rc < 0) {
		return err_errno(err, -rc, "telling the host side of the network");
	}
	return 0;
}
