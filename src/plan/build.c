/* SPDX-License-Identifier: Apache-2.0 */
/* plan/build: the parts of a plan, in the order in which they depend on each other. */
#include "plan/build.h"

#include <errno.h>
#include <string.h>

#include "plan/builder.h"
#include "plan/ids.h"

static void add_note(struct builder *b, struct plan_note note)
{
	struct plan *plan = b->plan;

	if (plan->note_n == b->note_room) {
		size_t room = b->note_room ? b->note_room * 2 : 8;
		struct plan_note *grown = arena_array(b->arena, room, sizeof(*grown));

		if (plan->note_n > 0) {
			memcpy(grown, plan->notes, plan->note_n * sizeof(*grown));
		}
		plan->notes = grown;
		b->note_room = room;
	}
	plan->notes[plan->note_n++] = note;
}

void plan_note(struct builder *b, const char *path, const char *what, const char *why,
	       const char *remedy)
{
	add_note(b, (struct plan_note){ .path = path, .what = what, .why = why, .remedy = remedy });
}

void plan_note_quiet(struct builder *b, const char *path, const char *what, const char *why)
{
	add_note(b, (struct plan_note){ .path = path, .what = what, .why = why, .quiet = true });
}

int plan_build(struct arena *arena, const struct spec *spec, const struct facts *facts,
	       const struct plan_options *options, struct plan **ret, struct err *err)
{
	static const struct spec_linux none;
	struct plan *plan = arena_alloc(arena, sizeof(*plan));
	struct builder b = {
		.arena = arena,
		.spec = spec,
		.lin = spec->linux_ ? spec->linux_ : &none,
		.facts = facts,
		.options = options,
		.plan = plan,
	};

	plan->id = options->id;
	plan->bundle = options->bundle;
	plan->trace = options->trace;
	TRY(plan_annotations(&b, err));
	TRY(plan_namespaces(&b, err));
	TRY(plan_ids(&b, err));
	TRY(plan_cgroup(&b, err));
	TRY(plan_fs(&b, err));
	TRY(plan_mounts(&b, err));
	TRY(plan_devices(&b, err));
	TRY(plan_process(&b, err));
	TRY(plan_sysctls(&b, err));
	TRY(plan_attributes(&b, err));
	TRY(plan_rdt(&b, err));
	TRY(plan_filter(&b, err));
	plan_hooks(arena, spec, &plan->hooks);
	plan->host_setup =
		plan->hooks.of[PLAN_HOOK_PRESTART].n + plan->hooks.of[PLAN_HOOK_CREATE_RUNTIME].n +
			plan->hooks.of[PLAN_HOOK_CREATE_CONTAINER].n + plan->net_device_n >
		0;
	*ret = plan;
	return 0;
}
