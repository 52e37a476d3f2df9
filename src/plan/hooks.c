/* SPDX-License-Identifier: Apache-2.0 */
/* plan/hooks: the hooks of config.md, ready to be run. */
#include "plan/build.h"

static void take_list(struct arena *arena, const char *name, const struct spec_hook_list *want,
		      enum plan_hook_kind kind, struct plan_hooks *ret)
{
	struct plan_hook *v = arena_array(arena, want->n, sizeof(*v));

	for (size_t i = 0; i < want->n; i++) {
		const struct spec_hook *w = &want->v[i];
		const char **bare = arena_array(arena, 2, sizeof(*bare));

		bare[0] = w->path;
		v[i] = (struct plan_hook){
			.where = arena_printf(arena, "/hooks/%s/%zu", name, i),
			.path = w->path,
			.argv = w->args.n > 0 ? w->args.v : bare,
			.env = w->env.n > 0 ? w->env.v : NULL,
			.timeout = w->timeout.set ? (int)w->timeout.value : 0,
		};
	}
	ret->of[kind].v = v;
	ret->of[kind].n = want->n;
}

void plan_hooks(struct arena *arena, const struct spec *spec, struct plan_hooks *ret)
{
	const struct spec_hooks *want = spec->hooks;

	*ret = (struct plan_hooks){ 0 };
	if (!want) {
		return;
	}
	take_list(arena, "prestart", &want->prestart, PLAN_HOOK_PRESTART, ret);
	take_list(arena, "createRuntime", &want->create_runtime, PLAN_HOOK_CREATE_RUNTIME, ret);
	take_list(arena, "createContainer", &want->create_container, PLAN_HOOK_CREATE_CONTAINER,
		  ret);
	take_list(arena, "startContainer", &want->start_container, PLAN_HOOK_START_CONTAINER, ret);
	take_list(arena, "poststart", &want->poststart, PLAN_HOOK_POSTSTART, ret);
	take_list(arena, "poststop", &want->poststop, PLAN_HOOK_POSTSTOP, ret);
	ret->out = spec_annotation(spec, "run.oci.hooks.stdout");
	ret->err = spec_annotation(spec, "run.oci.hooks.stderr");
}
