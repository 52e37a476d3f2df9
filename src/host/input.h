/* SPDX-License-Identifier: Apache-2.0 */
/* host/input: a file that an argument of a command names. */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

struct input {
	const char *name; /* for messages: the path, or "standard input" */
	const char *text; /* ends with a zero byte that is not counted */
	size_t len;
};

/*
 * The text of the file at path, or for "-" what comes by standard input until its end, which may be
 * a pipe or a socket. At most as long as JSON may be. Lives in the arena; ret->name is there on
 * failure too. Returns 0 or -errno; the message begins with `what` ("--resources: ", "").
 */
int host_input_read(struct arena *arena, const char *what, const char *path, struct input *ret,
		    struct err *err);
