/* SPDX-License-Identifier: Apache-2.0 */
/* plan/build: the parts of a plan, in the order in which they depend on each other. */
#include "plan/build.h"

#include <errno.h>

#include "base/str.h"
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
#include "plan/net.h"
#include "plan/process.h"
#include "plan/rdt.h"

static int take_annotations(struct builder *b, struct err *err)
{
	TRY(plan_annotations_known(b->spec, err));
	return plan_annotations_take(b->spec, b->plan, err);
}

/*
 * Its program is no Linux executable, or wants a machine of its own: started all the same it would
 * be something else.
 */
static int check_handler(struct builder *b, struct err *err)
{
	const char *handler = b->plan->annotations[PLAN_ANNOTATION_HANDLER].text;

	if (handler && *handler) {
		return err_set(
			err, ENOTSUP,
			"%s: there is no handler `%s`: rootlet starts "
			"Linux programs; use crun for this container, or leave the annotation out",
			plan_annotation_path(PLAN_ANNOTATION_HANDLER), handler);
	}
	return 0;
}

/*
 * How long a container that stays is to live. Told once at its start, as the end comes without a
 * word.
 */
static int check_session(struct builder *b, struct err *err)
{
	const char *wish = b->plan->annotations[PLAN_ANNOTATION_SESSION].text;
	const char *path = plan_annotation_path(PLAN_ANNOTATION_SESSION);

	if (!b->facts->session_ends) {
		return 0;
	}
	if (wish && str_eq(wish, "persistent")) {
		return err_set(err, EPERM,
			       "%s: the container would end with this user's last session; run "
			       "`loginctl enable-linger` first",
			       path);
	}
	if (!wish) {
		plan_note(b, path, "the container ends with this user's last session",
			  "their systemd manager and /run/user end then",
			  "run `loginctl enable-linger`, or set the annotation to bound if this is "
			  "meant");
	}
	return 0;
}

/* Each returns 0 or -errno with err filled. */
/* clang-format off */
static int (*const plan_steps[])(struct builder *b, struct err *err) = {
	take_annotations,
	check_handler,
	check_session,
	plan_namespaces,
	plan_ids,        /* is there a user namespace? */
	plan_cgroup,     /* has it a namespace? */
	plan_fs,
	plan_mounts,     /* which ids are mapped, which cgroup is shown? */
	plan_devices,    /* can nodes be made? */
	plan_process,    /* which ids are mapped? */
	plan_sysctls,    /* which namespaces are its own, which gids may ping? */
	plan_attributes,
	plan_rdt,
	plan_filter,
	plan_net_accel,  /* is there a listener of the bundle's own? */
	plan_hooks,      /* are devices moved? */
};
/* clang-format on */

int plan_build(struct arena *arena, const struct spec *spec, const struct facts *facts,
	       const struct plan_options *options, const struct plan **ret, struct err *err)
{
	struct builder b = plan_builder(arena, spec, facts, options);

	for (size_t i = 0; i < sizeof(plan_steps) / sizeof(plan_steps[0]); i++) {
		TRY(plan_steps[i](&b, err));
	}
	*ret = b.plan;
	return 0;
}
