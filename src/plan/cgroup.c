/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan/cgroup: which control group the container gets, from whom, and what is limited in it.
 *
 * Under `auto` in this order: below what is delegated to the caller already, which needs nobody
 * else; a transient scope of the systemd manager; none. A container without a cgroup is whole but
 * for limits, pause and events, so its lack is an error only where limits are asked for. So it is
 * on a machine with cgroup version 1 alone or beside an empty version 2, of which nothing can be
 * given to a user safely.
 *
 * Limits are computed once, as files of the cgroup (plan/limits.c); the properties of systemd's
 * unit come of these files (plan/limits_unit.c).
 *
 * A container without a cgroup of its own, with a cgroup namespace, sees its caller's: so that
 * mount is read-only. Where the caller is in the machine's root cgroup, or nothing can be mounted,
 * an empty folder stands there: never all of the host's.
 */
#include "plan/cgroup.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"
#include "plan/annotations.h"
#include "plan/builder.h"
#include "plan/device_filter.h"
#include "plan/limits.h"
#include "plan/unit.h"
#include "plan/unit_property.h"
#include "spec/check.h"

#define PATH_WHERE "/linux/cgroupsPath"
#define DEVICES_WHERE "/linux/resources/devices"

/* cgroupsPath, taken apart. */
struct place {
	const char *text;  /* never NULL */
	const char *slice; /* "slice:prefix:name": its parts; NULL for a path */
	const char *prefix;
	const char *name;
};

static int take_apart(struct builder *b, struct place *ret, struct err *err)
{
	const char *text = str_or(b->lin->cgroups_path, "");
	const char *first = strchr(text, ':');
	const char *second = first ? strchr(first + 1, ':') : NULL;

	*ret = (struct place){ .text = text };
	if (strlen(text) >= PATH_MAX / 2) {
		return err_set(err, ENAMETOOLONG, PATH_WHERE ": longer than %d bytes",
			       PATH_MAX / 2);
	}
	/* A path may hold colons as well; three parts without a slash are systemd's. */
	if (!second || strchr(text, '/') || strchr(second + 1, ':')) {
		return 0;
	}
	ret->slice = arena_strndup(b->arena, text, (size_t)(first - text));
	ret->prefix = arena_strndup(b->arena, first + 1, (size_t)(second - first - 1));
	ret->name = second + 1;
	if (!*ret->name) {
		return err_set(err, EINVAL,
			       PATH_WHERE ": \"%s\": the name is empty (slice:prefix:name)", text);
	}
	return 0;
}

/* ---- systemd ---- */

/* org.systemd.property.*: in front of the limits' own, which come last and win. */
static int take_annotations(struct builder *b, struct err *err)
{
	const struct pairs *annotations = &b->spec->annotations;
	const char *beginning = plan_annotations[PLAN_ANNOTATION_UNIT_PROPERTY].name;
	struct plan_cgroup *cg = &b->plan->cgroup;

	cg->properties = arena_array(b->arena, annotations->n, sizeof(*cg->properties));
	for (size_t i = 0; i < annotations->n; i++) {
		if (str_starts(annotations->v[i].key, beginning)) {
			TRY(plan_unit_property(b->arena, annotations->v[i].key,
					       annotations->v[i].value,
					       &cg->properties[cg->property_n++], err));
		}
	}
	return 0;
}

static int place_systemd(struct builder *b, struct err *err)
{
	struct plan_cgroup *cg = &b->plan->cgroup;
	const char *subgroup = plan_annotation(b->spec, PLAN_ANNOTATION_SUBGROUP);

	TRY(plan_unit_name(b->arena, b->lin->cgroups_path, b->options->id,
			   b->facts->cgroup.systemd_is_system, &cg->unit, &cg->slice, err));
	cg->description = arena_printf(b->arena, "rootlet container %s", b->options->id);
	cg->sub = str_or(subgroup, "container");
	return take_annotations(b, err);
}

/* ---- cgroupfs ---- */

/* Without "." and "..", empty parts and names that the kernel refuses. Returns "/a/b". */
static int clean_path(struct builder *b, const char *text, const char *where, const char **ret,
		      struct err *err)
{
	struct text out;

	text_init(&out, b->arena);
	while (*(text += strspn(text, "/"))) {
		size_t len = strcspn(text, "/");

		if (len > NAME_MAX) {
			return err_set(err, ENAMETOOLONG, "%s: a part is longer than %d bytes",
				       where, NAME_MAX);
		}
		if ((len == 1 && text[0] == '.') ||
		    (len == 2 && text[0] == '.' && text[1] == '.')) {
			return err_set(err, EINVAL, "%s: . and .. have no place in it", where);
		}
		if (memchr(text, '\n', len)) {
			return err_set(err, EINVAL,
				       "%s: a newline can't be part of a cgroup's name", where);
		}
		text_add(&out, "/%.*s", (int)len, text);
		text += len;
	}
	*ret = out.s;
	return 0;
}

/* Returns "a/b", or NULL for nothing. */
static int clean_below(struct builder *b, const char *text, const char *where, const char **ret,
		       struct err *err)
{
	TRY(clean_path(b, text, where, &text, err));
	*ret = *text ? text + 1 : NULL;
	return 0;
}

/* Is path `top` or below it? Both begin with '/'. */
static bool is_below(const char *path, const char *top)
{
	return str_eq(top, "/") || (str_starts(path, top) && path[strlen(top)] == '/');
}

static const char *join(struct builder *b, const char *base, const char *rest)
{
	if (str_eq(base, "/")) {
		return rest;
	}
	return arena_printf(b->arena, "%s%s", base, rest);
}

static int place_fs(struct builder *b, const struct place *place, struct err *err)
{
	const struct facts_cgroup *f = &b->facts->cgroup;
	struct plan_cgroup *cg = &b->plan->cgroup;
	const char *subgroup = plan_annotation(b->spec, PLAN_ANNOTATION_SUBGROUP);
	const char *path = NULL;

	cg->top = f->top;
	if (place->slice) {
		TRY(clean_path(b,
			       arena_printf(b->arena, "%s%s%s.scope", place->prefix,
					    *place->prefix ? "-" : "", place->name),
			       PATH_WHERE, &path, err));
	} else if (*place->text) {
		TRY(clean_path(b, place->text, PATH_WHERE, &path, err));
		if (!*path) {
			return err_set(err, EINVAL,
				       PATH_WHERE ": \"%s\" is the root of the hierarchy",
				       place->text);
		}
	} else {
		path = arena_printf(b->arena, "/rootlet-%s", b->options->id);
	}
	if (place->text[0] == '/' && is_below(path, f->top)) {
		cg->path = path;
	} else if (place->text[0] == '/' && b->options->cgroup_manager == PLAN_CGROUP_ONLY_FS) {
		return err_set(err, EACCES,
			       PATH_WHERE
			       ": %s is not below %s, which is all that is delegated to this user",
			       path, f->top);
	} else {
		if (place->text[0] == '/') {
			plan_note_quiet(
				b, PATH_WHERE,
				arena_printf(b->arena, "%s is made below %s", path, f->base),
				"the rest of the hierarchy is not this user's");
		}
		cg->path = join(b, f->base, path);
	}
	if (cg->delegate) {
		cg->sub = str_or(subgroup, "container");
	}
	return 0;
}

/* ---- limits ---- */

static bool holds(const struct strs *list, const char *text)
{
	for (size_t i = 0; i < list->n; i++) {
		if (str_eq(list->v[i], text)) {
			return true;
		}
	}
	return false;
}

static const char *remedy(const struct builder *b)
{
	const struct plan_cgroup *cg = &b->plan->cgroup;

	if (b->options->cgroup_manager == PLAN_CGROUP_DISABLED) {
		return "allow a manager, or use --limits=best-effort";
	}
	if (b->facts->cgroup.mode != FACTS_CGROUP_V2) {
		return "boot with systemd.unified_cgroup_hierarchy=1, or use --limits=best-effort";
	}
	if (cg->manager == PLAN_CGROUP_FS) {
		return "have it delegated too (a systemd unit's Delegate=, the parent's "
		       "cgroup.subtree_control), or use --limits=best-effort";
	}
	if (cg->manager == PLAN_CGROUP_NONE) {
		return "or use --limits=best-effort";
	}
	return "have an administrator write \"[Service]\\nDelegate=cpu cpuset io memory pids\" to "
	       "/etc/systemd/system/user@.service.d/delegate.conf, run systemctl daemon-reload and "
	       "log in again, or use --limits=best-effort";
}

/*
 * Under `strict` the first limit that can't be had is the error, else each is left out with a note.
 */
static int cannot(struct builder *b, const struct plan_limit *limit, const char *why,
		  struct err *err)
{
	if (!b->options->best_effort) {
		err_set(err, ENOTSUP, "%s: can't be limited: %s", limit->where, why);
		return err_hint(err, "%s", remedy(b));
	}
	plan_note(b, limit->where, arena_printf(b->arena, "%s is not limited", limit->file), why,
		  NULL);
	return 0;
}

static void drop_properties(struct plan_limits *limits, const char *where)
{
	size_t kept = 0;

	for (size_t i = 0; i < limits->property_n; i++) {
		if (!str_eq(limits->properties[i].where, where)) {
			limits->properties[kept++] = limits->properties[i];
		}
	}
	limits->property_n = kept;
}

static void need_controller(struct builder *b, const char *controller)
{
	struct strs *list = &b->plan->cgroup.controllers;

	if (!list->v) {
		list->v =
			arena_array(b->arena, b->plan->cgroup.limits.file_n + 1, sizeof(*list->v));
	}
	if (!holds(list, controller)) {
		list->v[list->n++] = controller;
		list->v[list->n] = NULL;
	}
}

/* Keeps the limits that the cgroup can have. */
static int fit_limits(struct builder *b, struct err *err)
{
	const struct facts_cgroup *f = &b->facts->cgroup;
	struct plan_cgroup *cg = &b->plan->cgroup;
	const struct strs *given = &f->controllers;
	const char *whom = "this user";
	bool known = cg->manager == PLAN_CGROUP_FS || f->systemd_controllers_known;
	size_t kept = 0;

	if (cg->manager == PLAN_CGROUP_SYSTEMD) {
		given = &f->systemd_controllers;
		whom = "the user's systemd";
	}
	for (size_t i = 0; i < cg->limits.file_n; i++) {
		struct plan_limit *limit = &cg->limits.files[i];
		const char *controller = plan_limit_controller(b->arena, limit->file);
		const char *why = NULL;

		if (cg->manager == PLAN_CGROUP_NONE) {
			why = arena_printf(b->arena, "the container gets no cgroup: %s", cg->why);
		} else if (controller && known && !holds(given, controller)) {
			why = arena_printf(b->arena,
					   "the cgroup controller \"%s\" is not delegated to %s",
					   controller, whom);
		}
		if (why) {
			/* What is unlimited anyway, or would be the default, is not missed. */
			if (!limit->optional) {
				TRY(cannot(b, limit, why, err));
			}
			drop_properties(&cg->limits, limit->where);
			continue;
		}
		if (controller) {
			need_controller(b, controller);
		}
		cg->limits.files[kept++] = *limit;
	}
	cg->limits.file_n = kept;
	return 0;
}

/* ---- who makes it ---- */

/*
 * config-linux.md, "Cgroup ownership": a namespace of its own, and the file system mounted for
 * writing.
 */
static bool wants_delegation(const struct builder *b)
{
	if (!plan_ns_new(b, CLONE_NEWCGROUP)) {
		return false;
	}
	for (size_t i = 0; i < b->spec->mounts.n; i++) {
		const struct spec_mount *m = &b->spec->mounts.v[i];
		bool readonly = false;

		if (!m->type || !(str_eq(m->type, "cgroup") || str_eq(m->type, "cgroup2")) ||
		    !str_eq(m->destination, "/sys/fs/cgroup")) {
			continue;
		}
		for (size_t o = 0; o < m->options.n; o++) {
			if (str_eq(m->options.v[o], "ro") || str_eq(m->options.v[o], "rro")) {
				readonly = true;
			} else if (str_eq(m->options.v[o], "rw")) {
				readonly = false;
			}
		}
		return !readonly;
	}
	return false;
}

static const char *mode_why(const struct facts_cgroup *f)
{
	switch (f->mode) {
	case FACTS_CGROUP_NONE:
		return "no cgroup file system is mounted at /sys/fs/cgroup";
	case FACTS_CGROUP_V1:
		return "this machine has cgroup version 1 only, which can't be delegated to a user "
		       "safely";
	case FACTS_CGROUP_HYBRID:
		return "this machine has cgroup version 1, with version 2 only beside it (hybrid "
		       "mode), and none of it is delegated to this user";
	case FACTS_CGROUP_V2:
		break;
	}
	return str_or(f->why_not, "none is delegated to this user");
}

static int choose(struct builder *b, const struct place *place, struct err *err)
{
	const struct facts_cgroup *f = &b->facts->cgroup;
	struct plan_cgroup *cg = &b->plan->cgroup;

	cg->mount = f->mount;
	switch (b->options->cgroup_manager) {
	case PLAN_CGROUP_DISABLED:
		cg->why = "--cgroup-manager disabled";
		return 0;
	case PLAN_CGROUP_ONLY_FS:
		if (!f->top) {
			return err_set(err, EACCES,
				       "--cgroup-manager cgroupfs: no cgroup can be made: %s",
				       mode_why(f));
		}
		break;
	case PLAN_CGROUP_ONLY_SYSTEMD:
		if (f->mode != FACTS_CGROUP_V2) {
			err_set(err, ENOTSUP, "--cgroup-manager systemd: %s", mode_why(f));
			return err_hint(err, "use --cgroup-manager auto or disabled");
		}
		if (!f->systemd) {
			return err_set(err, ENOENT, "--cgroup-manager systemd: %s",
				       f->why_no_systemd);
		}
		break;
	case PLAN_CGROUP_AUTO:
		break;
	}
	if (f->top && b->options->cgroup_manager != PLAN_CGROUP_ONLY_SYSTEMD) {
		cg->manager = PLAN_CGROUP_FS;
		return place_fs(b, place, err);
	}
	if (f->systemd) {
		cg->manager = PLAN_CGROUP_SYSTEMD;
		cg->optional = b->options->cgroup_manager == PLAN_CGROUP_AUTO;
		return place_systemd(b, err);
	}
	cg->why = mode_why(f);
	if (f->mode == FACTS_CGROUP_V2) {
		cg->why = str_or(f->why_no_systemd, cg->why);
	}
	return 0;
}

/* A name that leads out of the container's cgroup is refused where there is none, too. */
static int take_subgroups(struct builder *b, struct err *err)
{
	struct plan_cgroup *cg = &b->plan->cgroup;
	const char *where = plan_annotation_path(PLAN_ANNOTATION_DELEGATE);
	const char *payload = plan_annotation(b->spec, PLAN_ANNOTATION_DELEGATE);
	const char *sub = str_or(cg->sub, plan_annotation(b->spec, PLAN_ANNOTATION_SUBGROUP));

	if (sub) {
		TRY(clean_below(b, sub, plan_annotation_path(PLAN_ANNOTATION_SUBGROUP), &sub, err));
	}
	if (payload && *payload) {
		TRY(clean_below(b, payload, where, &payload, err));
		if (payload && strchr(payload, '/')) {
			return err_set(err, EINVAL, "%s: \"%s\" must be a single name", where,
				       payload);
		}
	}
	if (cg->sub) {
		cg->sub = sub;
	}
	if (cg->manager != PLAN_CGROUP_NONE && payload && *payload) {
		cg->payload = payload;
	}
	return 0;
}

/* One line for what was asked for and is not there. */
static void note_none(struct builder *b, const struct place *place)
{
	const struct plan_cgroup *cg = &b->plan->cgroup;

	if (!*place->text && !cg->delegate) {
		return;
	}
	if (b->options->cgroup_manager == PLAN_CGROUP_DISABLED) {
		plan_note_quiet(b, PATH_WHERE, "the container stays in its caller's cgroup",
				cg->why);
	} else {
		plan_note(b, PATH_WHERE, "the container stays in its caller's cgroup", cg->why,
			  NULL);
	}
}

/*
 * May it make device nodes? An exec can be given other capabilities, but then by whoever has them.
 */
static bool may_make_nodes(const struct builder *b)
{
	const struct spec_process *process = b->spec->process;

	return !b->user_namespace && process && process->capabilities &&
	       holds(&process->capabilities->bounding, "CAP_MKNOD");
}

/*
 * Only the machine's root may put a program at a cgroup. A container that can't make nodes that
 * work holds the devices that it was given; one that can is the case in which somebody has to be
 * told that nothing stops it.
 */
static void take_device_rules(struct builder *b)
{
	struct plan_cgroup *cg = &b->plan->cgroup;
	bool root = b->facts->privileged && !b->facts->in_userns;
	struct plan_device_filter filter = { .rule_n = 0 };

	if (b->lin->resources) {
		plan_device_filter(b->arena, b->lin->resources, &filter);
	}
	if (filter.program_n == 0) {
		return;
	}
	if (root && cg->manager != PLAN_CGROUP_NONE) {
		cg->devices = filter;
		cg->optional = cg->optional && b->options->best_effort;
	} else if (!root || !may_make_nodes(b)) {
		plan_note_quiet(b, DEVICES_WHERE, "device rules are not enforced by a cgroup",
				"the container holds only the devices that it is given, and can't "
				"make others");
	} else if (b->options->cgroup_manager == PLAN_CGROUP_DISABLED) {
		plan_note_quiet(b, DEVICES_WHERE, "device rules are not enforced", cg->why);
	} else {
		plan_note(b, DEVICES_WHERE, "device rules are not enforced",
			  arena_printf(b->arena, "the container gets no cgroup: %s", cg->why),
			  "leave CAP_MKNOD out of /process/capabilities, so that it has only the "
			  "devices it is given");
	}
}

int plan_cgroup(struct builder *b, struct err *err)
{
	struct plan_cgroup *cg = &b->plan->cgroup;
	struct place place = { .text = "" };

	cg->delegate = wants_delegation(b);
	cg->best_effort = b->options->best_effort;
	cg->caller_is_root = b->facts->cgroup.own_is_root;
	if (b->spec->process) {
		cg->uid = b->spec->process->user.uid;
	}
	TRY(take_apart(b, &place, err));
	TRY(choose(b, &place, err));
	TRY(take_subgroups(b, err));
	if (b->lin->resources) {
		bool no_pids = spec_version_from(b->spec, 3);

		TRY(plan_limits(b->arena, b->lin->resources, "/linux/resources", no_pids,
				&cg->limits, err));
	}
	if (cg->limits.file_n > 0) {
		bool strict = !b->options->best_effort;

		TRY(fit_limits(b, err));
		cg->optional = cg->optional && (cg->limits.file_n == 0 || !strict);
	} else if (cg->manager == PLAN_CGROUP_NONE) {
		note_none(b, &place);
	}
	take_device_rules(b);
	return 0;
}

const char *plan_cgroup_place(const struct spec *spec)
{
	const char *path = spec->linux_ ? spec->linux_->cgroups_path : NULL;

	return path && path[0] == '/' ? path : NULL;
}

bool plan_wants_limits(const struct spec *spec)
{
	const struct spec_resources *r = spec->linux_ ? spec->linux_->resources : NULL;

	return r && (r->memory || r->cpu || r->pids || r->block_io || r->hugepage_limits.n > 0 ||
		     r->rdma.n > 0 || r->unified.n > 0);
}
