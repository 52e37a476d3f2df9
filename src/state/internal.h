/* SPDX-License-Identifier: Apache-2.0 */
/* state/internal: what the files of state and lifecycle share and no one else needs. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"

#define STATE_FILE "state.json"

struct state;

/* Fills err: container `ID` does not exist. Returns -ENOENT. */
int state_missing(const char *id, struct err *err);

/*
 * Opens the folder of all state and verifies it on the descriptor: a directory, no link, ours,
 * written by no one else. -ENOENT without a message when it is missing: whether that is an error is
 * for the caller to say.
 */
int state_root_open(const char *root, int *ret_fd, struct err *err);

/*
 * The text of a state.json, of the container `id`. Strings live in the arena. Errors: EINVAL,
 * E2BIG, by JSON path or by line. For state_read and for fuzzing.
 */
int state_parse(struct arena *arena, const char *id, const char *bytes, size_t len,
		struct state *ret, struct err *err);
