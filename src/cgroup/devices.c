/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup/devices: the program that decides on the container's devices, at its cgroup.
 *
 * The plan compiles the rules into one small program of eBPF (plan/device_filter.c). It is put at
 * the container's outermost cgroup before the container's first process begins there. Only the
 * machine's root can do that. A container with a user namespace can't make device nodes that work,
 * and needs it less.
 *
 * It is beside whatever others put there (systemd, a tool for graphics cards): ours is known by its
 * name, and only that is replaced. `update` puts the new program beside the old one and then takes
 * the old one away, so that there is always one.
 *
 * systemd isn't told of the rules. It could make a second program of the part of them that its
 * DeviceAllow= can say, which would forbid more than was asked. What we put at a delegated cgroup
 * it leaves alone, also when it is reloaded.
 */
#include "cgroup/devices.h"

#include <errno.h>

#include "base/log.h"
#include "base/scope.h"
#include "base/str.h"
#include "sys/bpf.h"

#define NAME "rootlet_device"

/* The kernel has no room for more at one cgroup. */
#define PROGRAMS_MAX 64

static int cannot(const char *what, int rc, struct err *err)
{
	err_errno(err, -rc, "linux.resources.devices: %s", what);
	if (rc == -EPERM) {
		return err_hint(err, "bpf(2) takes CAP_BPF and CAP_NET_ADMIN, and a system call "
				     "filter that lets it through");
	}
	if (rc == -EINVAL || rc == -ENOSYS) {
		return err_hint(err, "the kernel has to be built with CONFIG_CGROUP_BPF");
	}
	return -err->code;
}

/* Takes away those of ours that are in the list, which was made before the new one was there. */
static int drop_ours(int dir, const uint32_t *ids, int n, struct err *err)
{
	for (int i = 0; i < n; i++) {
		char name[BPF_OBJ_NAME_LEN];
		scope_fd int program = sys_bpf_open(ids[i], name);
		int rc;

		/* Gone meanwhile. */
		if (program == -ENOENT) {
			continue;
		}
		rc = program;
		if (program >= 0 && !str_eq(name, NAME)) {
			continue;
		}
		if (program >= 0) {
			rc = sys_bpf_detach_device(dir, program);
		}
		if (rc < 0 && rc != -ENOENT) {
			return cannot("taking the cgroup's former program away", rc, err);
		}
	}
	return 0;
}

static int replace(int dir, const struct plan_device_filter *filter, struct err *err)
{
	scope_fd int program = -1;
	uint32_t ids[PROGRAMS_MAX];
	int n = sys_bpf_device_ids(dir, ids, PROGRAMS_MAX);

	if (n < 0) {
		return cannot("looking at the cgroup's programs", n, err);
	}
	/* The new one first: for a moment both have a say, and never none. */
	if (filter->program_n > 0) {
		int rc;

		program = sys_bpf_load_device(filter->program, filter->program_n, NAME);
		if (program < 0) {
			return cannot("loading a program for the cgroup", program, err);
		}
		rc = sys_bpf_attach_device(dir, program);
		if (rc < 0) {
			return cannot("putting a program at the cgroup", rc, err);
		}
	}
	return drop_ours(dir, ids, n, err);
}

int cgroup_set_devices(int dir, const struct plan_device_filter *filter, bool best_effort,
		       struct err *err)
{
	int rc = replace(dir, filter, err);

	if (rc < 0 && best_effort) {
		log_warning("%s", err->msg);
		return 0;
	}
	return rc;
}
