/* SPDX-License-Identifier: Apache-2.0 */
/* forward/pipes: the few pipes that big transfers go through. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* What one holds, in bytes, and how many there are at most: 8 × 128 pages of the user's 16384. */
#define FORWARD_PIPE_BYTES (512 << 10)
#define FORWARD_PIPES 8

struct forward_pipe {
	struct forward_pipe *next; /* of those that are free */
	int out;		   /* the end to read from */
	int in;
};

struct forward_pipes {
	struct forward_pipe all[FORWARD_PIPES];
	struct forward_pipe *empty;  /* free ones that are open */
	struct forward_pipe *closed; /* free ones that are not */
	time_t used;		     /* when one was taken, in s of forward_seconds */
	time_t refused;		     /* when none could be made; 0: never */
};

void forward_pipes_init(struct forward_pipes *p);

/* An empty pipe, or NULL: copy. Give it back as soon as it is empty again. */
struct forward_pipe *forward_pipe_take(struct forward_pipes *p);
void forward_pipe_give(struct forward_pipes *p, struct forward_pipe *pipe);

/* Gives back one that has bytes in it, which are lost. */
void forward_pipe_discard(struct forward_pipes *p, struct forward_pipe *pipe);

/*
 * Closes what nobody has taken for a while. Returns milliseconds until it should be called again,
 * -1 when there is nothing.
 */
int forward_pipes_expire(struct forward_pipes *p);
