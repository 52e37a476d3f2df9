/* SPDX-License-Identifier: Apache-2.0 */
/* plan/rdt: linux.intelRdt: which group of the resctrl filesystem, and what is written there. */
#include "plan/rdt.h"

#include <errno.h>

#include "base/str.h"
#include "plan/builder.h"

int plan_rdt(struct builder *b, struct err *err)
{
	const struct spec_intel_rdt *want = b->lin->intel_rdt;
	struct plan_rdt *rdt = &b->plan->rdt;
	const char *mount = b->facts->resctrl;

	if (!want) {
		return 0;
	}
	if (!mount) {
		return err_set(err, ENOENT,
			       "/linux/intelRdt: no resctrl filesystem is mounted; it takes a "
			       "processor with Intel RDT or AMD PQoS, and root: mount -t resctrl "
			       "resctrl /sys/fs/resctrl");
	}
	if (!b->facts->privileged || b->facts->in_userns) {
		return err_set(err, EPERM,
			       "/linux/intelRdt: only root can put a process into a group of %s",
			       mount);
	}
	rdt->mount = mount;
	rdt->l3_schema = str_filled(want->l3_cache_schema);
	rdt->mb_schema = want->mem_bw_schema;
	rdt->schemata = want->schemata;
	if (!want->clos_id) {
		rdt->group = arena_printf(b->arena, "%s/%s", mount, b->options->id);
		rdt->remove_group = true;
	} else {
		rdt->group = mount;
		if (!str_eq(want->clos_id, "/")) {
			rdt->group = arena_printf(b->arena, "%s/%s", mount, want->clos_id);
		}
		rdt->must_exist = !rdt->l3_schema && !rdt->mb_schema && rdt->schemata.n == 0;
	}
	if (want->enable_monitoring) {
		rdt->monitor =
			arena_printf(b->arena, "%s/mon_groups/%s", rdt->group, b->options->id);
	}
	return 0;
}
