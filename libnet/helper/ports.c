/* SPDX-License-Identifier: Apache-2.0 */
/* net/helper_ports: the published ports, and the forwarder that carries most of them. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/str.h"
#include "libnet/helper/state.h"
#include "libnet/slirp/api.h"
#include "sys/clone.h"
#include "sys/sock.h"

#define FORWARDER_TIMEOUT_MS 1000

/* ---- the forwarder ---- */

int helper_tell_forwarder(const struct helper *h, const struct forward_message *m, int fd)
{
	if (fd >= 0) {
		return sys_send_fd(h->forward, m, sizeof(*m), fd);
	}
	return send(h->forward, m, sizeof(*m), MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* The host's port is what the socket itself says. */
static int hand_over(const struct helper *h, const struct published *p, int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} address = { .v6 = { 0 } };
	socklen_t len = sizeof(address);
	struct forward_message m = { .op = FORWARD_ADD, .id = p->id, .protocol = p->port.protocol };
	uint16_t number;

	if (getsockname(fd, &address.any, &len) < 0) {
		return -errno;
	}
	number = ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port :
							   address.v4.sin_port);
	if (number < p->port.host_port || number - p->port.host_port >= p->port.count) {
		return -EINVAL;
	}
	m.inside_port = (uint16_t)(p->port.inside_port + (number - p->port.host_port));
	TRY(helper_switch_publish(h, &m, fd));
	return helper_tell_forwarder(h, &m, fd);
}

void helper_link_is_up(const struct helper *h)
{
	const struct forward_message m = { .op = FORWARD_LINK_UP };

	if (h->forward >= 0) {
		(void)helper_tell_forwarder(h, &m, -1);
	}
}

static int start_forwarder(struct helper *h)
{
	scope_fd int theirs = -1;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		return -errno;
	}
	theirs = pair[1];
	h->forward = pair[0];
	h->forwarder = sys_clone(0, &h->forwarder_pidfd);
	if (h->forwarder == 0) {
		const struct forward_setup setup = {
			.control = theirs,
			.userns = h->request->userns,
			.netns = h->request->netns,
			.inside = net_cidr_address(&h->request->config.cidr, 100),
			.gateway = net_cidr_address(&h->request->config.cidr, 2),
			.keep_client = h->request->config.keep_client,
			.ipv6 = h->request->config.ipv6,
		};

		forward_main(&setup);
	}
	if (h->forwarder < 0) {
		fd_drop(&h->forward);
		return h->forwarder;
	}
	return 0;
}

void helper_forwarder_end(struct helper *h)
{
	helper_child_end(&h->forwarder, &h->forwarder_pidfd, &h->forward);
}

/* After it died: the listeners are still ours. */
void helper_forwarder_restart(struct helper *h)
{
	helper_forwarder_end(h);
	if (start_forwarder(h) < 0) {
		return;
	}
	for (size_t i = 0; i < h->port_n; i++) {
		for (size_t k = 0; k < h->ports[i]->fd_n; k++) {
			/* the switch knows them */
			(void)hand_over(h, h->ports[i], h->ports[i]->fds[k]);
		}
	}
	helper_link_is_up(h);
}

/* ---- ports ---- */

static void free_published(struct published *p)
{
	for (size_t i = 0; i < p->fd_n; i++) {
		close(p->fds[i]);
	}
	free(p->fds);
	free(p);
}

static int publish_own(struct helper *h, struct published *p, struct err *err)
{
	int rc = h->forward < 0 ? start_forwarder(h) : 0;

	for (size_t i = 0; rc == 0 && i < p->fd_n; i++) {
		rc = hand_over(h, p, p->fds[i]);
	}
	return rc < 0 ? err_errno(err, -rc, "handing a published port to the forwarder") : 0;
}

int helper_publish_slirp(const struct helper *h, struct published *p, struct err *err)
{
	for (unsigned i = 0; i < p->port.count; i++) {
		struct net_port one = p->port;
		int rc;

		one.host_port = (uint16_t)(one.host_port + i);
		one.inside_port = (uint16_t)(one.inside_port + i);
		one.count = 1;
		rc = api_add_hostfwd(h->request->api_socket, &one,
				     net_cidr_address(&h->request->config.cidr, 100), err);
		if (rc < 0) {
			return rc;
		}
	}
	return 0;
}

int helper_publish(struct helper *h, const struct net_port *port, int *fds, size_t n,
		   struct err *err)
{
	struct published *p = calloc(1, sizeof(*p));
	struct published **grown = reallocarray(h->ports, h->port_n + 1, sizeof(*grown));
	int rc;

	if (grown) {
		h->ports = grown;
	}
	if (!p || !grown) {
		for (size_t i = 0; i < n; i++) {
			close(fds[i]);
		}
		free(fds);
		free(p);
		return err_errno(err, ENOMEM, "publishing a port");
	}
	*p = (struct published){ .port = *port, .id = ++h->next_id, .fds = fds, .fd_n = n };
	rc = h->request->config.handler == NET_HANDLER_OWN ? publish_own(h, p, err) :
							     helper_publish_slirp(h, p, err);
	if (rc < 0) {
		free_published(p);
		return rc;
	}
	h->ports[h->port_n++] = p;
	return 0;
}

static bool same_port(const struct net_port *a, const struct net_port *b)
{
	char x[NET_PORT_TEXT_MAX], y[NET_PORT_TEXT_MAX];

	net_port_print(a, x);
	net_port_print(b, y);
	return str_eq(x, y);
}

/* Waits for the answer: when the port counts as removed, nobody listens there any more. */
static int unpublish_own(const struct helper *h, const struct forward_message *m, struct err *err)
{
	struct pollfd p = { h->forward, POLLIN, 0 };
	int rc = helper_tell_forwarder(h, m, -1);
	char byte;

	if (rc == 0 && (poll(&p, 1, FORWARDER_TIMEOUT_MS) <= 0 ||
			recv(h->forward, &byte, 1, MSG_DONTWAIT) != 1)) {
		rc = -ETIMEDOUT;
	}
	return rc < 0 ? err_errno(err, -rc, "taking a published port from the forwarder") : 0;
}

int helper_unpublish(struct helper *h, const struct net_port *port, struct err *err)
{
	for (size_t i = 0; i < h->port_n; i++) {
		struct published *p = h->ports[i];
		const struct forward_message m = { .op = FORWARD_REMOVE, .id = p->id };

		if (!same_port(&p->port, port)) {
			continue;
		}
		if (h->request->config.handler == NET_HANDLER_OWN) {
			TRY(helper_switch_unpublish(h, p->id, err));
			TRY(unpublish_own(h, &m, err));
		} else {
			TRY(api_remove_hostfwd(h->request->api_socket, port, err));
		}
		free_published(p);
		h->ports[i] = h->ports[--h->port_n];
		return 0;
	}
	return err_set(err, ENOENT, "that port is not published");
}

/* What the request brings: its descriptors are ours, this process being a clone. */
int helper_publish_all(struct helper *h, struct err *err)
{
	const struct net_request *r = h->request;

	for (size_t i = 0; i < r->ports.n; i++) {
		int *fds = NULL;
		size_t n = 0;

		if (r->listeners.n > 0) {
			fds = calloc(r->listeners.n, sizeof(*fds));
			if (!fds) {
				return err_errno(err, ENOMEM, "publishing ports");
			}
		}
		for (size_t k = 0; k < r->listeners.n; k++) {
			if (r->listeners.v[k].port == i) {
				fds[n++] = r->listeners.v[k].fd;
			}
		}
		TRY(helper_publish(h, &r->ports.v[i], fds, n, err));
	}
	return 0;
}
