/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user/session: whose session this is.
 *
 * Inside an outer user namespace (podman unshare, a CI job) geteuid() says 0 for an ordinary user:
 * the outside id, and whether root is real, come from /proc/self/uid_map (user_namespaces(7)).
 *
 * The end of a session comes without a word: without lingering the user's manager and /run/user/UID
 * go with the last session, and detached containers with them. A detached start says so, once,
 * unless the annotation org.rootlet.session says that it is meant ("bound") or must not be
 * ("persistent").
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"

/*
 * The id that the session's user has where their /run/user is: outside of our user namespace
 * (podman unshare), or in it (a container that systemd runs); geteuid() where the map can't be
 * read.
 */
uid_t user_uid(void);

/* Effective uid 0 in the initial user namespace (or one that maps every id to itself). */
bool user_is_root(void);

/* Root whose systemd is the system's: of the machine, or of the container that we are root of. */
bool user_of_system(void);

/* The name of a user, in the arena; NULL for none. */
const char *user_name(struct arena *arena, uid_t uid);

/*
 * Whether logind ends what this user has when the last session of theirs does: their systemd
 * manager with all that is in it, and /run/user/UID. Not so for root, with lingering (loginctl(1),
 * enable-linger), and without logind.
 */
bool user_session_ends(struct arena *arena);
