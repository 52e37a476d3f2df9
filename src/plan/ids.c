/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan/ids: the container's uid and gid maps, and who writes them.
 *
 * A user's whole set of ranges is mapped unless the bundle says otherwise: the own id becomes 0,
 * then every range in order from 1 on. All of it is decided here, before a map is written: a map
 * can be written once, and a gid map written by a helper can't be followed by a fallback for the
 * uid map (user_namespaces(7)).
 *
 * Without a range the own id alone is mapped, and setgroups(2) denied. Ranges that overlap are left
 * out with a note. Ranges that exist while the helper does not are an error, because silently
 * giving less is worse.
 *
 * Root of a user namespace (a CI job, `podman unshare`, a container) writes the maps itself. For
 * that it needs CAP_SETUID, CAP_SETGID and CAP_SETFCAP and no more. Extents are split where those
 * of the surrounding map end.
 */
#include "plan/ids.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <string.h>

#include "base/str.h"
#include "plan/builder.h"

/* One side of the work: uids or gids. */
struct side {
	const char *kind; /* "uid" or "gid" */
	const char *key;  /* "uidMappings" */
	const char *file; /* "/etc/subuid" */
	uint32_t own;
	const struct facts_ranges *ranges;
	const struct facts_extents *outer;
	const struct spec_id_mappings *asked;
	struct plan_extents *out;
};

/* Where a name service answers, the files are not asked. */
static const char *source_of(const struct builder *b, const char *file)
{
	const char *source = b->facts->subid_source;

	return source && str_starts(source, "NSS") ? source : file;
}

/* asked: NULL where only the whole range is wanted. */
static struct side uid_side(struct builder *b, const struct spec_id_mappings *asked)
{
	return (struct side){
		.kind = "uid",
		.key = "uidMappings",
		.file = source_of(b, "/etc/subuid"),
		.own = b->facts->uid,
		.ranges = &b->facts->subuids,
		.outer = &b->facts->own_uids,
		.asked = asked,
		.out = &b->plan->ids.uid,
	};
}

static struct side gid_side(struct builder *b, const struct spec_id_mappings *asked)
{
	return (struct side){
		.kind = "gid",
		.key = "gidMappings",
		.file = source_of(b, "/etc/subgid"),
		.own = b->facts->gid,
		.ranges = &b->facts->subgids,
		.outer = &b->facts->own_gids,
		.asked = asked,
		.out = &b->plan->ids.gid,
	};
}

static void add(struct builder *b, struct side *s, size_t *room, struct plan_extent extent)
{
	s->out->v = arena_grow(b->arena, s->out->v, s->out->n, room, sizeof(*s->out->v));
	s->out->v[s->out->n++] = extent;
}

static bool overlaps(uint32_t a, uint32_t a_count, uint32_t b, uint32_t b_count)
{
	return (uint64_t)a < (uint64_t)b + b_count && (uint64_t)b < (uint64_t)a + a_count;
}

/*
 * A range that holds the own id or ids of an earlier range can't be mapped a second time: the
 * kernel refuses it whole.
 */
static bool usable(const struct side *s, const struct facts_range *range)
{
	if (range->count == 0) {
		return false;
	}
	for (size_t i = 0; i < s->out->n; i++) {
		if (overlaps(range->start, range->count, s->out->v[i].outside,
			     s->out->v[i].count)) {
			return false;
		}
	}
	return true;
}

/* "the range 5:7 of /etc/subuid (line 3)" */
static const char *range_name(struct builder *b, const struct side *s,
			      const struct facts_range *range)
{
	const char *line = "";

	if (range->line > 0) {
		line = arena_printf(b->arena, " (line %u)", range->line);
	}
	return arena_printf(b->arena, "the range %u:%u of %s%s", range->start, range->count,
			    s->file, line);
}

/* What the user has written, and shadow's helpers pass over. */
static void note_faults(struct builder *b, const struct side *s)
{
	for (size_t i = 0; i < s->ranges->faults.n; i++) {
		plan_note(b, "/linux/namespaces",
			  arena_printf(b->arena, "%s: left out", s->ranges->faults.v[i]),
			  "not every newuidmap reads such a line", "correct it");
	}
}

/* The extents and bytes that one more makes would be more than the kernel takes. */
static bool is_full(struct builder *b, const struct side *s, struct plan_extent more)
{
	struct plan_extents one = { .v = &more, .n = 1 };

	return s->out->n + 1 > PLAN_EXTENTS_MAX ||
	       strlen(plan_map_text(b->arena, s->out)) + strlen(plan_map_text(b->arena, &one)) >
		       PLAN_MAP_TEXT_MAX;
}

static void note_full(struct builder *b, const struct side *s, const struct facts_range *range)
{
	plan_note(
		b, "/linux/namespaces",
		arena_printf(b->arena, "%s and what follows are left out", range_name(b, s, range)),
		arena_printf(b->arena,
			     "a map has at most %d lines and %d bytes, and %zu ranges fill it",
			     PLAN_EXTENTS_MAX, PLAN_MAP_TEXT_MAX, s->out->n - 1),
		"give fewer and longer ranges");
}

/* The own id as 0, then the ranges from 1 on. */
static void take_whole_range(struct builder *b, struct side *s)
{
	uint32_t next = 1;
	size_t room = 0;

	add(b, s, &room, (struct plan_extent){ .inside = 0, .outside = s->own, .count = 1 });
	for (size_t i = 0; i < s->ranges->n; i++) {
		const struct facts_range *range = &s->ranges->v[i];
		uint32_t count = range->count;
		struct plan_extent extent;

		if (!usable(s, range)) {
			plan_note(b, "/linux/namespaces",
				  arena_printf(b->arena, "%s is left out", range_name(b, s, range)),
				  "it holds an id that is mapped already (your own, or one of an "
				  "earlier range)",
				  "give ranges that do not overlap");
			continue;
		}
		/* Ids end at 2^32 - 2: the last one means "no id" to setuid(2). */
		if (count > UINT32_MAX - next) {
			count = UINT32_MAX - next;
		}
		if (count == 0) {
			break;
		}
		extent = (struct plan_extent){ .inside = next,
					       .outside = range->start,
					       .count = count };
		if (is_full(b, s, extent)) {
			note_full(b, s, range);
			break;
		}
		add(b, s, &room, extent);
		next += count;
	}
}

/*
 * Root of a user namespace maps what it has, each id to itself, extent by extent (one may not
 * straddle two).
 */
static void take_own_map(struct builder *b, struct side *s)
{
	size_t room = 0;

	for (size_t i = 0; i < s->outer->n; i++) {
		const struct facts_extent *e = &s->outer->v[i];

		add(b, s, &room,
		    (struct plan_extent){
			    .inside = e->inside, .outside = e->inside, .count = e->count });
	}
}

/*
 * Splits an asked-for mapping where the surrounding namespace's extents end. Ids that it lacks are
 * an error.
 */
static int take_split(struct builder *b, struct side *s, size_t index, size_t *room,
		      struct err *err)
{
	struct spec_id_mapping left = s->asked->v[index];

	while (left.size > 0) {
		const struct facts_extent *in = NULL;
		uint32_t count = left.size;

		for (size_t i = 0; b->facts->in_userns && i < s->outer->n; i++) {
			const struct facts_extent *e = &s->outer->v[i];

			if (left.host_id >= e->inside && left.host_id - e->inside < e->count) {
				in = e;
			}
		}
		if (b->facts->in_userns && !in) {
			return err_set(
				err, EINVAL,
				"/linux/%s/%zu: host %s %u does not exist in the user namespace "
				"that rootlet runs in; map it in the outer container first",
				s->key, index, s->kind, left.host_id);
		}
		if (in && in->count - (left.host_id - in->inside) < count) {
			count = in->count - (left.host_id - in->inside);
		}
		add(b, s, room,
		    (struct plan_extent){
			    .inside = left.container_id, .outside = left.host_id, .count = count });
		left.container_id += count;
		left.host_id += count;
		left.size -= count;
	}
	return 0;
}

static int take_asked(struct builder *b, struct side *s, struct err *err)
{
	size_t room = 0, size;

	for (size_t i = 0; i < s->asked->n; i++) {
		TRY(take_split(b, s, i, &room, err));
	}
	if (s->out->n > PLAN_EXTENTS_MAX) {
		return err_set(err, EINVAL, "/linux/%s: %zu lines, but the kernel takes at most %d",
			       s->key, s->out->n, PLAN_EXTENTS_MAX);
	}
	size = strlen(plan_map_text(b->arena, s->out));
	if (size > PLAN_MAP_TEXT_MAX) {
		err_set(err, EINVAL,
			"/linux/%s: its %zu lines have %zu bytes, but the kernel takes at most %d",
			s->key, s->out->n, size, PLAN_MAP_TEXT_MAX);
		return err_hint(err, "use fewer and longer ranges");
	}
	return 0;
}

/*
 * The helpers map only ids that are the caller's: better to say which one is not than to let them
 * refuse.
 */
static int check_ownership(const struct side *s, struct err *err)
{
	for (size_t i = 0; i < s->asked->n; i++) {
		const struct spec_id_mapping *m = &s->asked->v[i];
		bool ours = m->size == 1 && m->host_id == s->own;

		for (size_t r = 0; !ours && r < s->ranges->n; r++) {
			const struct facts_range *range = &s->ranges->v[r];

			ours = m->host_id >= range->start &&
			       (uint64_t)m->host_id + m->size <=
				       (uint64_t)range->start + range->count;
		}
		if (!ours) {
			err_set(err, EPERM, "/linux/%s/%zu: host %ss %u to %llu are not yours",
				s->key, i, s->kind, m->host_id,
				(unsigned long long)m->host_id + m->size - 1);
			if (s->ranges->faults.n > 0) {
				return err_hint(err,
						"%s, so that newuidmap passes over it: "
						"correct it",
						s->ranges->faults.v[0]);
			}
			return err_hint(err,
					"give them to you in %s, or remove /linux/uidMappings and "
					"/linux/gidMappings to get the ranges you have",
					s->file);
		}
	}
	return 0;
}

static bool is_own_single(const struct side *s)
{
	return s->out->n == 1 && s->out->v[0].count == 1 && s->out->v[0].outside == s->own;
}

static int need_helpers(struct builder *b, struct err *err)
{
	const struct facts *f = b->facts;

	if (!f->newuidmap || !f->newgidmap) {
		return err_set(err, ENOENT,
			       "%s is not installed, so your range of ids can't be mapped; install "
			       "it: sudo apt-get install uidmap (Fedora: shadow-utils)",
			       f->newuidmap ? "newgidmap" : "newuidmap");
	}
	if (f->helper_fault) {
		return err_set(err, EPERM, "%s", f->helper_fault);
	}
	b->plan->ids.how = PLAN_IDS_HELPERS;
	b->plan->ids.newuidmap = f->newuidmap;
	b->plan->ids.newgidmap = f->newgidmap;
	return 0;
}

static void take_own_id(struct builder *b, struct side *s)
{
	size_t room = 0;

	add(b, s, &room, (struct plan_extent){ .inside = 0, .outside = s->own, .count = 1 });
}

/* One id: nobody's help is needed, but the kernel wants setgroups(2) denied first. */
static void single_id(struct builder *b, struct side *u, struct side *g)
{
	const char *source = b->facts->subid_source;
	const char *remedy;

	take_own_id(b, u);
	take_own_id(b, g);
	b->plan->ids.how = PLAN_IDS_DIRECT;
	b->plan->ids.deny_setgroups = true;
	/*
	 * Where a name service answered, the files were not asked: naming one would send the reader
	 * astray.
	 */
	if (source && str_starts(source, "NSS")) {
		remedy = arena_printf(b->arena, "give %s a range there",
				      str_or(b->facts->user, "yourself"));
	} else {
		source = u->ranges->n == 0 ? "/etc/subuid" : "/etc/subgid";
		remedy = arena_printf(
			b->arena,
			"sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 %s",
			str_or(b->facts->user, "USER"));
	}
	plan_note(b, "/linux/namespaces", "only your own id is mapped, as uid and gid 0",
		  arena_printf(b->arena, "%s has no range for %s", source,
			       str_or(b->facts->user, "you")),
		  remedy);
}

static int choose_writer(struct builder *b, struct side *u, struct side *g, struct err *err)
{
	if (b->facts->maps_ids) {
		b->plan->ids.how = PLAN_IDS_DIRECT;
		return 0;
	}
	if (is_own_single(u) && is_own_single(g)) {
		b->plan->ids.how = PLAN_IDS_DIRECT;
		b->plan->ids.deny_setgroups = true;
		return 0;
	}
	TRY(check_ownership(u, err));
	TRY(check_ownership(g, err));
	return need_helpers(b, err);
}

static int without_mappings(struct builder *b, struct side *u, struct side *g, struct err *err)
{
	const struct facts *f = b->facts;

	if (f->maps_ids && f->in_userns) {
		take_own_map(b, u);
		take_own_map(b, g);
		b->plan->ids.how = PLAN_IDS_DIRECT;
		return 0;
	}
	note_faults(b, u);
	note_faults(b, g);
	if (u->ranges->n == 0 || g->ranges->n == 0) {
		if (f->privileged) {
			return err_set(err, EINVAL,
				       "/linux/uidMappings: required for a user namespace made by "
				       "root, who has no range in /etc/subuid and /etc/subgid");
		}
		single_id(b, u, g);
		return 0;
	}
	take_whole_range(b, u);
	take_whole_range(b, g);
	if (f->maps_ids) {
		b->plan->ids.how = PLAN_IDS_DIRECT;
		return 0;
	}
	return need_helpers(b, err);
}

int plan_all_ids(struct arena *arena, const struct facts *facts, struct plan_ids *ret,
		 struct err *err)
{
	struct plan plan = { .ids = { .deny_setgroups = facts->setgroups_denied } };
	struct builder b = { .arena = arena, .facts = facts, .plan = &plan };
	struct side u = uid_side(&b, NULL), g = gid_side(&b, NULL);

	TRY(without_mappings(&b, &u, &g, err));
	*ret = plan.ids;
	return 0;
}

bool plan_needs_subids(const struct spec *spec, const struct facts *facts)
{
	const struct spec_linux *lin = spec->linux_;
	bool user = false;

	for (size_t i = 0; lin && i < lin->namespaces.n; i++) {
		if (lin->namespaces.v[i].type == CLONE_NEWUSER) {
			if (lin->namespaces.v[i].path) {
				return false;
			}
			user = true;
		}
	}
	if (facts->maps_ids) {
		return user && lin->uid_mappings.n == 0 && !facts->in_userns;
	}
	if (!lin || lin->uid_mappings.n == 0) {
		return true;
	}
	/* The own id alone needs neither ranges nor helpers. */
	return !(lin->uid_mappings.n == 1 && lin->uid_mappings.v[0].size == 1 &&
		 lin->uid_mappings.v[0].host_id == facts->uid && lin->gid_mappings.n == 1 &&
		 lin->gid_mappings.v[0].size == 1 && lin->gid_mappings.v[0].host_id == facts->gid);
}

static uint32_t setup_id(const struct plan_extents *map, bool process, uint32_t id)
{
	if (map->n == 0 || plan_maps(map, 0)) {
		return 0;
	}
	return process && plan_maps(map, id) ? id : map->v[0].inside;
}

void plan_setup_ids(struct builder *b)
{
	const struct spec_process *process = b->spec->process;
	struct plan_ids *ids = &b->plan->ids;

	ids->take_ids = true;
	ids->setup_uid = setup_id(&ids->uid, process, process ? process->user.uid : 0);
	ids->setup_gid = setup_id(&ids->gid, process, process ? process->user.gid : 0);
}

int plan_ids(struct builder *b, struct err *err)
{
	struct plan_ids *ids = &b->plan->ids;
	struct side u = uid_side(b, &b->lin->uid_mappings);
	struct side g = gid_side(b, &b->lin->gid_mappings);

	assert((u.asked->n > 0) == (g.asked->n > 0)); /* spec_check_mapping_pair */
	ids->deny_setgroups = b->facts->setgroups_denied;
	if (!plan_ns_new(b, CLONE_NEWUSER)) {
		if (u.asked->n > 0 && !b->user_namespace) {
			return err_set(err, EINVAL,
				       "/linux/uidMappings: needs a user namespace: add {\"type\": "
				       "\"user\"} to /linux/namespaces");
		}
		if (b->user_namespace) {
			plan_setup_ids(b);
		}
		return 0;
	}
	if (u.asked->n > 0) {
		TRY(take_asked(b, &u, err));
		TRY(take_asked(b, &g, err));
		TRY(choose_writer(b, &u, &g, err));
	} else {
		TRY(without_mappings(b, &u, &g, err));
	}
	plan_setup_ids(b);
	return 0;
}
