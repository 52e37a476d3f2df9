/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user/ids: which ids the user has, and what may be done with them.
 *
 * These are the facts that plan/ids.c decides from: the user's own id, the maps of the user
 * namespace that this process is in, the subordinate ranges, and the two programs that map them
 * (newuidmap(1)). Each function fills its members of struct facts and leaves the others alone.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "plan/facts.h"
#include "plan/plan.h"

/* A uid_map or gid_map, user_namespaces(7), in the form of a fact; empty where it can't be read. */
void user_read_map(struct arena *arena, const char *path, struct facts_extents *ret);

/*
 * Whether a file /proc/PID/setgroups says "deny". That can't be taken back, nor escaped by one more
 * namespace, user_namespaces(7).
 */
bool user_setgroups_denied(struct arena *arena, const char *path);

/* uid, gid and, for root of whatever namespace, privileged to setgroups_denied. */
void user_ids(struct arena *arena, struct facts *ret);

/*
 * user, subuids, subgids, subid_source, and the helpers where they are needed. After user_ids, and
 * only where the container needs more than one id: it costs several files.
 * Errors: those of user_subid.
 */
int user_ids_ranges(struct arena *arena, struct facts *ret, struct err *err);

/*
 * Every id that the user has, mapped as for a container without mappings of its own (plan_all_ids).
 * Errors: the above, and those of the decision: there are ranges, but nobody who can map them.
 */
int user_all_ids(struct arena *arena, struct plan_ids *ret, struct err *err);
