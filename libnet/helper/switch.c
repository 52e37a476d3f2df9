/* SPDX-License-Identifier: Apache-2.0 */
/* net/helper_switch: the switch as a child of the helper. */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/scope.h"
#include "libnet/helper/state.h"
#include "libnet/switch/state.h"
#include "sys/clone.h"
#include "sys/sock.h"

#define READY_TIMEOUT_MS 5000

/* It says when it is ready to answer, by a byte. */
static int wait_ready(const struct helper *h)
{
	struct pollfd p = { h->switch_control, POLLIN, 0 };
	char byte;

	if (poll(&p, 1, READY_TIMEOUT_MS) <= 0) {
		return -ETIMEDOUT;
	}
	return recv(h->switch_control, &byte, 1, MSG_DONTWAIT) == 1 ? 0 : -ECHILD;
}

int helper_switch_start(struct helper *h, struct err *err)
{
	scope_fd int theirs = -1;
	int pair[2];
	int rc;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		return err_errno(err, errno, "socketpair");
	}
	theirs = pair[1];
	h->switch_control = pair[0];
	h->switcher = sys_clone(0, &h->switcher_pidfd);
	if (h->switcher == 0) {
		const struct switch_setup setup = {
			.control = theirs,
			.userns = h->request->userns,
			.netns = h->request->netns,
			.config = &h->request->config,
		};

		switch_main(&setup);
	}
	fd_drop(&theirs);
	rc = h->switcher < 0 ? h->switcher : wait_ready(h);
	return rc < 0 ? err_errno(err, -rc, "starting the process that accelerates the network") :
			0;
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

/*
 * m: the message that the forwarder gets. A socket that the switch has already is told by its inode
 * there.
 */
int helper_switch_publish(const struct helper *h, const struct forward_message *m, int fd)
{
	const struct net_config *c = &h->request->config;

	if (h->switcher < 0 || c->accel_out_only || m->protocol != IPPROTO_TCP || !c->keep_client ||
	    is_inherited(h, fd)) {
		return 0;
	}
	return sys_send_fd(h->switch_control, m, sizeof(*m), fd);
}

/* 1: one message was taken, whose kind is *ret; 0: the switch has ended. */
static int take_message(const struct helper *h, uint32_t *ret)
{
	struct forward_message m = { .op = 0 };
	int fd = -1;
	int rc = forward_receive(h->switch_control, &m, &fd);

	fd_drop(&fd);
	*ret = m.op;
	if (rc > 0 && m.op == FORWARD_RESUME && h->forward >= 0) {
		(void)helper_tell_forwarder(h, &m, -1);
	}
	return rc != 0 && rc != -ECONNRESET;
}

void helper_switch_serve(struct helper *h)
{
	uint32_t op;

	if (!take_message(h, &op)) {
		helper_switch_end(h);
	}
}

/* Waits for the answer: the container's listeners on that port are gone then. */
int helper_switch_unpublish(const struct helper *h, uint32_t id, struct err *err)
{
	const struct forward_message m = { .op = FORWARD_REMOVE, .id = id };
	struct pollfd p = { h->switch_control, POLLIN, 0 };
	uint32_t op = 0;

	if (h->switcher < 0) {
		return 0;
	}
	if (send(h->switch_control, &m, sizeof(m), MSG_NOSIGNAL) < 0) {
		return err_errno(err, errno, "taking a published port from the switch");
	}
	while (op != FORWARD_REMOVE) {
		if (poll(&p, 1, READY_TIMEOUT_MS) <= 0 || !take_message(h, &op)) {
			return err_errno(err, ETIMEDOUT, "taking a published port from the switch");
		}
	}
	return 0;
}

/* ---- listeners ---- */

int helper_switch_listen(const struct helper *h, int listener, struct err *err)
{
	const struct forward_message m = { .op = SWITCH_LISTEN };
	int rc;

	if (!h->request->config.accel) {
		return err_set(err, ENOTSUP, "that network is not accelerated");
	}
	if (h->switcher < 0) {
		return err_set(err, ESRCH,
			       "the process that accelerates the network has ended; restart the "
			       "container");
	}
	rc = sys_send_fd(h->switch_control, &m, sizeof(m), listener);
	return rc < 0 ? err_errno(err, -rc, "handing a filter's listener to the network") : 0;
}

void helper_switch_end(struct helper *h)
{
	helper_child_end(&h->switcher, &h->switcher_pidfd, &h->switch_control);
}
