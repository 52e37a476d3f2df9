/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forward/pipes: the few pipes that big transfers go through.
 *
 * Pages of pipes are counted for each user, pipe(7) (/proc/sys/fs/pipe-user-pages-soft): past that,
 * every program of the user gets pipes of a page or two. A peer that stops reading leaves a pipe
 * full for as long as it likes, so the pipes are lent: a transfer has one only while bytes are in
 * it, and there are FORWARD_PIPES for all. Who finds none copies. Those that move well share one or
 * two; those that are stalled can hold no more than there are.
 *
 * A pipe that was emptied stays open for the next transfer, and is closed when none came for
 * IDLE_SECONDS.
 */
#include "libnet/forward/pipes.h"

#include <fcntl.h>
#include <unistd.h>

#include "libnet/forward/loop.h"

#define IDLE_SECONDS 2

/* After a refusal: the quota or the descriptors are used up, by whomever. */
#define RETRY_SECONDS 2

void forward_pipes_init(struct forward_pipes *p)
{
	*p = (struct forward_pipes){ .used = 0 };
	for (size_t i = 0; i < FORWARD_PIPES; i++) {
		p->all[i].next = p->closed;
		p->closed = &p->all[i];
	}
}

/* One that is smaller than it should be is no gain: the quota is used up. */
static bool open_pipe(struct forward_pipe *pipe)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) {
		return false;
	}
	if (fcntl(ends[0], F_SETPIPE_SZ, FORWARD_PIPE_BYTES) < 0) {
		close(ends[0]);
		close(ends[1]);
		return false;
	}
	pipe->out = ends[0];
	pipe->in = ends[1];
	return true;
}

struct forward_pipe *forward_pipe_take(struct forward_pipes *p)
{
	time_t now = forward_seconds();
	struct forward_pipe *pipe = p->empty;

	if (pipe) {
		p->empty = pipe->next;
		p->used = now;
		return pipe;
	}
	pipe = p->closed;
	if (!pipe || (p->refused && now - p->refused < RETRY_SECONDS)) {
		return NULL;
	}
	if (!open_pipe(pipe)) {
		p->refused = now;
		return NULL;
	}
	p->closed = pipe->next;
	p->used = now;
	return pipe;
}

/* The last one that was used is the next: its pages are in the processor's cache. */
void forward_pipe_give(struct forward_pipes *p, struct forward_pipe *pipe)
{
	pipe->next = p->empty;
	p->empty = pipe;
}

void forward_pipe_discard(struct forward_pipes *p, struct forward_pipe *pipe)
{
	close(pipe->out);
	close(pipe->in);
	pipe->next = p->closed;
	p->closed = pipe;
}

int forward_pipes_expire(struct forward_pipes *p)
{
	time_t left;

	if (!p->empty) {
		return -1;
	}
	left = p->used + IDLE_SECONDS - forward_seconds();
	if (left > 0) {
		return (int)left * 1000;
	}
	while (p->empty) {
		struct forward_pipe *pipe = p->empty;

		p->empty = pipe->next;
		forward_pipe_discard(p, pipe);
	}
	return -1;
}
