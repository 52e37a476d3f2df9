/* SPDX-License-Identifier: Apache-2.0 */
/* state/folder: the folder ROOT/ID, its lock, and the files in it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "state/state.h"

#define STATE_ID_MAX 255

/* Files of the folder. What they are: state.h. */
#define STATE_FILE "state.json"
#define STATE_GATE "gate"

/*
 * [A-Za-z0-9_+.-]+, not starting with a dot, at most STATE_ID_MAX bytes.
 * Errors: EINVAL, naming the first character that is not allowed.
 */
int state_id_check(const char *id, struct err *err);

/* Fills err: container `ID` does not exist. Returns -ENOENT. */
int state_missing(const char *id, struct err *err);

/* Makes and locks ROOT/ID. Errors: EEXIST "container with given ID already exists: `ID`". */
int state_reserve(const char *root, const char *id, struct state_dir *ret, struct err *err);

/*
 * Opens and locks (blocking) an existing one. Errors: ENOENT "container `ID` does not exist". The
 * leftovers of a killed create open as well: there state_read says that it does not exist.
 */
int state_open(const char *root, const char *id, struct state_dir *ret, struct err *err);

/* The same at once: -EWOULDBLOCK without a message when another process has the lock. */
int state_open_now(const char *root, const char *id, struct state_dir *ret, struct err *err);

/*
 * The same without the lock, for those who only look. The caller drops ret->fd, and never calls
 * state_close with it.
 */
int state_open_unlocked(const char *root, const char *id, struct state_dir *ret, struct err *err);

/* Writes one file of the folder aside and renames it. */
int state_write_file(const struct state_dir *dir, const char *name, const void *bytes, size_t len,
		     struct err *err);

/* Removes the folder and all in it. The lock is released, on failure too. */
int state_remove(struct state_dir *dir, struct err *err);

/*
 * Unlocks and closes; fd becomes -1. The lock belongs to the open file, which a cloned child holds
 * too until it executes: this releases it for both. Such a child therefore closes its copy of fd by
 * close(2), never by this.
 */
void state_close(struct state_dir *dir);

/* Lets others act on the container while this process stays with it; and takes the folder back. */
void state_unlock(const struct state_dir *dir);

/*
 * Locks again. Returns true, or false when the folder was removed (or replaced) meanwhile, or a
 * signal asks us to end.
 */
bool state_relock(const struct state_dir *dir);

/* IDs of all containers with a state.json, sorted. */
int state_list(struct arena *arena, const char *root, struct strs *ret, struct err *err);
