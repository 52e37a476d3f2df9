/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan/attributes: what the kernel keeps of a process beside its credentials: scheduling, I/O
 * priority, NUMA policy, execution domain, security labels; and the sysctls of the namespaces that
 * the container owns.
 */
#include "plan/attributes.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "base/str.h"
#include "plan/builder.h"
#include "plan/net.h"

#ifndef SCHED_DEADLINE
#define SCHED_DEADLINE 6
#endif

/* ---- sysctls ---- */

enum { UTS_NAME_MAX = 64 }; /* __NEW_UTS_LEN, linux/utsname.h */

/*
 * Which keys belong to which namespace: namespaces(7), ipc_namespaces(7), and the kernel's
 * Documentation/admin-guide.
 */
static const struct sysctl_owner {
	const char *prefix; /* ends with '/': everything below; else the whole key */
	int type;
	const char *name;
} sysctl_owners[] = {
	{ "net/", CLONE_NEWNET, "network" },
	{ "fs/mqueue/", CLONE_NEWIPC, "ipc" },
	{ "kernel/msgmax", CLONE_NEWIPC, "ipc" },
	{ "kernel/msgmnb", CLONE_NEWIPC, "ipc" },
	{ "kernel/msgmni", CLONE_NEWIPC, "ipc" },
	{ "kernel/sem", CLONE_NEWIPC, "ipc" },
	{ "kernel/shmall", CLONE_NEWIPC, "ipc" },
	{ "kernel/shmmax", CLONE_NEWIPC, "ipc" },
	{ "kernel/shmmni", CLONE_NEWIPC, "ipc" },
	{ "kernel/shm_rmid_forced", CLONE_NEWIPC, "ipc" },
	{ "kernel/domainname", CLONE_NEWUTS, "uts" },
	{ "kernel/hostname", CLONE_NEWUTS, "uts" },
	{ "user/", CLONE_NEWUSER, "user" },
};

static const struct sysctl_owner *owner_of(const char *key)
{
	for (size_t i = 0; i < sizeof(sysctl_owners) / sizeof(sysctl_owners[0]); i++) {
		const struct sysctl_owner *o = &sysctl_owners[i];

		size_t len = strlen(o->prefix);

		if (str_starts(key, o->prefix) && (o->prefix[len - 1] == '/' || !key[len])) {
			return o;
		}
	}
	return NULL;
}

/*
 * sysctl(8): the first separator tells which of the two forms a key has; in the form with dots a
 * slash stands for a dot of a name ("net.ipv4.conf.eth0/100.forwarding").
 */
static char *path_of(struct arena *arena, const char *key)
{
	char *path = arena_strdup(arena, key);
	bool dots = path[strcspn(path, "./")] == '.';

	for (char *p = path; dots && *p; p++) {
		if (*p == '.') {
			*p = '/';
		} else if (*p == '/') {
			*p = '.';
		}
	}
	return path;
}

static bool is_clean(const char *path)
{
	return path[0] != '/' && !strstr(path, "..") && !strstr(path, "//") &&
	       path[strlen(path) - 1] != '/';
}

/*
 * The two names of a uts namespace have a system call that its owner may use; the files are the
 * host's root's.
 */
static const char **name_of(const char *path, struct plan *plan)
{
	if (str_eq(path, "kernel/domainname")) {
		return &plan->domainname;
	}
	return str_eq(path, "kernel/hostname") ? &plan->hostname : NULL;
}

/*
 * A name may come from its own property too, and any key by dots and by slashes. Which of two
 * values is meant is not ours to guess.
 */
static int take_name(const char *key, const char *path, const char *value, const char **name,
		     struct err *err)
{
	if (strlen(value) > UTS_NAME_MAX) {
		return err_set(err, EINVAL, "/linux/sysctl: \"%s\": longer than %d bytes", key,
			       UTS_NAME_MAX);
	}
	if (*name && !str_eq(*name, value)) {
		return err_set(
			err, EINVAL,
			"/linux/sysctl: \"%s\" is \"%s\", which conflicts with \"%s\", given "
			"by /%s or by another form of this key: leave one of them out",
			key, value, *name, path + strlen("kernel/"));
	}
	*name = value;
	return 0;
}

static int add_sysctl(struct plan *plan, size_t from, struct plan_sysctl added, struct err *err)
{
	for (size_t i = from; i < plan->sysctl_n; i++) {
		const struct plan_sysctl *before = &plan->sysctls[i];

		if (str_eq(before->path, added.path) && !str_eq(before->value, added.value)) {
			return err_set(err, EINVAL,
				       "/linux/sysctl: \"%s\" and \"%s\" are the same, and their "
				       "values differ: leave one of them out",
				       before->key, added.key);
		}
	}
	plan->sysctls[plan->sysctl_n++] = added;
	return 0;
}

int plan_sysctls(struct builder *b, struct err *err)
{
	const struct pairs *want = &b->lin->sysctl;
	struct plan *plan = b->plan;
	size_t from;

	plan->sysctls = arena_array(b->arena, want->n + PLAN_NET_EXTRA, sizeof(*plan->sysctls));
	/* First, so that the configuration has the last word. */
	from = plan_net_sysctls(b, plan->sysctls);
	plan->sysctl_n = from;
	for (size_t i = 0; i < want->n; i++) {
		const char *key = want->v[i].key;
		const char *value = want->v[i].value;
		char *path = path_of(b->arena, key);
		const struct sysctl_owner *owner = owner_of(path);

		if (!is_clean(path)) {
			return err_set(err, EINVAL,
				       "/linux/sysctl: \"%s\" is not the name of a sysctl", key);
		}
		if (!owner) {
			return err_set(err, EINVAL,
				       "/linux/sysctl: \"%s\" belongs to the whole machine, not to "
				       "a container: set it on the host",
				       key);
		}
		if (!plan_ns_own(b, owner->type)) {
			return err_set(
				err, EINVAL,
				"/linux/sysctl: \"%s\" needs a %s namespace of the container's "
				"own: add {\"type\": \"%s\"} to /linux/namespaces",
				key, owner->name, owner->name);
		}
		if (name_of(path, plan)) {
			TRY(take_name(key, path, value, name_of(path, plan), err));
			continue;
		}
		if (str_eq(path, "net/ipv4/ping_group_range")) {
			value = plan_net_ping_range(b, value);
		}
		TRY(add_sysctl(plan, from,
			       (struct plan_sysctl){ .key = key, .path = path, .value = value },
			       err));
	}
	return 0;
}

/* ---- the process ---- */

static int take_scheduler(struct builder *b, const struct spec_scheduler *want, struct err *err)
{
	struct plan_scheduler *s = &b->plan->process.scheduler;

	if (!want) {
		return 0;
	}
	if (want->policy == SCHED_DEADLINE && (!b->facts->privileged || b->facts->in_userns)) {
		return err_set(err, EPERM,
			       "/process/scheduler/policy: SCHED_DEADLINE is reserved to root; an "
			       "ordinary user has SCHED_OTHER, SCHED_BATCH and SCHED_IDLE");
	}
	*s = (struct plan_scheduler){
		.set = true,
		.policy = (uint32_t)want->policy,
		.flags = want->flags,
		.nice = (int32_t)want->nice.value,
		.priority = (uint32_t)want->priority.value,
		.runtime = want->runtime.value,
		.deadline = want->deadline.value,
		.period = want->period.value,
	};
	return 0;
}

static int take_memory_policy(struct builder *b, const struct spec_memory_policy *want,
			      struct err *err)
{
	struct plan_memory_policy *policy = &b->plan->process.memory_policy;

	if (!want) {
		return 0;
	}
	policy->set = true;
	policy->mode = want->mode | (int)want->flags;
	return plan_bits(want->nodes, policy->nodes, PLAN_NODES_MAX, "/linux/memoryPolicy/nodes",
			 "nodes", err);
}

/*
 * A label is asked for by engines that found the module; where it is missing there is nothing to
 * confine with.
 */
static const char *label(struct builder *b, const char *want, bool enabled, const char *path,
			 const char *module)
{
	if (!want || !*want) {
		return NULL;
	}
	if (!enabled) {
		plan_note(b, path, arena_printf(b->arena, "\"%s\" is not applied", want),
			  arena_printf(b->arena, "%s is not active on this machine", module), NULL);
		return NULL;
	}
	return want;
}

int plan_attributes(struct builder *b, struct err *err)
{
	const struct spec_process *want = b->spec->process;
	struct plan_process *p = &b->plan->process;

	if (b->lin->personality) {
		p->set_personality = true;
		p->personality = (unsigned long)b->lin->personality->domain;
	}
	TRY(take_memory_policy(b, b->lin->memory_policy, err));
	if (!want) {
		return 0;
	}
	TRY(take_scheduler(b, want->scheduler, err));
	if (want->io_priority) {
		p->set_io_priority = true;
		/* ioprio_set(2): the class above 13 bits of data. */
		p->io_priority =
			want->io_priority->class << 13 | (int)want->io_priority->priority.value;
	}
	p->apparmor = label(b, want->apparmor_profile, b->facts->has_apparmor,
			    "/process/apparmorProfile", "AppArmor");
	p->selinux = label(b, want->selinux_label, b->facts->has_selinux, "/process/selinuxLabel",
			   "SELinux");
	return 0;
}
