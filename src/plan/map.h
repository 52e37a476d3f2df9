/* SPDX-License-Identifier: Apache-2.0 */
/* plan/map: an id map of a user namespace, user_namespaces(7). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

/*
 * One line of a uid_map or gid_map: inside the new namespace, outside (as the writer sees it), how
 * many.
 */
struct plan_extent {
	uint32_t inside;
	uint32_t outside;
	uint32_t count;
};

struct plan_extents {
	struct plan_extent *v;
	size_t n;
};

/* At most this many lines: the kernel's limit (user_namespaces(7), Linux 4.15). */
enum { PLAN_EXTENTS_MAX = 340 };

/*
 * And at most this many bytes: a map is written at once, and has to be shorter than a page, which
 * has 4096 bytes at least (user_namespaces(7), "Defining user and group ID mappings").
 */
enum { PLAN_MAP_TEXT_MAX = 4095 };

/* A map as the kernel reads it, one line an extent. */
static inline const char *plan_map_text(struct arena *arena, const struct plan_extents *map)
{
	struct text text;

	text_init(&text, arena);
	for (size_t i = 0; i < map->n; i++) {
		text_add(&text, "%u %u %u\n", map->v[i].inside, map->v[i].outside, map->v[i].count);
	}
	return text.s;
}

/* The id that an id of the namespace is outside; false when it is not mapped. */
static inline bool plan_map_outside(const struct plan_extents *map, uint32_t id, uint32_t *ret)
{
	for (size_t i = 0; i < map->n; i++) {
		const struct plan_extent *e = &map->v[i];

		if (id >= e->inside && id - e->inside < e->count) {
			*ret = e->outside + (id - e->inside);
			return true;
		}
	}
	return false;
}
