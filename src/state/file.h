/* SPDX-License-Identifier: Apache-2.0 */
/* state/file: state.json, between its text and struct state. */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "state/state.h"

/* Writes state.json, with this boot's id when the folder isn't in memory. */
int state_save(const struct state_dir *dir, const struct state *state, struct err *err);

/*
 * Reads state.json of an open folder; checks types and that the id is the folder's.
 * Errors: ENOENT "container `ID` does not exist"; EBADMSG for a damaged file, naming it and the
 * remedy.
 */
int state_read(struct arena *arena, const struct state_dir *dir, struct state *ret,
	       struct err *err);

/* Open without a lock, read, close. Errors: ENOENT "container `ID` does not exist". */
int state_load(struct arena *arena, const char *root, const char *id, struct state *ret,
	       struct err *err);

/*
 * The text of a state.json, of the container `id`. Strings live in the arena. Errors: EINVAL,
 * E2BIG, by JSON path or by line. For state_read and for fuzzing.
 */
int state_parse(struct arena *arena, const char *id, const char *bytes, size_t len,
		struct state *ret, struct err *err);
