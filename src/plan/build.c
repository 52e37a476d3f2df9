/* SPDX-License-Identifier: Apache-2.0 */
/* plan/build: the parts of a plan, in the order in which they depend on each other. */
#include "plan/build.h"

#include "plan/annotations.h"
#include "plan/attributes.h"
#include "plan/builder.h"
#include "plan/cgroup.h"
#include "plan/devices.h"
#include "plan/filter.h"
#include "plan/hooks.h"
#include "plan/ids.h"
#include "plan/mounts.h"
#include "plan/namespaces.h"
#include "plan/process.h"
#include "plan/rdt.h"

/* Each returns 0 or -errno with err filled. */
static int (*const plan_steps[])(struct builder *b, struct err *err) = {
	plan_annotations, plan_namespaces, plan_ids, /* whether there is a user namespace */
	plan_cgroup,				     /* whether it has a namespace */
	plan_fs,	  plan_mounts,	/* the ids that are mapped, the cgroup that is shown */
	plan_devices,			/* whether nodes can be made */
	plan_process,	  plan_sysctls, /* the gids, for the range of who may ping */
	plan_attributes,  plan_rdt,	   plan_filter, plan_hooks, /* whether devices are moved */
};

int plan_build(struct arena *arena, const struct spec *spec, const struct facts *facts,
	       const struct plan_options *options, struct plan **ret, struct err *err)
{
	struct builder b = plan_builder(arena, spec, facts, options);

	for (size_t i = 0; i < sizeof(plan_steps) / sizeof(plan_steps[0]); i++) {
		TRY(plan_steps[i](&b, err));
	}
	*ret = b.plan;
	return 0;
}
