/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user/subid: the subordinate id ranges of a user, from where shadow's newuidmap will look for them
 * too.
 *
 * All lines count, by name and by number. Where nsswitch.conf names a source for subid:, shadow
 * ignores the files, so that source is asked, through libsubid.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "plan/facts.h"

/*
 * Every range of the user: by name and by number, from all lines of /etc/subuid and /etc/subgid,
 * or, where nsswitch.conf has a `subid:` line that names another source than files, from libsubid
 * (the two exclude each other). user may be NULL. *ret_source says which source answered. A missing
 * file is an empty list.
 * Errors: EINVAL for a source that can't be asked.
 */
int user_subid(struct arena *arena, const char *user, uid_t uid, struct facts_ranges *ret_uids,
	       struct facts_ranges *ret_gids, const char **ret_source, struct err *err);

/*
 * The ranges in text of /etc/subuid's form that belong to user or uid. Lines that are malformed are
 * passed over, as shadow passes over them; those of this user are faults. file: for messages.
 */
void user_subid_parse(struct arena *arena, const char *file, const char *text, const char *user,
		      uid_t uid, struct facts_ranges *ret);
