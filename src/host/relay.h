/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/relay: output that is a file of the caller's, for a program that is another user.
 *
 * Who opens /dev/stdout opens the file behind it anew, and needs a right to it; nginx and its like
 * do. The peers give the file away, which leaves its owner one of a subordinate id. Here the
 * program gets a pipe of its own, and who stays with it writes what comes into the file: that stays
 * as it was, with its owner, offset and O_APPEND.
 */
#pragma once

#include "base/err.h"
#include "plan/plan.h"

struct relay_stream {
	int fd;	     /* of ours: STDOUT_FILENO or STDERR_FILENO */
	int from;    /* the pipe's reading end; -1: this stream is the program's own */
	int to;	     /* the program's end, until it has it */
	bool failed; /* what was written last did not get into the file */
};

struct relay {
	struct relay_stream v[2];
	bool together; /* both are the same file: one pipe, so that nothing changes places */
};

#define RELAY_NONE                                                                                 \
	{                                                                                          \
		.v = { { .fd = 1, .from = -1, .to = -1 }, { .fd = 2, .from = -1, .to = -1 } }      \
	}

/* Is this stream (1 or 2) a file of the caller's that the program's user can't open for writing? */
bool host_relay_wanted(const struct plan *plan, int fd);

/* Makes the pipes that are wanted. */
int host_relay_make(const struct plan *plan, struct relay *ret, struct err *err);

/* In the new process: its streams are the pipes. */
void host_relay_take(const struct relay *relay);

/* Where it was cloned: its ends are its own. */
void host_relay_given(struct relay *relay);

/* Carries what has come by this stream. Does not wait. */
void host_relay_carry(struct relay_stream *stream);

/* Carries all that was written before the program's end, says what did not get through, closes. */
void host_relay_end(struct relay *relay);
