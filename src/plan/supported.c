/* SPDX-License-Identifier: Apache-2.0 */
/* plan/supported: what this version can't do yet is refused in one line, never passed over in silence. */
#include <errno.h>

#include "base/str.h"
#include "plan/builder.h"

static int refuse(const char *path, struct err *err)
{
	return err_set(err, ENOTSUP, "%s: not supported yet by this version of rootlet; remove it from config.json",
		       path);
}

/* Device rules alone are what every default bundle has; everything else is a limit that someone wants to hold. */
static int check_resources(const struct spec_resources *r, struct err *err)
{
	if (r->memory) {
		return refuse("/linux/resources/memory", err);
	}
	if (r->cpu) {
		return refuse("/linux/resources/cpu", err);
	}
	if (r->pids) {
		return refuse("/linux/resources/pids", err);
	}
	if (r->block_io) {
		return refuse("/linux/resources/blockIO", err);
	}
	if (r->hugepage_limits.n > 0) {
		return refuse("/linux/resources/hugepageLimits", err);
	}
	if (r->network) {
		return refuse("/linux/resources/network", err);
	}
	if (r->rdma.n > 0) {
		return refuse("/linux/resources/rdma", err);
	}
	if (r->unified.n > 0) {
		return refuse("/linux/resources/unified", err);
	}
	return 0;
}

static void note_resources(struct builder *b)
{
	const struct spec_resources *r = b->lin->resources;

	if (b->lin->cgroups_path && *b->lin->cgroups_path) {
		plan_note_quiet(b, "/linux/cgroupsPath", "the container stays in the caller's cgroup",
				"this version makes no cgroups");
	}
	if (r && r->devices.n > 0) {
		plan_note_quiet(b, "/linux/resources/devices", "device rules are not enforced by a cgroup",
				"the container holds only the devices that are bound into it, and can't make others");
	}
}

int plan_supported(struct builder *b, struct err *err)
{
	const struct spec_linux *lin = b->lin;

	if (lin->resources) {
		TRY(check_resources(lin->resources, err));
	}
	note_resources(b);
	return 0;
}
