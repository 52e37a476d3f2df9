/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan/exec: the pure function from a running container and a wish to the plan of one more process
 * in it.
 */
#include "plan/exec.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "plan/annotations.h"
#include "plan/attributes.h"
#include "plan/builder.h"
#include "plan/caps.h"
#include "plan/enter.h"
#include "plan/filter.h"
#include "plan/net.h"
#include "plan/process.h"
#include "spec/check.h"
#include "spec/list.h"

/* The id (uint32_t)-1 means "leave it" to setresuid(2). */
#define ID_MAX (UINT32_MAX - 1)

/* ---- the wish ---- */

/* The list may be one that is not ours to write: it is copied. */
static void add_string(struct arena *arena, struct strs *list, const char *text)
{
	size_t room = 0;

	list->v = arena_grow(arena, list->v, list->n, &room, sizeof(*list->v));
	list->v[list->n++] = text;
}

/* The program would find the first of two variables of one name, and the person meant the last. */
static int add_variable(struct arena *arena, struct strs *env, const char *text, struct err *err)
{
	const char *equals = strchr(text, '=');
	struct strs kept = { .v = arena_array(arena, env->n + 2, sizeof(*kept.v)) };

	if (!equals || equals == text) {
		return err_set(err, EINVAL, "--env: `%s` is not NAME=VALUE", text);
	}
	for (size_t i = 0; i < env->n; i++) {
		if (strncmp(env->v[i], text, (size_t)(equals - text) + 1) != 0) {
			kept.v[kept.n++] = env->v[i];
		}
	}
	kept.v[kept.n++] = text;
	*env = kept;
	return 0;
}

/* Strict, because a lenient parser made root of what it did not understand (CVE-2026-30892). */
static int parse_id(const char *text, const char *option, uint32_t *ret, struct err *err)
{
	uint64_t id;

	if (str_u64(text, ID_MAX, &id) < 0) {
		return err_set(err, EINVAL, "%s: `%s` is not an id, a number from 0 to %u", option,
			       text, ID_MAX);
	}
	*ret = (uint32_t)id;
	return 0;
}

static int take_user(struct arena *arena, const char *text, struct spec_user *user, struct err *err)
{
	const char *colon = strchr(text, ':');
	const char *uid = colon ? arena_strndup(arena, text, (size_t)(colon - text)) : text;

	if (parse_id(uid, "--user", &user->uid, err) < 0 ||
	    (colon && parse_id(colon + 1, "--user", &user->gid, err) < 0)) {
		return err_hint(err, "the form is uid[:gid]; names are not looked up");
	}
	return 0;
}

static int add_groups(struct arena *arena, const char *list, struct spec_user *user,
		      struct err *err)
{
	/* At first none: the list may be one that is not ours to write, and is copied then. */
	size_t room = 0;

	for (;;) {
		size_t len = strcspn(list, ",");
		const char *text = arena_strndup(arena, list, len);
		size_t n = user->additional_gids.n++;

		user->additional_gids.v = arena_grow(arena, user->additional_gids.v, n, &room,
						     sizeof(*user->additional_gids.v));
		TRY(parse_id(text, "--additional-gids", &user->additional_gids.v[n], err));
		if (!list[len]) {
			return 0;
		}
		list += len + 1;
	}
}

/* "CAP_KILL", "KILL" and "kill" are the same. */
static const char *capability(struct arena *arena, const char *text)
{
	char *name = arena_strdup(arena, text);

	for (char *p = name; *p; p++) {
		if (*p >= 'a' && *p <= 'z') {
			*p = (char)(*p - 'a' + 'A');
		}
	}
	if (str_starts(name, "CAP_")) {
		return name;
	}
	return arena_printf(arena, "CAP_%s", name);
}

/*
 * Never inheritable, and so never ambient: what the process executes must not be given it unasked
 * (CVE-2022-29162).
 */
static int add_caps(struct arena *arena, const struct strs *names, struct spec_process *p,
		    struct err *err)
{
	struct spec_capabilities *caps = arena_alloc(arena, sizeof(*caps));

	if (p->capabilities) {
		*caps = *p->capabilities;
	}
	for (size_t i = 0; i < names->n; i++) {
		const char *name = capability(arena, names->v[i]);

		if (!names_find(plan_cap_names, name)) {
			return err_set(err, EINVAL,
				       "--cap: `%s` is no capability (capabilities(7) lists them)",
				       names->v[i]);
		}
		add_string(arena, &caps->bounding, name);
		add_string(arena, &caps->effective, name);
		add_string(arena, &caps->permitted, name);
	}
	p->capabilities = caps;
	return 0;
}

/* The container's own process as the model of another one, as in runc. */
static struct spec_process model(const struct spec *spec)
{
	struct spec_process p = { .cwd = "/" };

	if (spec->process) {
		p = *spec->process;
	}
	p.args = (struct strs){ .n = 0 };
	p.terminal = false;
	p.console_size = NULL;
	return p;
}

static bool keeps_groups(const struct spec *spec)
{
	return plan_annotation_flag(spec, PLAN_ANNOTATION_KEEP_GROUPS);
}

int plan_exec_process(struct arena *arena, const struct spec *spec, const struct spec_process *file,
		      const struct plan_exec_wish *wish, struct spec_process **ret, struct err *err)
{
	struct spec_process *p = arena_alloc(arena, sizeof(*p));

	*p = model(spec);
	if (file) {
		*p = *file;
	}
	if (wish->args.n > 0) {
		p->args = wish->args;
	}
	for (size_t i = 0; i < wish->env.n; i++) {
		TRY(add_variable(arena, &p->env, wish->env.v[i], err));
	}
	if (wish->cwd && wish->cwd[0] != '/') {
		return err_set(err, EINVAL, "--cwd: `%s` is not an absolute path", wish->cwd);
	}
	p->cwd = str_or(wish->cwd, p->cwd);
	if (wish->user) {
		TRY(take_user(arena, wish->user, &p->user, err));
	}
	if (wish->groups.n > 0 && keeps_groups(spec)) {
		return err_set(
			err, EINVAL,
			"--additional-gids: the container's annotation %s keeps the caller's "
			"groups, and no other can be added to them",
			plan_annotations[PLAN_ANNOTATION_KEEP_GROUPS].name);
	}
	for (size_t i = 0; i < wish->groups.n; i++) {
		TRY(add_groups(arena, wish->groups.v[i], &p->user, err));
	}
	if (wish->caps.n > 0) {
		TRY(add_caps(arena, &wish->caps, p, err));
	}
	p->apparmor_profile = str_or(wish->apparmor, p->apparmor_profile);
	p->selinux_label = str_or(wish->selinux, p->selinux_label);
	if (wish->set_no_new_privs) {
		p->no_new_privileges = wish->no_new_privs;
	}
	if (wish->set_terminal) {
		p->terminal = wish->terminal;
	}
	TRY(spec_check_process(p, "/process", err));
	*ret = p;
	return 0;
}

/* ---- the plan ---- */

static int take_cpus(const char *list, struct plan_cpus *cpus, const char *path, struct err *err)
{
	const char *rest = str_or(list, "");
	uint32_t first, last;

	cpus->set = str_list_next(&rest, &first, &last) > 0;
	return plan_bits(list, cpus->bits, PLAN_CPUS_MAX, path, "CPUs", err);
}

static int take_affinity(struct builder *b, const struct spec_cpu_affinity *want, struct err *err)
{
	struct plan_enter *enter = &b->plan->enter;

	if (!want) {
		return 0;
	}
	TRY(take_cpus(want->initial, &enter->initial, "/process/execCPUAffinity/initial", err));
	return take_cpus(want->final, &enter->final, "/process/execCPUAffinity/final", err);
}

int plan_exec(struct arena *arena, const struct spec *spec, const struct spec_process *process,
	      const struct facts *facts, const struct facts_container *container, bool in_cgroup,
	      const struct plan_options *options, const struct plan **ret, struct err *err)
{
	struct spec *with = arena_alloc(arena, sizeof(*with));
	struct builder b;
	struct plan *plan;

	*with = *spec;
	with->process = arena_alloc(arena, sizeof(*with->process));
	*with->process = *process;
	b = plan_builder(arena, with, facts, options);
	plan = b.plan;
	plan->new_keyring = !options->no_new_keyring;
	plan->keyring = options->keyring;
	plan_enter(&b, container);
	TRY(plan_annotations_take(spec, plan, err));
	TRY(plan_process(&b, err));
	TRY(plan_attributes(&b, err));
	TRY(plan_filter(&b, err));
	TRY(plan_net_accel(&b, err));
	TRY(take_affinity(&b, process->exec_cpu_affinity, err));
	plan->enter.place = in_cgroup || plan->enter.initial.set;
	*ret = plan;
	return 0;
}
