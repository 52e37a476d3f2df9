/* SPDX-License-Identifier: Apache-2.0 */
/*
 * switch/bind: a server of the container's on a published port gets a socket that is bound to that
 * port of the host.
 *
 * The forwarder's listener on that port is shut down then. It stays bound, which keeps the port for
 * the container, but whoever connects while no server is there is refused. Where a server comes
 * that can't be switched, the forwarder listens again. `port remove` finds the server's socket and
 * shuts it down (server.c). Connects of the container's own to that port, by its loopback, are
 * led to the server by a socket whose filter lets it hear that one address and port.
 *
 * A server stays behind the forwarder where one socket would not answer everybody:
 *  - one of IPv4 alone on a port that is published for both families (publish it as
 *    0.0.0.0:8080:80);
 *  - one that binds another address than the forwarder would reach;
 *  - on a port that is published twice, or whose socket was inherited;
 *  - with client_address=gateway: switched, a server sees callers as they are, the host's own
 *    programs as 127.0.0.1 too.
 */
#include "libnet/switch/bind.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/scope.h"
#include "libnet/switch/reader.h"
#include "libnet/switch/socket.h"

#define BACKLOG 4096

/* One listener of the forwarder's. */
struct switch_port {
	struct switch_port *next;
	int fd;
	uint64_t cookie;
	uint32_t id; /* of the published port */
	uint16_t inside_port;
	struct switch_peer host;
	bool given;	/* shut down: a server has the port */
	bool was_given; /* ever */
};

/* SO_COOKIE: of one open socket, whoever has it; never used again, unlike an inode's number. */
static uint64_t cookie_of(int fd)
{
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);

	if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len) < 0) {
		return 0;
	}
	return cookie;
}

void switch_add_port(struct switcher *s, const struct net_message *m, int fd)
{
	struct sockaddr_storage address = { 0 };
	socklen_t len = sizeof(address);
	struct switch_port *port;
	uint64_t cookie = cookie_of(fd);

	for (port = s->ports; port; port = port->next) {
		if (port->cookie ==
		    cookie) { /* told anew, because the forwarder was started anew */
			close(fd);
			return;
		}
	}
	port = calloc(1, sizeof(*port));
	if (!port || getsockname(fd, (struct sockaddr *)&address, &len) < 0 ||
	    !switch_parse(&address, len, address.ss_family, &port->host)) {
		free(port);
		close(fd); /* the forwarder keeps it, so it works all the same */
		return;
	}
	port->fd = fd;
	port->cookie = cookie;
	port->id = m->id;
	port->inside_port = m->inside_port;
	port->next = s->ports;
	s->ports = port;
}

/* ---- the end of a published port ---- */

void switch_remove_port(struct switcher *s, uint32_t id)
{
	const struct net_message m = { .kind = NET_MESSAGE_REMOVE, .id = id };
	struct switch_port **at = &s->ports;

	while (*at) {
		struct switch_port *port = *at;

		if (port->id != id) {
			at = &port->next;
			continue;
		}
		/* Not told, the helper says that the port could not be taken. */
		if (port->was_given && switch_reader_end(s, &port->host) < 0) {
			return;
		}
		*at = port->next;
		close(port->fd);
		free(port);
	}
	(void)send(s->setup->control, &m, sizeof(m), MSG_NOSIGNAL);
}

/* ---- bind ---- */

/* Where the container's port is published: at most once for each family, and not twice. */
struct publication {
	struct switch_port *four;
	struct switch_port *six;
	bool twice;
};

static struct publication find(const struct switcher *s, uint16_t inside_port)
{
	struct publication found = { .twice = false };

	for (struct switch_port *port = s->ports; port; port = port->next) {
		struct switch_port **place = &found.six;

		if (port->host.address.family == AF_INET) {
			place = &found.four;
		}
		if (port->inside_port == inside_port) {
			found.twice |= *place != NULL;
			*place = port;
		}
	}
	found.twice |= found.four && found.six && found.four->id != found.six->id;
	return found;
}

static void give(struct switch_port *port)
{
	if (port && !port->given) {
		/*
		 * What waits there to be accepted is reset; the server that it waited for was not
		 * there.
		 */
		(void)shutdown(port->fd, SHUT_RDWR);
		port->given = true;
		port->was_given = true;
	}
}

/* The forwarder is to serve it (again). */
static void take_back(const struct switcher *s, struct switch_port *port)
{
	struct net_message m = { .kind = NET_MESSAGE_RESUME };

	if (port && port->given && listen(port->fd, BACKLOG) == 0) {
		port->given = false;
		m.id = port->id;
		(void)send(s->setup->control, &m, sizeof(m), MSG_NOSIGNAL);
	}
}

/* Only what the forwarder would reach: every address of the container, or its own. */
static bool is_reached(const struct switcher *s, const struct switch_peer *bound)
{
	return switch_is_any(bound) ||
	       (bound->address.family == AF_INET &&
		bound->address.v4.s_addr == net_cidr_address(&s->setup->config->cidr, 100).s_addr);
}

static void serve_outside(struct switcher *s, const struct switch_call *call,
			  const struct publication *p, bool only6, const struct switch_peer *at)
{
	scope_fd int fd = -1;

	give(p->four);
	give(p->six);
	fd = switch_server(s, &call->target, only6, at);
	if (fd < 0) {
		switch_answer(s, call, fd);
		return;
	}
	if (switch_hand_over(call, fd) < 0) {
		switch_go_on(s, call);
		return;
	}
	switch_answer(s, call, 0);
}

void switch_take_bind(struct switcher *s, const struct switch_call *call)
{
	const struct switch_target *t = &call->target;
	struct switch_peer bound, at;
	struct publication p;
	const struct switch_peer *host4 = NULL, *host6 = NULL;
	bool only6;

	if (t->place != SWITCH_INSIDE || !switch_parse(&t->address, t->len, t->domain, &bound) ||
	    bound.port == 0) {
		switch_go_on(s, call);
		return;
	}
	p = find(s, bound.port);
	if (!is_reached(s, &bound) || (!p.four && !p.six)) {
		switch_go_on(s, call);
		return;
	}
	if (p.four) {
		host4 = &p.four->host;
	}
	if (p.six) {
		host6 = &p.six->host;
	}
	if (!p.twice && !t->shared &&
	    switch_place_server(&bound, t->domain, t->only6, host4, host6, &at, &only6)) {
		serve_outside(s, call, &p, only6, &at);
		return;
	}
	take_back(s, p.four);
	take_back(s, p.six);
	switch_go_on(s, call);
}

/* ---- the container's own server, from inside ---- */

bool switch_connect_own(struct switcher *s, const struct switch_call *call,
			const struct switch_peer *peer)
{
	const struct switch_target *t = &call->target;
	struct publication p = find(s, peer->port);
	const struct switch_port *port = peer->address.family == AF_INET ? p.four : p.six;
	const struct switch_way way = { .device = 0 };
	struct switch_peer host;
	scope_fd int fd = -1;
	int rc;

	if (!port || !port->given || !switch_is_own(peer, &s->setup->config->cidr)) {
		return false;
	}
	host = port->host;
	if (switch_is_any(&host)) {
		host.address.v4.s_addr = htonl(INADDR_LOOPBACK);
		if (host.address.family == AF_INET6) {
			host.address.v6 = in6addr_loopback;
		}
	}
	/*
	 * Only the filter holds this one: by the loopback device it reaches the one address and
	 * port that are the container's.
	 */
	rc = switch_connect(s, t, &host, &way, &fd);
	if (fd < 0) {
		return false; /* it has ended; another one may be inside */
	}
	switch_connected(s, call, fd, rc);
	return true;
}
