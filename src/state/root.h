/* SPDX-License-Identifier: Apache-2.0 */
/* state/root: where state lives, and whether that place can be trusted. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"

/*
 * The folder for all state: `option` (--root) when given, else `rootlet` in the first of
 * $XDG_RUNTIME_DIR, /run/user/UID and (as uid 0) /run that belongs to us, is written by no one else
 * and can be written (`su` leaves wrong values behind), else a private /tmp/rootlet-UID. Real root:
 * /run/rootlet at once. UID is that of the session's user: under an outer user namespace read from
 * /proc/self/uid_map, never geteuid() alone. The folder itself must be ours and written by no one
 * else, or this fails (EPERM) and names the remedy; a link of another user on the way is refused as
 * well. Made with mode 0700 when `create`. Missing and not `create`: success all the same; list
 * then finds nothing, and a container "does not exist".
 */
int state_root(struct arena *arena, const char *option, bool create, const char **ret,
	       struct err *err);

/*
 * The runtime directory that is looked for so, by its name alone: for what all containers of a user
 * share. NULL: none.
 */
const char *state_runtime_dir(struct arena *arena);

/*
 * Opens the folder of all state and verifies it on the descriptor: a directory, no link, ours,
 * written by no one else, and no link of another user on the way (state/walk.h). -ENOENT without a
 * message when it is missing: whether that is an error is for the caller to say.
 */
int state_root_open(const char *root, int *ret_fd, struct err *err);
