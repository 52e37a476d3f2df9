/* SPDX-License-Identifier: Apache-2.0 */
/* host/update: new limits for a container that is there. */
#include "host/update.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/scope.h"
#include "base/str.h"
#include "cgroup/apply.h"
#include "cgroup/cgroup.h"
#include "host/input.h"
#include "host/rdt.h"
#include "plan/device_filter.h"
#include "plan/limits.h"
#include "spec/check_resources.h"
#include "spec/load.h"
#include "sys/fd.h"
#include "user/session.h"

int host_update_read(struct arena *arena, const char *path, struct spec_resources *ret,
		     struct err *err)
{
	struct spec_resources *resources;
	struct input input;

	TRY(host_input_read(arena, "--resources: ", path, &input, err));
	if (spec_load_resources(arena, input.text, input.len, &resources, err) < 0) {
		return err_wrap(err, "--resources: %s", input.name);
	}
	*ret = *resources;
	return 0;
}

/* A file of the cgroup without its final newline; NULL when it can't be read. */
static const char *current(struct arena *arena, int dir, const char *file)
{
	const char *text;

	if (sys_read_file(arena, dir, file, 4096, &text) < 0) {
		return NULL;
	}
	return arena_strndup(arena, text, strcspn(text, "\n"));
}

static void complete_number(const char *text, struct opt_i64 *ret)
{
	if (str_eq(text, "max")) {
		*ret = (struct opt_i64){ .set = true, .value = -1 };
	} else if (str_i64(text, 0, INT64_MAX, &ret->value) == 0) {
		ret->set = true;
	}
}

/* cpu.max is both: one that is not given keeps its value. */
static void complete_cpu(struct arena *arena, int dir, struct spec_cpu *cpu)
{
	bool quota = cpu->quota.set && cpu->quota.value != 0;
	bool period = cpu->period.set && cpu->period.value != 0;
	const char *text = quota == period ? NULL : current(arena, dir, "cpu.max");
	const char *space = text ? strchr(text, ' ') : NULL;

	if (!space) {
		return;
	}
	if (quota) {
		cpu->period.set = str_u64(space + 1, UINT64_MAX, &cpu->period.value) == 0;
	} else {
		complete_number(arena_strndup(arena, text, (size_t)(space - text)), &cpu->quota);
	}
}

/* memory.swap.max is the difference of the two, so a new sum needs the limit. */
static void complete_memory(struct arena *arena, int dir, struct spec_memory *memory)
{
	const char *text;

	if (memory->swap.set && memory->swap.value > 0 &&
	    !(memory->limit.set && memory->limit.value != 0) &&
	    (text = current(arena, dir, "memory.max"))) {
		complete_number(text, &memory->limit);
	}
}

static int set_limits(struct arena *arena, const struct cgroup *cgroup,
		      struct spec_resources *resources, struct err *err)
{
	struct plan_limits limits;
	scope_fd int dir = cgroup_open(cgroup, err);
	int rc;

	TRY(dir);
	if (resources->cpu) {
		complete_cpu(arena, dir, resources->cpu);
	}
	if (resources->memory) {
		complete_memory(arena, dir, resources->memory);
	}
	TRY(spec_check_resources(resources, "", err));
	TRY(plan_limits(arena, resources, "", false, &limits, err));
	rc = cgroup_apply(cgroup, &limits, err);
	if (rc == -ENOTSUP) {
		return err_hint(err, "controllers come by delegation: Delegate= in a drop-in of "
				     "user@.service, for which see systemd.resource-control(5)");
	}
	return rc;
}

/*
 * crun replaces the rules and runc passes them over; an ordinary user's container has none to
 * replace.
 */
static int set_devices(struct arena *arena, const struct cgroup *cgroup,
		       const struct spec_resources *resources, struct err *err)
{
	struct plan_device_filter filter;

	if (resources->devices.n == 0) {
		return 0;
	}
	if (!user_is_root()) {
		log_warning("/devices: device rules are not enforced by a cgroup: the container "
			    "holds only the devices that are bound into it");
		return 0;
	}
	plan_device_filter(arena, resources, &filter);
	return cgroup_apply_devices(cgroup, &filter, err);
}

static int set_schemata(const struct state *state, const struct update *update, struct err *err)
{
	const struct plan_rdt rdt = {
		.mount = "/sys/fs/resctrl",
		.group = state->rdt_group,
		.l3_schema = update->l3_cache_schema,
		.mb_schema = update->mem_bw_schema,
	};

	if (!state->rdt_group) {
		return err_set(err, ENOTSUP,
			       "--l3-cache-schema and --mem-bw-schema: the container has no group "
			       "of resctrl of its own (linux.intelRdt)");
	}
	return host_rdt_enter(&rdt, (pid_t)state->pid, err);
}

int host_update(struct container *c, struct update *update, struct err *err)
{
	int rc = set_limits(&c->arena, &c->state.cgroup, &update->resources, err);

	if (rc == 0) {
		rc = set_devices(&c->arena, &c->state.cgroup, &update->resources, err);
	}
	if (rc == 0 && (update->l3_cache_schema || update->mem_bw_schema)) {
		rc = set_schemata(&c->state, update, err);
	}
	if (rc < 0) {
		(void)err_wrap(err, "cannot update container `%s`", c->id);
		return container_explain(c, err);
	}
	return 0;
}
