/* SPDX-License-Identifier: Apache-2.0 */
/* helper/forwarder: what the forwarder is told. */
#include "libnet/helper/forwarder.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "libnet/forward/forward.h"
#include "libnet/helper/children.h"

#define ANSWER_TIMEOUT_MS 1000

static void run(const void *arg, const struct net_confinement *confinement, int control)
{
	const struct net_request *r = arg;
	const struct forward_setup setup = {
		.control = control,
		.confinement = confinement,
		.userns = r->userns,
		.netns = r->netns,
		.inside = net_cidr_address(&r->config.cidr, 100),
		.gateway = net_cidr_address(&r->config.cidr, 2),
		.keep_client = r->config.keep_client,
		.ipv6 = r->config.ipv6,
	};

	forward_main(&setup);
}

int helper_forwarder_start(struct helper *h)
{
	return helper_child_start(&h->forwarder, run, h->request);
}

void helper_forwarder_end(struct helper *h)
{
	helper_child_end(&h->forwarder);
}

int helper_forwarder_tell(const struct helper *h, const struct net_message *m, int fd)
{
	return net_message_send(h->forwarder.control, m, fd);
}

int helper_forwarder_remove(const struct helper *h, uint32_t id, struct err *err)
{
	const struct net_message m = { .kind = NET_MESSAGE_REMOVE, .id = id };
	struct pollfd p = { h->forwarder.control, POLLIN, 0 };
	int rc = helper_forwarder_tell(h, &m, -1);
	char byte;

	if (rc == 0 && (poll(&p, 1, ANSWER_TIMEOUT_MS) <= 0 ||
			recv(h->forwarder.control, &byte, 1, MSG_DONTWAIT) != 1)) {
		rc = -ETIMEDOUT;
	}
	if (rc < 0) {
		return err_errno(err, -rc, "taking a published port from the forwarder");
	}
	return 0;
}

void helper_forwarder_link_up(const struct helper *h)
{
	const struct net_message m = { .kind = NET_MESSAGE_LINK_UP };

	if (h->forwarder.control >= 0) {
		(void)helper_forwarder_tell(h, &m, -1);
	}
}
