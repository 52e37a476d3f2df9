/* SPDX-License-Identifier: Apache-2.0 */
/* plan/builder: what the parts of a plan share: the notes, and questions about what is decided. */
#include "plan/builder.h"

#include <errno.h>

#include "base/str.h"
#include "spec/list.h"

struct builder plan_builder(struct arena *arena, const struct spec *spec, const struct facts *facts,
			    const struct plan_options *options)
{
	static const struct spec_linux none;
	struct plan *plan = arena_alloc(arena, sizeof(*plan));

	plan->id = options->id;
	plan->bundle = options->bundle;
	plan->trace = options->trace;
	return (struct builder){
		.arena = arena,
		.spec = spec,
		.lin = spec->linux_ ? spec->linux_ : &none,
		.facts = facts,
		.options = options,
		.plan = plan,
	};
}

static void add_note(struct builder *b, struct plan_note note)
{
	struct plan *plan = b->plan;

	plan->notes = arena_grow(b->arena, plan->notes, plan->note_n, &b->note_room,
				 sizeof(*plan->notes));
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

int plan_bits(const char *text, uint64_t *bits, uint32_t max, const char *path, const char *unit,
	      struct err *err)
{
	uint32_t first, last;

	while (text && str_list_next(&text, &first, &last) > 0) {
		if (last >= max) {
			return err_set(err, EINVAL, "%s: %u is more than the %u %s that are known",
				       path, last, max, unit);
		}
		for (uint32_t bit = first; bit <= last; bit++) {
			bits[bit / 64] |= UINT64_C(1) << (bit % 64);
		}
	}
	return 0;
}

bool plan_ns_new(const struct builder *b, int type)
{
	return (b->plan->ns.new &(uint64_t)type) != 0;
}

bool plan_ns_own(const struct builder *b, int type)
{
	return plan_ns_new(b, type) || plan_joins(&b->plan->ns, type);
}

bool plan_maps(const struct plan_extents *extents, uint32_t id)
{
	for (size_t i = 0; i < extents->n; i++) {
		if (id >= extents->v[i].inside && id - extents->v[i].inside < extents->v[i].count) {
			return true;
		}
	}
	return false;
}

bool plan_uid_mapped(const struct builder *b, uint32_t uid)
{
	return b->plan->ids.uid.n == 0 || plan_maps(&b->plan->ids.uid, uid);
}

bool plan_gid_mapped(const struct builder *b, uint32_t gid)
{
	return b->plan->ids.gid.n == 0 || plan_maps(&b->plan->ids.gid, gid);
}

/* "0, 10-14": the ids of a map, the first lines of it. */
static const char *map_ids(struct arena *arena, const struct plan_extents *map)
{
	enum { SHOWN = 4 };
	struct text text;

	text_init(&text, arena);
	for (size_t i = 0; i < map->n && i < SHOWN; i++) {
		const struct plan_extent *e = &map->v[i];

		text_add(&text, "%s%u", i > 0 ? ", " : "", e->inside);
		if (e->count > 1) {
			text_add(&text, "-%u", e->inside + e->count - 1);
		}
	}
	text_add(&text, "%s", map->n > SHOWN ? ", ..." : "");
	return text.s;
}

int plan_unmapped(const struct builder *b, const char *path, const char *kind, uint32_t id,
		  struct err *err)
{
	const struct plan_extents *extents = &b->plan->ids.gid;
	const char *user = str_or(b->facts->user, "yourself");
	size_t asked = b->lin->gid_mappings.n;
	uint64_t total = 0;

	if (str_eq(kind, "uid")) {
		extents = &b->plan->ids.uid;
		asked = b->lin->uid_mappings.n;
	}
	for (size_t i = 0; i < extents->n; i++) {
		total += extents->v[i].count;
	}
	err_set(err, EINVAL, "%s: %s %u is not mapped in the container (its map has %llu %ss: %s)",
		path, kind, id, (unsigned long long)total, kind, map_ids(b->arena, extents));
	if (asked > 0) {
		return err_hint(
			err,
			"extend /linux/%sMappings, or remove the mappings to get your whole range",
			kind);
	}
	if (extents->n > 1) {
		return err_hint(err, "give %s more ids in /etc/sub%s", user, kind);
	}
	return err_hint(err,
			"give %s a range: sudo usermod --add-subuids 100000-165535 --add-subgids "
			"100000-165535 %s",
			user, str_or(b->facts->user, "USER"));
}
