/* SPDX-License-Identifier: Apache-2.0 */
/* switch/connect: where a connect of the container's goes, and what it is given for that. */
#include "libnet/switch/connect.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/scope.h"
#include "libnet/inside.h"
#include "libnet/route.h"
#include "libnet/switch/bind.h"
#include "libnet/switch/judge.h"
#include "libnet/switch/socket.h"
#include "sys/sock.h"

static enum switch_verdict judge(struct switcher *s, int domain, const struct switch_peer *peer,
				 int *ret)
{
	struct net_route inside, outside;
	struct ifreq tap = { .ifr_name = NET_TAP_NAME };

	if (!switch_may_leave(peer, &s->setup->config->cidr) ||
	    !switch_may_hold(s->setup->config, domain)) {
		return SWITCH_STAY;
	}
	if (ioctl(s->inside.fd, SIOCGIFINDEX, &tap) < 0) {
		return SWITCH_STAY;
	}
	inside = net_route_ask(&s->inside, &peer->address);
	outside = net_route_ask(&s->outside, &peer->address);
	return switch_judge(s->setup->config->lan, &inside, tap.ifr_ifindex, &outside, ret);
}

static void leave(struct switcher *s, const struct switch_call *call,
		  const struct switch_peer *peer, int device)
{
	const struct net_config *c = s->setup->config;
	struct switch_way way = { .device = device, .from = c->outbound_addr6 };
	scope_fd int fd = -1;
	int rc;

	/* As slirp4netns would. */
	if (peer->address.family == AF_INET) {
		way.from = c->outbound_addr;
	}
	rc = switch_connect(s, &call->target, peer, &way, &fd);
	if (fd >= 0) {
		switch_connected(s, call, fd, rc);
	} else if ((rc == -EADDRINUSE || rc == -EADDRNOTAVAIL) &&
		   call->target.place == SWITCH_INSIDE) {
		switch_go_on(s, call); /* by slirp4netns, whose sockets may have any port */
	} else {
		switch_answer(s, call, rc == -EADDRINUSE ? -EADDRNOTAVAIL : rc);
	}
}

/*
 * A socket of the host's, left by a connect that failed, whose next peer is the container's own
 * affair.
 */
static void come_back(struct switcher *s, const struct switch_call *call)
{
	const struct switch_target *t = &call->target;
	struct switch_fresh fresh = { .known = false };
	scope_fd int fd = sys_socket_in(s->setup->userns, s->setup->netns, t->domain,
					SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);

	if (fd >= 0) {
		switch_options_set(&t->options, fd, &fresh);
		(void)fcntl(fd, F_SETFL, t->flags);
		(void)switch_hand_over(call, fd);
	}
	/* If that failed: the old one hears nobody but its old peer. */
	switch_go_on(s, call);
}

void switch_take_connect(struct switcher *s, const struct switch_call *call)
{
	const struct switch_target *t = &call->target;
	struct switch_peer peer;
	int what = 0;

	if (!switch_parse(&t->address, t->len, t->domain, &peer)) {
		switch_go_on(s, call);
		return;
	}
	switch (judge(s, t->domain, &peer, &what)) {
	case SWITCH_STAY:
		if (t->place == SWITCH_OUTSIDE) {
			come_back(s, call);
		} else if (t->bound || t->shared || !switch_connect_own(s, call, &peer)) {
			switch_go_on(s, call);
		}
		return;
	case SWITCH_FAIL:
		switch_answer(s, call, -what);
		return;
	case SWITCH_LEAVE:
		if (t->place == SWITCH_INSIDE && (t->bound || t->shared)) {
			switch_go_on(s, call);
		} else {
			leave(s, call, &peer, what);
		}
		return;
	}
}
