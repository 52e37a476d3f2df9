/* SPDX-License-Identifier: Apache-2.0 */
/*
 * helper/ports: the published ports.
 *
 * The forwarder carries them, or slirp4netns does (port_handler=slirp4netns). Of the former the
 * helper keeps the listeners, so that they outlive the forwarder, and gives the switch a copy of
 * each, so that it can take the port over for a server of the container's.
 */
#include "libnet/helper/ports.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/str.h"
#include "libnet/helper/forwarder.h"
#include "libnet/helper/switch.h"
#include "libnet/messages.h"
#include "libnet/slirp/api.h"

/* The host's port is what the socket itself says. */
static int hand_over(const struct helper *h, const struct helper_published *p, int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} address = { .v6 = { 0 } };
	socklen_t len = sizeof(address);
	struct net_message m = { .kind = NET_MESSAGE_ADD,
				 .id = p->id,
				 .protocol = p->port.protocol };
	uint16_t number;

	if (getsockname(fd, &address.any, &len) < 0) {
		return -errno;
	}
	number = ntohs(address.v4.sin_port); /* in both families at the same place */
	if (number < p->port.host_port || number - p->port.host_port >= p->port.count) {
		return -EINVAL;
	}
	m.inside_port = (uint16_t)(p->port.inside_port + (number - p->port.host_port));
	TRY(helper_switch_publish(h, &m, fd));
	return helper_forwarder_tell(h, &m, fd);
}

static void free_published(struct helper_published *p)
{
	for (size_t i = 0; i < p->fd_n; i++) {
		close(p->fds[i]);
	}
	free(p->fds);
	free(p);
}

static int publish_own(struct helper *h, struct helper_published *p, struct err *err)
{
	int rc = 0;

	if (h->forwarder.control < 0) {
		rc = helper_forwarder_start(h);
	}
	for (size_t i = 0; rc == 0 && i < p->fd_n; i++) {
		rc = hand_over(h, p, p->fds[i]);
	}
	if (rc < 0) {
		return err_errno(err, -rc, "handing a published port to the forwarder");
	}
	return 0;
}

static int publish_slirp(const struct helper *h, struct helper_published *p, struct err *err)
{
	char socket[SLIRP_API_SEEN_MAX];

	slirp_api_seen(&h->slirp, socket);
	for (unsigned i = 0; i < p->port.count; i++) {
		struct net_port one = p->port;

		one.host_port = (uint16_t)(one.host_port + i);
		one.inside_port = (uint16_t)(one.inside_port + i);
		one.count = 1;
		TRY(slirp_api_add(socket, &one, net_cidr_address(&h->request->config.cidr, 100),
				  err));
	}
	return 0;
}

int helper_publish(struct helper *h, const struct net_port *port, int *fds, size_t n,
		   struct err *err)
{
	struct helper_published *p = calloc(1, sizeof(*p));
	struct helper_published **grown = reallocarray(h->ports, h->port_n + 1, sizeof(*grown));
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
	*p = (struct helper_published){ .port = *port, .id = ++h->next_id, .fds = fds, .fd_n = n };
	if (h->request->config.handler == NET_HANDLER_OWN) {
		rc = publish_own(h, p, err);
	} else {
		rc = publish_slirp(h, p, err);
	}
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

static int unpublish_slirp(const struct helper *h, const struct net_port *port, struct err *err)
{
	char socket[SLIRP_API_SEEN_MAX];

	slirp_api_seen(&h->slirp, socket);
	return slirp_api_remove(socket, port, err);
}

int helper_unpublish(struct helper *h, const struct net_port *port, struct err *err)
{
	for (size_t i = 0; i < h->port_n; i++) {
		struct helper_published *p = h->ports[i];

		if (!same_port(&p->port, port)) {
			continue;
		}
		if (h->request->config.handler == NET_HANDLER_OWN) {
			TRY(helper_switch_unpublish(h, p->id, err));
			TRY(helper_forwarder_remove(h, p->id, err));
		} else {
			TRY(unpublish_slirp(h, port, err));
		}
		free_published(p);
		h->ports[i] = h->ports[--h->port_n];
		return 0;
	}
	return err_set(err, ENOENT, "that port is not published");
}

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

int helper_publish_again(struct helper *h, struct err *err)
{
	if (h->request->config.handler != NET_HANDLER_SLIRP) {
		return 0;
	}
	for (size_t i = 0; i < h->port_n; i++) {
		TRY(publish_slirp(h, h->ports[i], err));
	}
	return 0;
}

void helper_forwarder_restart(struct helper *h)
{
	helper_forwarder_end(h);
	if (helper_forwarder_start(h) < 0) {
		return;
	}
	for (size_t i = 0; i < h->port_n; i++) {
		for (size_t k = 0; k < h->ports[i]->fd_n; k++) {
			/* the switch knows them */
			(void)hand_over(h, h->ports[i], h->ports[i]->fds[k]);
		}
	}
	helper_forwarder_link_up(h);
}
