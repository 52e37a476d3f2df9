/* SPDX-License-Identifier: Apache-2.0 */
/*
 * systemd/manager: a connection to the systemd manager that a container's scope is asked of.
 *
 * An ordinary user's manager is the one of the session's user (user_uid, never geteuid alone: in a
 * user namespace root is someone else outside), and the system's is never asked for it. Real root's
 * is the system's. In a container that systemd runs, root's manager is that systemd, and a user's
 * is that user's; whose /run it is, its owners tell (user/session.c).
 *
 * Nothing is connected or loaded before the first call that needs it. Every call that waits takes
 * its time from the connection's deadline (SYSTEMD_TIMEOUT_MS for all of them together) and fails
 * with ETIMEDOUT, naming what was waited for.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"

#define SYSTEMD_TIMEOUT_MS 25000

/* A connection to one manager. */
struct systemd;

/*
 * Where the manager could be reached, in the order in which the addresses are tried: "unix:path=…",
 * several separated by ';'. Only looks (existence, owner of socket and folder), connects to nothing
 * and loads nothing: for facts, so it must be cheap. Errors: ENOENT, naming every place that was
 * looked at, why it was passed over and the remedy (linger, a login session).
 */
int systemd_find(struct arena *arena, const char **ret_addresses, struct err *err);

/*
 * Looks for the addresses and loads libsystemd; connects with the first call, to the first address
 * that answers. Errors: ENOENT (also: no libsystemd).
 */
int systemd_open(struct systemd **ret, struct err *err);

/*
 * Connects, so that the manager lets us in beside whatever the caller does next: nothing is waited
 * for. What fails is told by the first call.
 */
void systemd_connect(struct systemd *sd);

/* All that is asked from now on has to be done within so many milliseconds. */
void systemd_hurry(struct systemd *sd, int ms);

/* May a manager have been given what was asked? false: no call has gone out. Safe on NULL. */
bool systemd_asked(const struct systemd *sd);

/* Closes and frees; *sd becomes NULL. Safe on NULL. */
void systemd_close(struct systemd **sd);
