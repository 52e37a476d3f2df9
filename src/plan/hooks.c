/* SPDX-License-Identifier: Apache-2.0 */
/* plan/hooks: the hooks of config.md, ready to be run. */
#include "plan/hooks.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <string.h>

#include "plan/annotations.h"
#include "plan/builder.h"
#include "json/encode.h"

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
			.env = w->env.v,
			.timeout = (int)w->timeout.value,
		};
	}
	ret->of[kind].v = v;
	ret->of[kind].n = want->n;
}

/* What a hook reads on its stdin: all but status and pid, which differ from hook to hook. */
static void add_state(struct arena *arena, const struct spec *spec, const char *id,
		      const char *bundle, struct plan_hooks *hooks)
{
	struct json_writer w;
	struct text head, tail;
	const char *rest;

	text_init(&head, arena);
	json_writer_init(&w, &head, true);
	json_object_begin(&w, NULL);
	json_string(&w, "ociVersion", SPEC_VERSION);
	json_string(&w, "id", id);
	hooks->state_head = arena_printf(arena, "%s,\"status\":\"", head.s);

	/* An object of its own, whose opening brace becomes the comma. */
	text_init(&tail, arena);
	json_writer_init(&w, &tail, true);
	json_object_begin(&w, NULL);
	json_string(&w, "bundle", bundle);
	json_object_begin(&w, "annotations");
	for (size_t i = 0; i < spec->annotations.n; i++) {
		json_string(&w, spec->annotations.v[i].key, spec->annotations.v[i].value);
	}
	json_object_end(&w);
	json_object_end(&w);
	rest = strchr(tail.s, '{');
	assert(rest);
	hooks->state_tail = arena_printf(arena, ",%s", rest + 1);
}

void plan_hooks_of(struct arena *arena, const struct spec *spec, const char *id, const char *bundle,
		   struct plan_hooks *ret)
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
	ret->out = plan_annotation(spec, PLAN_ANNOTATION_HOOKS_STDOUT);
	ret->err = plan_annotation(spec, PLAN_ANNOTATION_HOOKS_STDERR);
	add_state(arena, spec, id, bundle, ret);
}

/*
 * A createContainer hook is a program of the host's, with the caller's environment and, before the
 * pivot, the host's tree for its root. Whoever sees it in /proc and has CAP_SYS_PTRACE over its
 * user namespace gets both (/proc/PID/environ, /proc/PID/root). That can be another container where
 * the pid namespace is one that others are in, and theirs is the same user namespace or the one
 * above it: an ordinary user's own one is neither.
 */
static int check_neighbours(const struct builder *b, struct err *err)
{
	const struct plan_namespaces *ns = &b->plan->ns;
	bool own_pid = (ns->new &CLONE_NEWPID) != 0;
	bool own_user = (ns->new &CLONE_NEWUSER) && !b->facts->privileged;

	if (b->plan->hooks.of[PLAN_HOOK_CREATE_CONTAINER].n == 0 || own_pid || own_user ||
	    !(plan_joins(ns, CLONE_NEWPID) || plan_joins(ns, CLONE_NEWUSER)) ||
	    plan_annotation_flag(b->spec, PLAN_ANNOTATION_HOOKS_SHARED)) {
		return 0;
	}
	return err_set(err, EPERM,
		       "/hooks/createContainer: the pid namespace is not the container's own: "
		       "others in it could "
		       "read the hook's environment and, by /proc/PID/root, the host's files; make "
		       "it a createRuntime hook, give the container a pid namespace, or accept "
		       "that by the annotation org.rootlet.hooks.shared=1");
}

int plan_hooks(struct builder *b, struct err *err)
{
	struct plan *plan = b->plan;
	struct plan_hooks *hooks = &plan->hooks;

	plan_hooks_of(b->arena, b->spec, plan->id, plan->bundle, hooks);
	plan->host_setup = hooks->of[PLAN_HOOK_PRESTART].n + hooks->of[PLAN_HOOK_CREATE_RUNTIME].n +
				   hooks->of[PLAN_HOOK_CREATE_CONTAINER].n + plan->net_device_n >
			   0;
	return check_neighbours(b, err);
}
