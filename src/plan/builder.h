/* SPDX-License-Identifier: Apache-2.0 */
/* plan/builder: what the parts of plan_build share. Private to src/plan. */
#pragma once

#include <stdbool.h>

#include "plan/build.h"

struct builder {
	struct arena *arena;
	const struct spec *spec;
	const struct spec_linux *lin; /* never NULL: an absent one is empty */
	const struct facts *facts;
	const struct plan_options *options;
	struct plan *plan;
	bool user_namespace;   /* the container gets one of its own, made or joined */
	const char *mounts_at; /* where the mounts stand in messages; NULL: "/mounts" */
	size_t note_room;
};

/*
 * Records an adaptation. path, what, why and remedy are kept as they are (literals or arena text).
 */
void plan_note(struct builder *b, const char *path, const char *what, const char *why,
	       const char *remedy);

/* The same, but only for `explain`: nothing that was asked for is missing. */
void plan_note_quiet(struct builder *b, const char *path, const char *what, const char *why);

/* What exec and `rootlet mounts` have in common: what is joined, and the ids that are there. */
void plan_enter(struct builder *b, const struct facts_container *container);

/* In the order of plan_build. Each returns 0 or -errno with err filled. */
int plan_annotations(struct builder *b, struct err *err);
int plan_namespaces(struct builder *b, struct err *err);
int plan_net(struct builder *b, struct err *err);
int plan_cgroup(struct builder *b, struct err *err);
int plan_fs(struct builder *b, struct err *err);
int plan_mounts(struct builder *b, struct err *err);
int plan_mount_target(struct builder *b, size_t index, struct plan_mount *m, struct err *err);
void plan_host_propagation(struct builder *b);
int plan_mount_adapt(struct builder *b, struct plan_mount *m, struct err *err);
int plan_mount_ids(struct builder *b, const struct spec_mount *want, const char *text,
		   struct plan_mount *m, struct err *err);
int plan_devices(struct builder *b, struct err *err);
int plan_process(struct builder *b, struct err *err);
int plan_sysctls(struct builder *b, struct err *err);
int plan_attributes(struct builder *b, struct err *err);
int plan_rdt(struct builder *b, struct err *err);
int plan_filter(struct builder *b, struct err *err);

/*
 * Sets the bits of a list such as "0-3,7" that is valid; a number of max or more is an error. text:
 * NULL for none.
 */
int plan_bits(const char *text, uint64_t *bits, uint32_t max, const char *path, const char *unit,
	      struct err *err);

/* Is a namespace of this type made new / new or joined? type: CLONE_NEW*. */
bool plan_ns_new(const struct builder *b, int type);
bool plan_ns_own(const struct builder *b, int type);

/* Is this annotation there, and neither "0" nor "false"? */
bool plan_flag(const struct builder *b, const char *key);

/* Does the container know this id? True when that can't be told (a joined user namespace). */
bool plan_uid_mapped(const struct builder *b, uint32_t uid);
bool plan_gid_mapped(const struct builder *b, uint32_t gid);

/* Why not, and what to do: fills err for an id that is not mapped. */
int plan_unmapped(const struct builder *b, const char *path, const char *kind, uint32_t id,
		  struct err *err);

/*
 * What a network adds to the mounts and sysctls of the configuration: at most PLAN_NET_EXTRA of
 * each. Return how many.
 */
#define PLAN_NET_EXTRA 2
size_t plan_net_mounts(struct builder *b, struct plan_mount *out);
size_t plan_net_sysctls(struct builder *b, struct plan_sysctl *out);
