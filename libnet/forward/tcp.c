/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forward/tcp: forwarding connections.
 *
 * A connection begins by copying through one buffer that all share: most are short, and pipes are
 * few (pipes.c). One direction that has moved BULK_BYTES is spliced through a pipe from then on,
 * where one is free: its bytes don't pass through this process any more.
 *
 * What could not be written is kept in memory, but of all connections together no more than
 * REST_MAX. Past that, bytes stay in the sender's socket until they have been written: a peek, and
 * a second read that throws away.
 */
#include "libnet/forward/tcp.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/scope.h"
#include "libnet/forward/inside.h"
#include "libnet/forward/inside6.h"

#define BULK_BYTES (512u << 10)
#define REST_MAX (1u << 20)

/* How much one connection may do before the others have their turn. */
#define ROUNDS 16

#define WATCHED (EPOLLIN | EPOLLRDHUP | EPOLLET)

/* One direction. */
struct direction {
	uint64_t moved;
	struct forward_pipe *pipe; /* NULL: nothing is in one */
	size_t in_pipe;		   /* bytes */
	char *rest;		   /* what a write left over; NULL: nothing */
	size_t rest_at;
	size_t rest_end;
	bool ended;  /* the sender has closed its side */
	bool passed; /* and the receiver was told */
};

/*
 * What epoll has told and nobody has used up: it tells each change once (EPOLLET). A read or write
 * that moves less than it was given has used it up too, epoll(7), which saves the call that would
 * say EAGAIN.
 */
struct end {
	struct forward_source source;
	struct forward_connection *connection;
	int fd;
	bool readable;
	bool writable;
	/* the end of its stream has arrived: there is something to read until that has been read */
	bool closing;
	/*
	 * epoll tells when it can be written again; before the first full buffer nobody has to know
	 */
	bool waits;
};

struct forward_connection {
	struct end client;
	struct end inside;
	struct direction in;
	struct direction out;
	bool dropped;
	bool queued;
	struct forward_connection *next_again;
	struct forward_connection *next_dropped;
};

enum pumped { PUMP_IDLE, PUMP_AGAIN, PUMP_BROKEN };

static void free_rest(struct forwarder *f, struct direction *d)
{
	if (d->rest) {
		f->rest_bytes -= d->rest_end;
		free(d->rest);
		d->rest = NULL;
	}
}

static void direction_done(struct forwarder *f, struct direction *d)
{
	if (d->pipe) {
		forward_pipe_discard(&f->pipes, d->pipe);
		d->pipe = NULL;
	}
	free_rest(f, d);
}

/* A reset on one side becomes a reset on the other. */
static void close_hard(int *fd)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(*fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	fd_drop(fd);
}

static void drop(struct forwarder *f, struct forward_connection *c, bool hard)
{
	if (c->dropped) {
		return;
	}
	c->dropped = true;
	if (hard) {
		close_hard(&c->client.fd);
		close_hard(&c->inside.fd);
	} else {
		fd_drop(&c->client.fd);
		fd_drop(&c->inside.fd);
	}
	direction_done(f, &c->in);
	direction_done(f, &c->out);
	c->next_dropped = f->dropped;
	f->dropped = c;
	forward_resume(f);
}

void forward_tcp_free_dropped(struct forwarder *f)
{
	/* What waits for its turn is freed when that comes. */
	struct forward_connection **at = &f->dropped;

	while (*at) {
		struct forward_connection *c = *at;

		if (c->queued) {
			at = &c->next_dropped;
			continue;
		}
		*at = c->next_dropped;
		free(c);
	}
}

static int would_block(bool *able)
{
	*able = false;
	return errno == EAGAIN ? 0 : -errno;
}

/* The following return 1: something moved, 0: it would block, -errno. */

static int flush_rest(struct forwarder *f, struct direction *d, struct end *to)
{
	ssize_t n = send(to->fd, d->rest + d->rest_at, d->rest_end - d->rest_at, MSG_NOSIGNAL);

	if (n < 0) {
		return would_block(&to->writable);
	}
	d->rest_at += (size_t)n;
	if (d->rest_at == d->rest_end) {
		free_rest(f, d);
	}
	return 1;
}

static void empty_pipe(struct forwarder *f, struct direction *d)
{
	forward_pipe_give(&f->pipes, d->pipe);
	d->pipe = NULL;
}

static int flush_pipe(struct forwarder *f, struct direction *d, struct end *to)
{
	ssize_t n = splice(d->pipe->out, NULL, to->fd, NULL, d->in_pipe,
			   SPLICE_F_NONBLOCK | SPLICE_F_MOVE);

	if (n < 0) {
		return would_block(&to->writable);
	}
	d->in_pipe -= (size_t)n;
	if (d->in_pipe == 0) {
		empty_pipe(f, d);
	}
	return 1;
}

/*
 * The pipe is empty, so it is the sender that it would wait for. Less than was asked for may be a
 * pipe that is full of small pieces.
 */
static int fill_pipe(struct forwarder *f, struct direction *d, struct end *from)
{
	ssize_t n = splice(from->fd, NULL, d->pipe->in, NULL, FORWARD_PIPE_BYTES,
			   SPLICE_F_NONBLOCK | SPLICE_F_MOVE);

	if (n <= 0) {
		int error = errno;

		empty_pipe(f, d);
		errno = error;
	}
	if (n < 0) {
		return would_block(&from->readable);
	}
	d->ended = n == 0;
	d->in_pipe = (size_t)n;
	return 1;
}

static int keep_rest(struct forwarder *f, struct direction *d, size_t at, size_t end)
{
	d->rest = malloc(end - at);
	if (!d->rest) {
		return -ENOMEM;
	}
	memcpy(d->rest, f->buffer + at, end - at);
	d->rest_at = 0;
	d->rest_end = end - at;
	f->rest_bytes += end - at;
	return 1;
}

/* Of what was peeked at, takes what was written. */
static int take_written(struct direction *d, struct end *from, ssize_t got, ssize_t put)
{
	d->moved += (uint64_t)put;
	if (put < got) {
		from->readable = true; /* the rest is there still */
	}
	/* tcp(7): thrown away, without a buffer. Nobody else reads here, so it is all there. */
	return put == 0 || recv(from->fd, NULL, (size_t)put, MSG_TRUNC) == put ? 1 : -EIO;
}

static int copy(struct forwarder *f, struct direction *d, struct end *from, struct end *to)
{
	bool peeks = f->rest_bytes >= REST_MAX;
	ssize_t got = recv(from->fd, f->buffer, FORWARD_BUFFER, peeks ? MSG_PEEK : 0);
	ssize_t put;
	int flags = MSG_NOSIGNAL;

	if (got < 0) {
		return would_block(&from->readable);
	}
	if (got == 0) {
		d->ended = true;
		return 1;
	}
	if (got < FORWARD_BUFFER && !from->closing) {
		from->readable = false;
	}
	/* When the end is known to follow, it may go in the same segment. */
	if (from->closing) {
		flags |= MSG_MORE;
	}
	put = send(to->fd, f->buffer, (size_t)got, flags);
	if (put < 0 && would_block(&to->writable) < 0) {
		return -errno;
	}
	if (put < 0) {
		put = 0;
	}
	if (peeks) {
		return take_written(d, from, got, put);
	}
	d->moved += (uint64_t)got;
	if (put < got) {
		return keep_rest(f, d, (size_t)put, (size_t)got);
	}
	return 1;
}

/*
 * Nothing more will be sent that way. When the other way is at its end too, closing says the same.
 */
static void pass_end(struct direction *d, const struct direction *other, const struct end *to)
{
	if (!d->passed && !other->passed) {
		/* ENOTCONN: it is gone altogether, which its own direction finds out. */
		shutdown(to->fd, SHUT_WR);
	}
	d->passed = true;
}

/*
 * The receiver is full: now epoll has to tell when it isn't any more. Where that is so already, it
 * tells at once.
 */
static int wait_for_room(const struct forwarder *f, struct end *to)
{
	struct epoll_event event = { .events = WATCHED | EPOLLOUT, .data.ptr = &to->source };

	if (to->waits) {
		return 0;
	}
	to->waits = true;
	return epoll_ctl(f->epoll, EPOLL_CTL_MOD, to->fd, &event) < 0 ? -errno : 0;
}

/* Could more be moved, were there room? */
static bool has_more(const struct direction *d, const struct end *from)
{
	return d->rest || d->in_pipe > 0 || (!d->ended && from->readable);
}

static int step(struct forwarder *f, struct direction *d, struct end *from, struct end *to)
{
	if (!to->writable || !has_more(d, from)) {
		return 0;
	}
	if (d->rest) {
		return flush_rest(f, d, to);
	}
	if (d->in_pipe > 0) {
		return flush_pipe(f, d, to);
	}
	if (d->moved >= BULK_BYTES) {
		d->pipe = forward_pipe_take(&f->pipes);
	}
	if (d->pipe) {
		return fill_pipe(f, d, from);
	}
	return copy(f, d, from, to);
}

static enum pumped pump(struct forwarder *f, struct direction *d, const struct direction *other,
			struct end *from, struct end *to)
{
	int rc = 1;

	for (int round = 0; rc > 0 && round < ROUNDS; round++) {
		rc = step(f, d, from, to);
	}
	if (rc < 0) {
		return PUMP_BROKEN;
	}
	if (d->ended && !has_more(d, from)) {
		pass_end(d, other, to);
	} else if (!to->writable && has_more(d, from) && wait_for_room(f, to) < 0) {
		return PUMP_BROKEN;
	}
	return rc > 0 ? PUMP_AGAIN : PUMP_IDLE;
}

static void move(struct forwarder *f, struct forward_connection *c)
{
	enum pumped in = pump(f, &c->in, &c->out, &c->client, &c->inside);
	enum pumped out = pump(f, &c->out, &c->in, &c->inside, &c->client);

	if (in == PUMP_BROKEN || out == PUMP_BROKEN) {
		drop(f, c, true);
	} else if (c->in.passed && c->out.passed) {
		drop(f, c, false);
	} else if ((in == PUMP_AGAIN || out == PUMP_AGAIN) && !c->queued) {
		c->queued = true;
		c->next_again = f->again;
		f->again = c;
	}
}

void forward_tcp_again(struct forwarder *f)
{
	struct forward_connection *list = f->again;

	f->again = NULL;
	while (list) {
		struct forward_connection *c = list;

		list = c->next_again;
		c->queued = false;
		if (!c->dropped) {
			move(f, c);
		}
	}
}

static void end_ready(struct forwarder *f, struct forward_source *source, uint32_t events)
{
	struct end *end = (struct end *)(void *)source;
	struct forward_connection *c = end->connection;
	const struct direction *from_here = end == &c->client ? &c->in : &c->out;

	if (c->dropped) {
		return;
	}
	end->readable |= (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
	end->closing |= (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
	end->writable |= (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0;
	/* Who reads finds the error. Where the stream has ended before, nobody reads. */
	if ((events & EPOLLERR) && from_here->ended) {
		drop(f, c, true);
		return;
	}
	move(f, c);
}

/* *inside is a socket for it, or becomes another. Returns 0 or -errno. */
static int start_inside(struct forwarder *f, const struct forward_listener *l, int *inside,
			const struct sockaddr_storage *from)
{
	struct sockaddr_in target = forward_inside_address(f, l->inside_port);
	int six = forward_inside6_tcp(f, l->inside_port, from);

	if (six >= 0) {
		close(*inside);
		*inside = six;
		return 0;
	}
	TRY(forward_inside_bind(f, SOCK_STREAM, *inside, from));
	if (connect(*inside, (struct sockaddr *)&target, sizeof(target)) < 0 &&
	    errno != EINPROGRESS) {
		return -errno;
	}
	return 0;
}

/*
 * Connects as the client, and moves what the client has sent meanwhile: often that is all that it
 * will send.
 */
static int begin(struct forwarder *f, const struct forward_listener *l,
		 struct forward_connection *c, const struct sockaddr_storage *from)
{
	int rc = start_inside(f, l, &c->inside.fd, from);

	if (rc < 0) {
		return rc;
	}
	rc = forward_watch(f, c->inside.fd, WATCHED, &c->inside.source);
	if (rc == 0) {
		rc = forward_watch(f, c->client.fd, WATCHED, &c->client.source);
	}
	return rc;
}

/* Takes both descriptors. */
static void add_connection(struct forwarder *f, const struct forward_listener *l, int client,
			   int inside, const struct sockaddr_storage *from)
{
	struct forward_connection *c = calloc(1, sizeof(*c));

	if (!c) {
		close(client);
		close(inside);
		return;
	}
	/* Not connected yet, a write says EAGAIN. Both ends are local: mostly it is by now. */
	c->client = (struct end){
		{ end_ready }, .connection = c, .fd = client, .readable = true, .writable = true
	};
	c->inside = (struct end){ { end_ready }, .connection = c, .fd = inside, .writable = true };
	if (begin(f, l, c, from) < 0) {
		drop(f, c, true);
		return;
	}
	move(f, c);
}

/*
 * The socket for the next connection: made before it comes, so that it does not wait, and is not
 * taken without one.
 */
static int spare(struct forwarder *f)
{
	const int one = 1;

	if (f->spare < 0) {
		f->spare = forward_inside_socket(f, SOCK_STREAM);
		/* What the sender put in one segment should not wait here for the next. */
		if (f->spare >= 0) {
			setsockopt(f->spare, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
			setsockopt(f->spare, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one,
				   sizeof(one));
		}
	}
	return f->spare;
}

void forward_tcp_prepare(struct forwarder *f)
{
	if (f->accepted && !f->full) {
		f->accepted = false;
		(void)spare(f);
	}
}

/*
 * One at a time: a second call would mostly find nobody, and epoll goes on telling of those that
 * wait (no EPOLLET here).
 */
void forward_tcp_accept(struct forwarder *f, struct forward_source *source, uint32_t events)
{
	const struct forward_listener *l = (const struct forward_listener *)(void *)source;
	struct sockaddr_storage from = { 0 };
	socklen_t len = sizeof(from);
	int fd = spare(f);

	(void)events;
	if (fd < 0) {
		errno = -fd;
	} else {
		fd = accept4(l->fd, (struct sockaddr *)&from, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
	}
	if (fd >= 0) {
		f->accepted = true;
		add_connection(f, l, fd, fd_take(&f->spare), &from);
	} else if (errno == EINVAL) {
		/*
		 * It does not listen: a program of the container has its port now, on a socket of
		 * the host's (switch/bind.c).
		 */
		(void)epoll_ctl(f->epoll, EPOLL_CTL_DEL, l->fd, NULL);
	} else if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR) {
		forward_pause(f);
	}
}
