/* SPDX-License-Identifier: Apache-2.0 */
/* plan/builder: what the parts of a plan share. Private to src/plan. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "plan/facts.h"
#include "plan/plan.h"
#include "plan/wish.h"
#include "spec/spec.h"

struct builder {
	struct arena *arena;
	const struct spec *spec;
	const struct spec_linux *lin; /* never NULL: an absent one is empty */
	const struct facts *facts;
	const struct plan_options *options;
	struct plan *plan;     /* empty at first but for what the options say of every plan */
	bool user_namespace;   /* the container gets one of its own, made or joined */
	const char *mounts_at; /* where the mounts stand in messages; NULL: "/mounts" */
	size_t note_room;
};

/* The arguments are kept as they are, and must outlive what is returned. */
struct builder plan_builder(struct arena *arena, const struct spec *spec, const struct facts *facts,
			    const struct plan_options *options);

/*
 * Records an adaptation. path, what, why and remedy are kept as they are (literals or arena text).
 */
void plan_note(struct builder *b, const char *path, const char *what, const char *why,
	       const char *remedy);

/* The same, but only for `explain`: nothing that was asked for is missing. */
void plan_note_quiet(struct builder *b, const char *path, const char *what, const char *why);

/*
 * Sets the bits of a list such as "0-3,7" that is valid; a number of max or more is an error. text:
 * NULL for none.
 */
int plan_bits(const char *text, uint64_t *bits, uint32_t max, const char *path, const char *unit,
	      struct err *err);

/* Is a namespace of this type made new / new or joined? type: CLONE_NEW*. */
bool plan_ns_new(const struct builder *b, int type);
bool plan_ns_own(const struct builder *b, int type);

/* Is id one of those inside? */
bool plan_maps(const struct plan_extents *extents, uint32_t id);

/* Does the container know this id? True when that can't be told (a joined user namespace). */
bool plan_uid_mapped(const struct builder *b, uint32_t uid);
bool plan_gid_mapped(const struct builder *b, uint32_t gid);

/* Why not, and what to do: fills err for an id that is not mapped. */
int plan_unmapped(const struct builder *b, const char *path, const char *kind, uint32_t id,
		  struct err *err);
