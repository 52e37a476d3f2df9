/* SPDX-License-Identifier: Apache-2.0 */
/* helper/switch: what the switch is told, and what it tells. */
#include "libnet/helper/switch.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/scope.h"
#include "libnet/helper/children.h"
#include "libnet/helper/forwarder.h"
#include "libnet/switch/switch.h"

#define READY_TIMEOUT_MS 5000

/* It says when it is ready to answer, by a byte. */
static int wait_ready(const struct helper *h)
{
	struct pollfd p = { h->switcher.control, POLLIN, 0 };
	char byte;

	if (poll(&p, 1, READY_TIMEOUT_MS) <= 0) {
		return -ETIMEDOUT;
	}
	return recv(h->switcher.control, &byte, 1, MSG_DONTWAIT) == 1 ? 0 : -ECHILD;
}

static void run(const void *arg, const struct net_confinement *confinement, int control)
{
	const struct net_request *r = arg;
	const struct switch_setup setup = {
		.control = control,
		.confinement = confinement,
		.userns = r->userns,
		.netns = r->netns,
		.config = &r->config,
	};

	switch_main(&setup);
}

int helper_switch_start(struct helper *h, struct err *err)
{
	int rc = helper_child_start(&h->switcher, run, h->request);

	if (rc == 0) {
		rc = wait_ready(h);
	}
	if (rc < 0) {
		return err_errno(err, -rc, "starting the process that accelerates the network");
	}
	return 0;
}

/* ---- published ports ---- */

/* systemd's, say: not ours to shut down. */
static bool is_inherited(const struct helper *h, int fd)
{
	for (size_t i = 0; i < h->request->listeners.n; i++) {
		if (h->request->listeners.v[i].fd == fd) {
			return h->request->listeners.v[i].inherited;
		}
	}
	return false;
}

int helper_switch_publish(const struct helper *h, const struct net_message *m, int fd)
{
	const struct net_config *c = &h->request->config;

	if (h->switcher.pid < 0 || c->accel_out_only || m->protocol != IPPROTO_TCP ||
	    !c->keep_client || is_inherited(h, fd)) {
		return 0;
	}
	return net_message_send(h->switcher.control, m, fd);
}

/* 1: one message was taken, whose kind is *ret; 0: the switch has ended. */
static int take_message(const struct helper *h, uint32_t *ret)
{
	struct net_message m = { .kind = 0 };
	int fd = -1;
	int rc = net_message_receive(h->switcher.control, &m, &fd);

	fd_drop(&fd);
	*ret = m.kind;
	if (rc > 0 && m.kind == NET_MESSAGE_RESUME && h->forwarder.control >= 0) {
		(void)helper_forwarder_tell(h, &m, -1);
	}
	return rc != 0 && rc != -ECONNRESET;
}

void helper_switch_serve(struct helper *h)
{
	uint32_t kind;

	if (!take_message(h, &kind)) {
		helper_switch_end(h);
	}
}

int helper_switch_unpublish(const struct helper *h, uint32_t id, struct err *err)
{
	const struct net_message m = { .kind = NET_MESSAGE_REMOVE, .id = id };
	struct pollfd p = { h->switcher.control, POLLIN, 0 };
	uint32_t kind = 0;

	if (h->switcher.pid < 0) {
		return 0;
	}
	if (send(h->switcher.control, &m, sizeof(m), MSG_NOSIGNAL) < 0) {
		return err_errno(err, errno, "taking a published port from the switch");
	}
	while (kind != NET_MESSAGE_REMOVE) {
		if (poll(&p, 1, READY_TIMEOUT_MS) <= 0 || !take_message(h, &kind)) {
			return err_errno(err, ETIMEDOUT, "taking a published port from the switch");
		}
	}
	return 0;
}

/* ---- listeners ---- */

int helper_switch_listen(const struct helper *h, int listener, struct err *err)
{
	const struct net_message m = { .kind = NET_MESSAGE_LISTENER };
	int rc;

	if (!h->request->config.accel) {
		return err_set(err, ENOTSUP, "that network is not accelerated");
	}
	if (h->switcher.pid < 0) {
		return err_set(err, ESRCH,
			       "the process that accelerates the network has ended; restart the "
			       "container");
	}
	rc = net_message_send(h->switcher.control, &m, listener);
	if (rc < 0) {
		return err_errno(err, -rc, "handing a filter's listener to the network");
	}
	return 0;
}

void helper_switch_end(struct helper *h)
{
	helper_child_end(&h->switcher);
}
