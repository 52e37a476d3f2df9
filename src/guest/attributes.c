/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest/attributes: sysctls, scheduling, I/O priority, NUMA policy, execution domain, security
 * labels.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/scope.h"
#include "guest/step.h"
#include "sys/compat.h"
#include "sys/fd.h"

#define IOPRIO_WHO_PROCESS 1

/* struct sched_attr, sched_setattr(2), under a name that no header has. */
struct scheduler_attributes {
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime;
	uint64_t deadline;
	uint64_t period;
};

static int write_sysctl(int proc, const struct plan_sysctl *s)
{
	scope_fd int fd = guest_open_procfs_file(proc, s->path);
	size_t len = strlen(s->value);
	ssize_t wrote;

	if (fd < 0) {
		return fd;
	}
	do {
		wrote = write(fd, s->value, len);
	} while (wrote < 0 && errno == EINTR);
	if (wrote < 0) {
		return -errno;
	}
	if ((size_t)wrote != len) {
		return -EIO;
	}
	return 0;
}

/*
 * Situation: the host's /proc, which shows the sysctls of the namespaces that this process is in.
 */
int guest_sysctls(struct guest *g, struct err *err)
{
	scope_fd int proc = -1;

	if (g->plan->sysctl_n == 0) {
		return 0;
	}
	proc = guest_open_procfs(AT_FDCWD, "/proc/sys", err);
	TRY(proc);
	for (size_t i = 0; i < g->plan->sysctl_n; i++) {
		const struct plan_sysctl *s = &g->plan->sysctls[i];
		int rc = write_sysctl(proc, s);

		if (rc == -EXDEV) {
			return err_set(
				err, EPERM,
				"/linux/sysctl: /proc/sys/%s is not a file of the kernel's procfs",
				s->path);
		}
		if (rc == -EACCES || rc == -EPERM || rc == -EROFS) {
			err_errno(err, -rc, "/linux/sysctl: setting %s to \"%s\"", s->key,
				  s->value);
			return err_hint(err, "this kernel does not let an ordinary user set it, "
					     "also not in a namespace of their own");
		}
		if (rc < 0) {
			return err_errno(err, -rc, "/linux/sysctl: setting %s to \"%s\"", s->key,
					 s->value);
		}
	}
	return 0;
}

int guest_set_scheduler(const struct plan_scheduler *s, uint64_t flags)
{
	struct scheduler_attributes attributes = {
		.size = sizeof(attributes),
		.policy = s->policy,
		.flags = flags,
		.nice = s->nice,
		.priority = s->priority,
		.runtime = s->runtime,
		.deadline = s->deadline,
		.period = s->period,
	};

	return syscall(SYS_sched_setattr, 0, &attributes, 0) < 0 ? -errno : 0;
}

bool guest_scheduler_is_lost(const struct plan_scheduler *s)
{
	return s->set && ((s->flags & SCHED_FLAG_RESET_ON_FORK) || s->policy == SCHED_DEADLINE);
}

static int set_scheduler(const struct guest *g, struct err *err)
{
	const struct plan_scheduler *s = &g->plan->process.scheduler;
	uint64_t flags = s->flags;
	int rc;

	if (!s->set) {
		return 0;
	}
	if (guest_has_last(g)) {
		if (s->policy == SCHED_DEADLINE) {
			return 0; /* such a process may not fork: the program's sets it itself */
		}
		flags &= ~(uint64_t)SCHED_FLAG_RESET_ON_FORK;
	}
	rc = guest_set_scheduler(s, flags);
	if (rc == 0) {
		return 0;
	}
	err_errno(err, -rc, "/process/scheduler");
	if (err->code == EPERM) {
		err_hint(err, "real-time policies and nice values below your own need "
			      "RLIMIT_RTPRIO and RLIMIT_NICE (/etc/security/limits.conf)");
	}
	return -err->code;
}

/* Situation: still with all capabilities, which count for real root. */
int guest_attributes(struct guest *g, struct err *err)
{
	const struct plan_process *p = &g->plan->process;

	TRY(set_scheduler(g, err));
	if (p->set_io_priority &&
	    syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, p->io_priority) < 0) {
		err_errno(err, errno, "/process/ioPriority");
		if (err->code == EPERM) {
			return err_hint(err, "the real-time class is reserved to root");
		}
		return -err->code;
	}
	if (p->memory_policy.set && syscall(SYS_set_mempolicy, p->memory_policy.mode,
					    p->memory_policy.nodes, PLAN_NODES_MAX + 1) < 0) {
		return err_errno(err, errno, "/linux/memoryPolicy");
	}
	if (p->set_personality && personality(p->personality) < 0) {
		return err_errno(err, errno, "/linux/personality");
	}
	return 0;
}

static int open_label(int proc, const char *folder, const char *fallback, int *ret, struct err *err)
{
	scope_fd int attr = -1;
	int fd;

	assert(proc >= 0);
	attr = guest_open_procfs(proc, folder, err);
	if (attr < 0 && err->code == ENOENT && fallback) {
		attr = guest_open_procfs(proc, fallback, err);
	}
	TRY(attr);
	fd = guest_open_procfs_file(attr, "exec");
	if (fd == -EXDEV) {
		return err_set(err, EPERM, "/proc/%s/exec is not a file of the kernel's procfs",
			       folder);
	}
	if (fd < 0) {
		return err_errno(err, -fd, "/proc/%s/exec", folder);
	}
	*ret = fd;
	return 0;
}

/*
 * Situation: the host's /proc, by path or (exec) kept from before the join: it shows this process
 * too. The labels themselves are written last, so that they hold for the program alone.
 */
int guest_open_labels(struct guest *g, struct err *err)
{
	const struct plan_process *p = &g->plan->process;

	TRY(guest_keep_proc(g, err));
	if (p->apparmor && open_label(g->host_proc, "thread-self/attr/apparmor", "thread-self/attr",
				      &g->apparmor, err) < 0) {
		return err_wrap(err, "/process/apparmorProfile");
	}
	if (p->selinux &&
	    open_label(g->host_proc, "thread-self/attr", NULL, &g->selinux, err) < 0) {
		return err_wrap(err, "/process/selinuxLabel");
	}
	return 0;
}

int guest_labels(struct guest *g, struct err *err)
{
	const struct plan_process *p = &g->plan->process;

	if (g->apparmor >= 0) {
		const char *text = arena_printf(&g->arena, "exec %s", p->apparmor);

		if (write(g->apparmor, text, strlen(text)) < 0) {
			err_errno(err, errno, "/process/apparmorProfile: \"%s\"", p->apparmor);
			if (err->code == ENOENT) {
				return err_hint(err, "no profile of that name is loaded");
			}
			return -err->code;
		}
	}
	if (g->selinux >= 0 && write(g->selinux, p->selinux, strlen(p->selinux)) < 0) {
		return err_errno(err, errno, "/process/selinuxLabel: \"%s\"", p->selinux);
	}
	return 0;
}
