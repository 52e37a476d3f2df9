/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan/build: the pure function from wish and world to plan.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "plan/facts.h"
#include "plan/plan.h"
#include "spec/spec.h"

/* What the command line adds to the bundle. */
struct plan_options {
	const char *id;
	const char *bundle; /* absolute path */
	bool no_pivot;
	bool no_new_keyring;
	int preserve_fds;
	/* host path of a socket for the container's notifications; NULL: none */
	const char *notify;
	const char *net;    /* --net; NULL: what the annotation says */
	const char *net_of; /* container:ID: the folder of its first process's namespaces */
	/* that container has a network of rootlet's, whose names this one is to know */
	bool net_names;
	struct strs publish; /* --publish */
	const char *state;   /* the container's state folder, where generated files are */
	bool trace;
	enum plan_cgroup_choice cgroup_manager;
	bool best_effort; /* limits that can't be had are notes, not errors */
};

/* "bound" to the user's login sessions, or "persistent". */
#define PLAN_SESSION "org.rootlet.session"

/* Does it ask for limits (device rules apart)? Then the controllers have to be known. */
bool plan_wants_limits(const struct spec *spec);

/* Is a control group mounted in it? Then it has to be known what of the caller's it would show. */
bool plan_mounts_cgroup(const struct spec *spec);

/*
 * Decides everything. The plan and what it points to live in the arena, which must outlive it, as
 * must the spec. Errors: EINVAL, EPERM, ENOTSUP: one line with the JSON path of the property and
 * the remedy.
 */
int plan_build(struct arena *arena, const struct spec *spec, const struct facts *facts,
	       const struct plan_options *options, struct plan **ret, struct err *err);

/*
 * The hooks alone: `start` and `delete` run theirs without a plan. The state texts are the caller's
 * to fill in.
 */
void plan_hooks(struct arena *arena, const struct spec *spec, struct plan_hooks *ret);

/* The plan as text, one property a line, in a stable order: for people and for golden tests. */
const char *plan_print(struct arena *arena, const struct plan *plan);
