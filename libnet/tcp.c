/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net/tcp: forwarding connections.
 *
 * A connection begins by copying through one buffer that all share: most are short, and a pipe costs two system calls and
 * counts against its user's quota of pipe pages. One direction that has moved BULK_BYTES gets a pipe and is spliced from
 * then on: its bytes don't pass through this process any more.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/scope.h"
#include "libnet/forward.h"

#define BULK_BYTES (512u << 10)
#define BULK_PIPE (512 << 10)

/* How much one connection may do before the others have their turn. */
#define ROUNDS 16
#define ACCEPTS 64

/* One direction. */
struct direction {
	uint64_t moved;
	int pipe[2];	/* -1 while it copies */
	size_t in_pipe; /* bytes */
	char *rest;	/* what a write left over; NULL: nothing */
	size_t rest_at;
	size_t rest_end;
	bool ended;  /* the sender has closed its side */
	bool passed; /* and the receiver was told */
};

struct end {
	struct source source;
	struct connection *connection;
	int fd;
};

struct connection {
	struct end client;
	struct end inside;
	struct direction in;
	struct direction out;
	bool connected;
	bool dropped;
	bool queued;
	struct connection *next_again;
	struct connection *next_dropped;
};

enum pumped { PUMP_IDLE, PUMP_AGAIN, PUMP_BROKEN };

static void direction_done(struct direction *d)
{
	fd_drop(&d->pipe[0]);
	fd_drop(&d->pipe[1]);
	free(d->rest);
	d->rest = NULL;
}

/* A reset on one side becomes a reset on the other. */
static void close_hard(int *fd)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(*fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	fd_drop(fd);
}

static void drop(struct forwarder *f, struct connection *c, bool hard)
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
	direction_done(&c->in);
	direction_done(&c->out);
	c->next_dropped = f->dropped;
	f->dropped = c;
	if (f->full) {
		forward_pause(f, false);
	}
}

void forward_tcp_free_dropped(struct forwarder *f)
{
	/* What waits for its turn is freed when that comes. */
	struct connection **at = &f->dropped;

	while (*at) {
		struct connection *c = *at;

		if (c->queued) {
			at = &c->next_dropped;
			continue;
		}
		*at = c->next_dropped;
		free(c);
	}
}

/* No pipe is no failure: the user's quota of them may be used up. Then this direction goes on copying. */
static void become_bulk(struct direction *d)
{
	if (d->pipe[0] >= 0 || d->moved < BULK_BYTES || pipe2(d->pipe, O_CLOEXEC | O_NONBLOCK) < 0) {
		return;
	}
	(void)fcntl(d->pipe[0], F_SETPIPE_SZ, BULK_PIPE);
}

/* 1: something moved, 0: it would block, -errno. */
static int flush_rest(struct direction *d, int to)
{
	ssize_t n = send(to, d->rest + d->rest_at, d->rest_end - d->rest_at, MSG_NOSIGNAL);

	if (n < 0) {
		return errno == EAGAIN ? 0 : -errno;
	}
	d->rest_at += (size_t)n;
	if (d->rest_at == d->rest_end) {
		free(d->rest);
		d->rest = NULL;
	}
	return 1;
}

static int flush_pipe(struct direction *d, int to)
{
	ssize_t n = splice(d->pipe[0], NULL, to, NULL, d->in_pipe, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);

	if (n < 0) {
		return errno == EAGAIN ? 0 : -errno;
	}
	d->in_pipe -= (size_t)n;
	return 1;
}

static int fill_pipe(struct direction *d, int from)
{
	ssize_t n = splice(from, NULL, d->pipe[1], NULL, BULK_PIPE, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);

	if (n < 0) {
		return errno == EAGAIN ? 0 : -errno;
	}
	d->ended = n == 0;
	d->in_pipe = (size_t)n;
	return 1;
}

static int copy(const struct forwarder *f, struct direction *d, int from, int to)
{
	ssize_t got = recv(from, f->buffer, NET_FORWARD_BUFFER, 0);
	ssize_t put;

	if (got < 0) {
		return errno == EAGAIN ? 0 : -errno;
	}
	if (got == 0) {
		d->ended = true;
		return 1;
	}
	d->moved += (uint64_t)got;
	put = send(to, f->buffer, (size_t)got, MSG_NOSIGNAL);
	if (put < 0 && errno != EAGAIN) {
		return -errno;
	}
	if (put < got) {
		size_t left = (size_t)(got - (put > 0 ? put : 0));

		d->rest = malloc(left);
		if (!d->rest) {
			return -ENOMEM;
		}
		memcpy(d->rest, f->buffer + got - left, left);
		d->rest_at = 0;
		d->rest_end = left;
	}
	return 1;
}

static enum pumped pump(const struct forwarder *f, struct direction *d, int from, int to)
{
	for (int round = 0; round < ROUNDS; round++) {
		int rc;

		if (d->rest) {
			rc = flush_rest(d, to);
		} else if (d->in_pipe > 0) {
			rc = flush_pipe(d, to);
		} else if (d->ended) {
			if (!d->passed) {
				d->passed = true;
				/* ENOTCONN: it is gone altogether, which its own direction finds out. */
				shutdown(to, SHUT_WR);
			}
			return PUMP_IDLE;
		} else {
			become_bulk(d);
			rc = d->pipe[0] >= 0 ? fill_pipe(d, from) : copy(f, d, from, to);
		}
		if (rc < 0) {
			return PUMP_BROKEN;
		}
		if (rc == 0) {
			return PUMP_IDLE;
		}
	}
	return PUMP_AGAIN;
}

static void move(struct forwarder *f, struct connection *c)
{
	enum pumped in = pump(f, &c->in, c->client.fd, c->inside.fd);
	enum pumped out = pump(f, &c->out, c->inside.fd, c->client.fd);

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
	struct connection *list = f->again;

	f->again = NULL;
	while (list) {
		struct connection *c = list;

		list = c->next_again;
		c->queued = false;
		if (!c->dropped) {
			move(f, c);
		}
	}
}

static void end_ready(struct forwarder *f, struct source *source, uint32_t events)
{
	struct end *end = (struct end *)(void *)source;
	struct connection *c = end->connection;

	if (c->dropped) {
		return;
	}
	if (!c->connected) {
		int error = 0;
		socklen_t len = sizeof(error);

		if (end == &c->client) {
			/* Its bytes wait in its socket. A client that is gone already is found when we write. */
			return;
		}
		if (!(events & (EPOLLOUT | EPOLLERR | EPOLLHUP))) {
			return;
		}
		if (getsockopt(end->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 || error != 0) {
			drop(f, c, true);
			return;
		}
		c->connected = true;
	}
	if ((events & EPOLLERR) && !(events & EPOLLIN)) {
		drop(f, c, true);
		return;
	}
	move(f, c);
}

static void no_delay(int fd)
{
	int one = 1;

	/* What the sender put in one segment should not wait here for the next. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

/* Takes the client's descriptor, on failure too. */
static void begin(struct forwarder *f, const struct listener *l, int client, const struct sockaddr_storage *from)
{
	struct sockaddr_in target = forward_inside_address(f, l->inside_port);
	struct connection *c = calloc(1, sizeof(*c));
	const uint32_t events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

	if (!c) {
		close(client);
		return;
	}
	c->client = (struct end){ .source = { end_ready }, .connection = c, .fd = client };
	c->inside = (struct end){ .source = { end_ready }, .connection = c };
	c->in.pipe[0] = c->in.pipe[1] = c->out.pipe[0] = c->out.pipe[1] = -1;
	c->inside.fd = forward_inside_socket(f, SOCK_STREAM, from);
	if (c->inside.fd < 0) {
		if (c->inside.fd == -EMFILE || c->inside.fd == -ENFILE) {
			forward_pause(f, true);
		}
		c->inside.fd = -1;
		close_hard(&c->client.fd);
		free(c);
		return;
	}
	no_delay(client);
	no_delay(c->inside.fd);
	if ((connect(c->inside.fd, (struct sockaddr *)&target, sizeof(target)) < 0 && errno != EINPROGRESS) ||
	    forward_watch(f, c->inside.fd, events, &c->inside.source) < 0 ||
	    forward_watch(f, c->client.fd, events, &c->client.source) < 0) {
		drop(f, c, true);
	}
}

void forward_tcp_accept(struct forwarder *f, struct source *source, uint32_t events)
{
	const struct listener *l = (const struct listener *)(void *)source;

	(void)events;
	for (int i = 0; i < ACCEPTS && !f->full; i++) {
		struct sockaddr_storage from = { 0 };
		socklen_t len = sizeof(from);
		int fd = accept4(l->fd, (struct sockaddr *)&from, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			begin(f, l, fd, &from);
		} else if (errno == EMFILE || errno == ENFILE) {
			forward_pause(f, true);
		} else if (errno != ECONNABORTED && errno != EINTR) {
			return;
		}
	}
}
