/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest/enter: exec's way into a container that runs.
 *
 * exec is a launch that joins in place of making: the plan is the same struct, and its steps are
 * the same ones, in a second and shorter table (guest.c). The host side gives a pidfd of the
 * container's first process, which it has checked, and one setns(2) on it enters all the
 * namespaces.
 *
 * Inside, /proc is whatever the container made of it. What the host's is needed for is done before
 * (OOM score), or through a descriptor that is kept (labels, opening the terminal multiplexer
 * again).
 *
 * The container's processes are there, and hostile. What they can see they can stop, and with
 * CAP_SYS_PTRACE and no user namespace of their own also trace and look through (CVE-2016-9962).
 * So the pid namespace is entered last of all, by a process that has nothing of the host's
 * (last.c). This one is not in it. Where there is none to enter, it is not dumpable from before the
 * join until its execve. That holds against all capabilities in a user namespace of their own.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/scope.h"
#include "guest/step.h"
#include "sys/clone.h"
#include "sys/compat.h"
#include "sys/fd.h"
#include "sys/namespaces.h"
#include "wire/wire.h"

/*
 * Situation: as the host side left us. What is forked from here on is in the same cgroup and on the
 * same CPUs.
 */
int guest_wait_placed(struct guest *g, struct err *err)
{
	struct wire_msg msg;
	int rc;

	if (!g->plan->enter.place) {
		return 0;
	}
	rc = wire_recv(g->wire, &msg);
	if (rc <= 0 || msg.type != WIRE_PLACED) {
		return err_set(err, EPIPE,
			       "the host side ended before the process was in its cgroup");
	}
	return 0;
}

static int explain_join(int code, struct err *err)
{
	err_errno(err, code, "joining the container's namespaces");
	if (code == ESRCH) {
		return err_hint(err, "container not running: it has just ended");
	}
	if (code == EPERM) {
		return err_hint(err,
				"they belong to a user namespace that is not yours: run this where "
				"the container was started (in the same podman unshare, say)");
	}
	return -code;
}

/*
 * Before Linux 5.8 a pidfd is none for setns(2). The pid is surely init's as long as the pidfd can
 * be signalled.
 */
static int join_by_path(struct guest *g, uint64_t flags, struct err *err)
{
	pid_t pid = sys_pidfd_pid(g->init);
	const uint64_t pids = g->plan->enter.mounts ? 0 : g->plan->enter.join & CLONE_NEWPID;
	int fds[SYS_NAMESPACES];
	int rc = 0;
	size_t n;

	if (pid < 0) {
		return explain_join(-pid, err);
	}
	/* The host's /proc will be gone later. This process stays where it is all the same. */
	flags |= pids;
	g->pids_joined = g->pids_joined || pids;
	for (n = 0; rc == 0 && n < SYS_NAMESPACES; n++) {
		char path[64];

		fds[n] = -1;
		if (flags & (uint64_t)sys_namespaces[n].type) {
			snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid,
				 sys_namespaces[n].file);
			fds[n] = open(path, O_RDONLY | O_CLOEXEC);
			if (fds[n] < 0) {
				rc = explain_join(errno, err);
			}
		}
	}
	if (rc == 0 && sys_pidfd_kill(g->init, 0) < 0) {
		rc = explain_join(ESRCH, err);
	}
	for (size_t i = 0; i < n; i++) {
		if (rc == 0 && fds[i] >= 0 && setns(fds[i], sys_namespaces[i].type) < 0) {
			rc = explain_join(errno, err);
		}
		scope_close_(&fds[i]);
	}
	return rc;
}

int guest_join(struct guest *g, uint64_t types, struct err *err)
{
	for (size_t i = 0; g->namespaces && i < SYS_NAMESPACES; i++) {
		if ((types & (uint64_t)sys_namespaces[i].type) &&
		    setns(g->namespaces[i], sys_namespaces[i].type) < 0) {
			return explain_join(errno, err);
		}
	}
	if (g->namespaces) {
		return 0;
	}
	if (types == 0 || setns(g->init, (int)types) == 0) {
		return 0;
	}
	if (errno == EINVAL) {
		return join_by_path(g, types, err);
	}
	return explain_join(errno, err);
}

bool guest_has_last(const struct guest *g)
{
	return g->plan->enter.present && (g->plan->enter.join & CLONE_NEWPID);
}

/* Situation: all other namespaces are joined, and the power to join is still there. */
int guest_join_pids(struct guest *g, struct err *err)
{
	if (!guest_has_last(g) || g->pids_joined) {
		return 0;
	}
	g->pids_joined = true;
	return guest_join(g, CLONE_NEWPID, err);
}

/*
 * Situation before: the host's namespaces, the caller's ids. After: a process of the container's
 * namespaces but the pid namespace, with all capabilities in its user namespace, "/" the
 * container's.
 */
int guest_enter(struct guest *g, struct err *err)
{
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	TRY(guest_join(g, g->plan->enter.join & ~(uint64_t)CLONE_NEWPID, err));
	if (g->root >= 0 && (fchdir(g->root) < 0 || chroot(".") < 0)) {
		return err_errno(err, errno, "entering the container's root");
	}
	fd_drop(&g->root);
	if (chdir("/") < 0) {
		return err_errno(err, errno, "chdir /");
	}
	g->rootfs = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (g->rootfs < 0) {
		return err_errno(err, errno, "the container's root");
	}
	return 0;
}

/* Situation: in the container's cgroup, whose cpuset has already had its say. */
int guest_final_cpus(struct guest *g, struct err *err)
{
	const struct plan_cpus *cpus = &g->plan->enter.final;

	if (!cpus->set || syscall(SYS_sched_setaffinity, 0, sizeof(cpus->bits), cpus->bits) == 0) {
		return 0;
	}
	err_errno(err, errno, "/process/execCPUAffinity/final");
	if (err->code == EINVAL) {
		return err_hint(err, "none of these CPUs is there for the container");
	}
	return -err->code;
}

/*
 * For an exec before the start. Nobody may look into a process that has changed its user and
 * executed nothing since, not even its owner; nor into one that was guarded from the beginning. A
 * created container waits like that unless its user is root and it is not guarded. Its namespaces
 * can't be opened by its pid then, so it opens them itself and hands them out at the gate. To make
 * it dumpable would be shorter, but then a program that is executed in the container could read the
 * caller's environment in its memory. Situation: before the pivot, in all of them.
 */
int guest_keep_namespaces(struct guest *g, struct err *err)
{
	const struct plan_process *p = &g->plan->process;

	for (size_t i = 0; i < SYS_NAMESPACES; i++) {
		char path[32];

		g->kept[i] = -1;
		if (g->gate < 0 || (p->uid == 0 && p->gid == 0 && !guest_is_guarded(g->plan))) {
			continue;
		}
		snprintf(path, sizeof(path), "/proc/self/ns/%s", sys_namespaces[i].file);
		g->kept[i] = open(path, O_RDONLY | O_CLOEXEC);
		if (g->kept[i] < 0 && errno != ENOENT) { /* a kernel without that kind */
			return err_errno(err, errno, "%s, kept for exec", path);
		}
	}
	return 0;
}

/* An answer that is cut short is the caller's to notice and report. */
void guest_give_namespaces(const struct guest *g, int caller)
{
	for (size_t i = 0; i < SYS_NAMESPACES; i++) {
		uint32_t type = (uint32_t)sys_namespaces[i].type;

		if (g->kept[i] >= 0 &&
		    wire_send(caller, WIRE_NAMESPACE, &type, sizeof(type), g->kept[i]) < 0) {
			return;
		}
	}
}
