/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forward/udp: forwarding datagrams.
 *
 * UDP has no connections, so each client of a port gets a flow: a socket of its own in the
 * container's namespace, which lives until nothing has passed for IDLE_SECONDS. The least recently
 * used one goes when there are FLOWS_MAX.
 */
#include "libnet/forward/udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/scope.h"
#include "libnet/forward/inside.h"
#include "libnet/forward/inside6.h"

#define IDLE_SECONDS 60
#define FLOWS_MAX 2048
#define DATAGRAMS 64 /* that one socket may move before the others have their turn */

struct forward_flow {
	struct forward_source source;
	struct forward_listener *listener;
	struct forward_flow *newer, *older;
	struct forward_flow *next; /* in its bucket */
	int fd;
	bool dropped;
	time_t used;
	struct sockaddr_storage client;
	/* The address of ours that the client wrote to, and must get its answer from. */
	union {
		struct in_pktinfo v4;
		struct in6_pktinfo v6;
	} local;
	bool has_local;
};

static socklen_t address_len(const struct sockaddr_storage *a)
{
	return a->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}

static bool same_client(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	if (a->ss_family != b->ss_family) {
		return false;
	}
	if (a->ss_family == AF_INET) {
		const struct sockaddr_in *x = (const void *)a, *y = (const void *)b;

		return x->sin_port == y->sin_port && x->sin_addr.s_addr == y->sin_addr.s_addr;
	}
	const struct sockaddr_in6 *x = (const void *)a, *y = (const void *)b;

	return x->sin6_port == y->sin6_port && IN6_ARE_ADDR_EQUAL(&x->sin6_addr, &y->sin6_addr) &&
	       x->sin6_scope_id == y->sin6_scope_id;
}

/*
 * FNV-1a. A client can pick its bucket, and gains nothing: flows are bounded, and so is the walk
 * through one bucket.
 */
static size_t bucket_of(const struct forward_listener *l, const struct sockaddr_storage *client)
{
	const unsigned char *bytes = (const void *)client;
	uint32_t hash = 2166136261u ^ l->inside_port;

	for (size_t i = 0; i < address_len(client); i++) {
		hash = (hash ^ bytes[i]) * 16777619u;
	}
	return hash % FORWARD_BUCKETS;
}

static void unlink_recent(struct forwarder *f, struct forward_flow *flow)
{
	if (flow->newer) {
		flow->newer->older = flow->older;
	} else {
		f->flows = flow->older;
	}
	if (flow->older) {
		flow->older->newer = flow->newer;
	} else {
		f->flows_end = flow->newer;
	}
}

static void link_recent(struct forwarder *f, struct forward_flow *flow)
{
	flow->newer = NULL;
	flow->older = f->flows;
	if (f->flows) {
		f->flows->newer = flow;
	} else {
		f->flows_end = flow;
	}
	f->flows = flow;
	flow->used = forward_seconds();
}

static void touch(struct forwarder *f, struct forward_flow *flow)
{
	unlink_recent(f, flow);
	link_recent(f, flow);
}

static void drop(struct forwarder *f, struct forward_flow *flow)
{
	struct forward_flow **at = &f->flow_table[bucket_of(flow->listener, &flow->client)];

	while (*at != flow) {
		at = &(*at)->next;
	}
	*at = flow->next;
	unlink_recent(f, flow);
	f->flow_n--;
	fd_drop(&flow->fd);
	flow->dropped = true;
	flow->next = f->flows_dropped;
	f->flows_dropped = flow;
}

void forward_udp_free_dropped(struct forwarder *f)
{
	while (f->flows_dropped) {
		struct forward_flow *flow = f->flows_dropped;

		f->flows_dropped = flow->next;
		free(flow);
	}
}

int forward_udp_expire(struct forwarder *f)
{
	time_t limit = forward_seconds() - IDLE_SECONDS;

	while (f->flows_end && f->flows_end->used <= limit) {
		drop(f, f->flows_end);
	}
	if (!f->flows_end) {
		return -1;
	}
	return (int)(f->flows_end->used - limit) * 1000;
}

void forward_udp_forget(struct forwarder *f, const struct forward_listener *listener)
{
	struct forward_flow *next;

	for (struct forward_flow *flow = f->flows; flow; flow = next) {
		next = flow->older;
		if (flow->listener == listener) {
			drop(f, flow);
		}
	}
}

/* ip(7), ipv6(7): the address that it leaves from. msg has room for it. */
static void put_local(struct msghdr *msg, int level, int type, const void *info, size_t size)
{
	struct cmsghdr *c;

	msg->msg_controllen = CMSG_SPACE(size);
	c = CMSG_FIRSTHDR(msg);
	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(c), info, size);
}

/*
 * To the client, from the address that it wrote to. What can't be sent now is lost: that is UDP's
 * way.
 */
static void answer(const struct forward_flow *flow, char *bytes, size_t len)
{
	union {
		char space[CMSG_SPACE(sizeof(struct in6_pktinfo))];
		struct cmsghdr align;
	} control = { .space = { 0 } };
	struct iovec part = { bytes, len };
	struct msghdr msg = {
		.msg_name = (void *)(uintptr_t)&flow->client,
		.msg_namelen = address_len(&flow->client),
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.space,
	};

	if (flow->has_local && flow->client.ss_family == AF_INET6) {
		put_local(&msg, IPPROTO_IPV6, IPV6_PKTINFO, &flow->local.v6,
			  sizeof(flow->local.v6));
	} else if (flow->has_local) {
		put_local(&msg, IPPROTO_IP, IP_PKTINFO, &flow->local.v4, sizeof(flow->local.v4));
	}
	(void)sendmsg(flow->listener->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void flow_ready(struct forwarder *f, struct forward_source *source, uint32_t events)
{
	struct forward_flow *flow = (struct forward_flow *)(void *)source;

	(void)events;
	for (int i = 0; i < DATAGRAMS && !flow->dropped; i++) {
		ssize_t n = recv(flow->fd, f->buffer, FORWARD_BUFFER, MSG_DONTWAIT);

		if (n < 0 && errno == ECONNREFUSED) {
			drop(f, flow); /* nobody listens inside (any more) */
			return;
		}
		if (n < 0) {
			return;
		}
		answer(flow, f->buffer, (size_t)n);
		touch(f, flow);
	}
}

static struct forward_flow *find(struct forwarder *f, const struct forward_listener *l,
				 const struct sockaddr_storage *client)
{
	struct forward_flow *flow = f->flow_table[bucket_of(l, client)];

	while (flow && !(flow->listener == l && same_client(&flow->client, client))) {
		flow = flow->next;
	}
	return flow;
}

/* By IPv4: a socket that is connected to the container, or -errno. */
static int connect_inside(const struct forwarder *f, const struct forward_listener *l,
			  const struct sockaddr_storage *client)
{
	struct sockaddr_in target = forward_inside_address(f, l->inside_port);
	scope_fd int fd = forward_inside_socket(f, SOCK_DGRAM);

	if (fd < 0) {
		return fd;
	}
	TRY(forward_inside_bind(f, SOCK_DGRAM, fd, client));
	if (connect(fd, (struct sockaddr *)&target, sizeof(target)) < 0) {
		return -errno;
	}
	return fd_take(&fd);
}

static struct forward_flow *make(struct forwarder *f, struct forward_listener *l,
				 const struct sockaddr_storage *client)
{
	struct forward_flow *flow = calloc(1, sizeof(*flow));
	struct forward_flow **bucket;

	if (!flow) {
		return NULL;
	}
	if (f->flow_n >= FLOWS_MAX) {
		drop(f, f->flows_end);
	}
	*flow = (struct forward_flow){ .source = { flow_ready }, .listener = l, .client = *client };
	flow->fd = -1;
	if (l->six) {
		flow->fd = forward_inside6_udp(f, l, client);
	}
	if (flow->fd < 0) {
		flow->fd = connect_inside(f, l, client);
	}
	if (flow->fd == -EMFILE && f->flows_end) {
		drop(f, f->flows_end);
		flow->fd = connect_inside(f, l, client);
	}
	if (flow->fd < 0 || forward_watch(f, flow->fd, EPOLLIN, &flow->source) < 0) {
		scope_close_(&flow->fd);
		free(flow);
		return NULL;
	}
	bucket = &f->flow_table[bucket_of(l, client)];
	flow->next = *bucket;
	*bucket = flow;
	f->flow_n++;
	link_recent(f, flow);
	return flow;
}

static void take_local(struct forward_flow *flow, struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			memcpy(&flow->local.v4, CMSG_DATA(c), sizeof(flow->local.v4));
			/* The address counts; the interface is the routing's choice. */
			flow->local.v4.ipi_ifindex = 0;
			flow->has_local = true;
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&flow->local.v6, CMSG_DATA(c), sizeof(flow->local.v6));
			if (!IN6_IS_ADDR_LINKLOCAL(&flow->local.v6.ipi6_addr)) {
				flow->local.v6.ipi6_ifindex = 0;
			}
			flow->has_local = true;
		}
	}
}

void forward_udp_receive(struct forwarder *f, struct forward_source *source, uint32_t events)
{
	struct forward_listener *l = (struct forward_listener *)(void *)source;

	(void)events;
	for (int i = 0; i < DATAGRAMS; i++) {
		union {
			char space[CMSG_SPACE(sizeof(struct in6_pktinfo)) +
				   CMSG_SPACE(sizeof(struct in_pktinfo))];
			struct cmsghdr align;
		} control;
		struct sockaddr_storage client = { 0 };
		struct iovec part = { f->buffer, FORWARD_BUFFER };
		struct msghdr msg = {
			.msg_name = &client,
			.msg_namelen = sizeof(client),
			.msg_iov = &part,
			.msg_iovlen = 1,
			.msg_control = control.space,
			.msg_controllen = sizeof(control.space),
		};
		ssize_t n = recvmsg(l->fd, &msg, MSG_DONTWAIT);
		struct forward_flow *flow;

		if (n < 0) {
			return;
		}
		flow = find(f, l, &client);
		if (!flow) {
			flow = make(f, l, &client);
		}
		if (!flow) {
			continue;
		}
		take_local(flow, &msg);
		touch(f, flow);
		if (send(flow->fd, f->buffer, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
		    errno == ECONNREFUSED) {
			/* That was about an earlier one; the error is taken, so this one may go. */
			(void)send(flow->fd, f->buffer, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
		}
	}
}
