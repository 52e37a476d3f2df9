/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forward/forward: the process that carries what comes to the published ports.
 *
 * Theory of operation. The command binds the ports, so that an error names the port and its owner;
 * the helper hands the listeners over, one message each. Sockets keep the network namespace that
 * they were made in: the listeners belong to the host, this process has entered the container's
 * namespaces, and what it makes now connects there. It has no privilege on the host, and in the
 * container's namespaces it keeps CAP_NET_ADMIN alone. That gives its sockets the clients' own
 * addresses; policy routing by mark (TCP) and by port (UDP) brings the answers back (routes.c). It
 * never looks at what it carries.
 *
 * Clients with an IPv6 address of their own come in by IPv6 where the container listens on it
 * (inside6.c); everyone else comes in by IPv4 (inside.c).
 *
 * There is one thread with one epoll, edge-triggered for connections. A connection costs as few
 * system calls as possible:
 *  - the socket for the next one is made beforehand;
 *  - what the client has sent already goes out with the connect;
 *  - what a short read has shown to be empty is not read again;
 *  - the last data leaves with the end of the stream;
 *  - a direction that has moved half a megabyte is spliced through a pipe from then on (tcp.c),
 *    where one of the few is free (pipes.c).
 * Out of descriptors, clients wait in the listener's queue: nobody is accepted who can't be served.
 *
 * It reads what a hostile container sends, so before the first such byte it is confined
 * (helper/filter.c). Whatever is a file is opened before that.
 */
#include "libnet/forward/forward.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/scope.h"
#include "libnet/confine.h"
#include "libnet/forward/loop.h"
#include "libnet/forward/routes.h"
#include "libnet/forward/tcp.h"
#include "libnet/forward/udp.h"
#include "libnet/inside.h"
#include "libnet/messages.h"
#include "sys/caps.h"
#include "sys/fd.h"

#define EVENTS 128
#define FULL_PAUSE_MS 200

/* Takes the descriptor, on failure too. */
static int add_listener(struct forwarder *f, const struct net_message *m, int fd)
{
	struct forward_listener *l = calloc(1, sizeof(*l));

	if (!l) {
		close(fd);
		return -ENOMEM;
	}
	*l = (struct forward_listener){
		.source = { forward_tcp_accept },
		.next = f->listeners,
		.fd = fd,
		.id = m->id,
		.protocol = m->protocol,
		.inside_port = m->inside_port,
	};
	if (l->protocol == IPPROTO_UDP) {
		l->source.ready = forward_udp_receive;
	}
	if (forward_watch_listener(f, l) < 0) {
		close(fd);
		free(l);
		return -errno;
	}
	f->listeners = l;
	if (l->protocol == IPPROTO_UDP && f->keep_client) {
		(void)forward_udp_rule(AF_INET, l->inside_port, true);
		l->six = forward_udp_rule(AF_INET6, l->inside_port, true) == 0;
	}
	return 0;
}

static bool is_udp_port(const struct forwarder *f, uint16_t inside_port)
{
	for (const struct forward_listener *l = f->listeners; l; l = l->next) {
		if (l->protocol == IPPROTO_UDP && l->inside_port == inside_port) {
			return true;
		}
	}
	return false;
}

/* Connections that are under way stay; nothing new comes. */
static void remove_listeners(struct forwarder *f, uint32_t id)
{
	struct forward_listener **at = &f->listeners;

	while (*at) {
		struct forward_listener *l = *at;

		if (l->id != id) {
			at = &l->next;
			continue;
		}
		*at = l->next;
		forward_udp_forget(f, l);
		if (l->protocol == IPPROTO_UDP && f->keep_client &&
		    !is_udp_port(f, l->inside_port)) {
			(void)forward_udp_rule(AF_INET, l->inside_port, false);
			(void)forward_udp_rule(AF_INET6, l->inside_port, false);
		}
		/*
		 * By name: the helper has the same open socket, so closing ours alone would leave
		 * it watched.
		 */
		(void)epoll_ctl(f->epoll, EPOLL_CTL_DEL, l->fd, NULL);
		close(l->fd);
		free(l);
	}
}

/*
 * Where the switch has taken them, they were shut down and are not watched any more:
 * forward_tcp_accept.
 */
static void resume_listeners(const struct forwarder *f, uint32_t id)
{
	for (struct forward_listener *l = f->listeners; l; l = l->next) {
		if (l->id == id) {
			/* EEXIST: it is. */
			(void)forward_watch_listener(f, l);
		}
	}
}

/*
 * One message of the helper, which is the parent. Its end is ours. Nothing else is to be done in
 * the same round: a listener that is removed here may have an event waiting.
 */
static void control_ready(struct forwarder *f, struct forward_source *source, uint32_t events)
{
	struct net_message m = { .kind = 0 };
	scope_fd int fd = -1;
	int rc = net_message_receive(f->control, &m, &fd);

	(void)source;
	(void)events;
	if (rc == 0 || (rc < 0 && rc != -EAGAIN && rc != -EINTR && rc != -EPROTO)) {
		_exit(0);
	}
	if (rc < 0) {
		return;
	}
	switch ((enum net_message_kind)m.kind) {
	case NET_MESSAGE_ADD:
		if (fd >= 0) {
			(void)add_listener(f, &m, fd_take(&fd));
		}
		break;
	case NET_MESSAGE_REMOVE:
		remove_listeners(f, m.id);
		(void)send(f->control, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
		break;
	case NET_MESSAGE_LINK_UP:
		f->transparent = f->marks && forward_routes(&f->inside) == 0;
		f->six = f->ipv6 && f->transparent && f->marks6 && forward_routes6() == 0;
		f->link_up = true;
		forward_watch_again(f);
		break;
	case NET_MESSAGE_RESUME:
		resume_listeners(f, m.id);
		break;
	case NET_MESSAGE_LISTENER:
		break; /* not for this process */
	}
}

/* -1: never. */
static int sooner(int a, int b)
{
	if (a < 0 || b < 0) {
		return a < 0 ? b : a;
	}
	return a < b ? a : b;
}

/* In ms; -1: without end. */
static int waiting_time(struct forwarder *f)
{
	int expire = sooner(forward_udp_expire(f), forward_pipes_expire(&f->pipes));

	if (f->again) {
		return 0;
	}
	/*
	 * It may be the whole system that is out of descriptors: then no end of a connection of
	 * ours tells us.
	 */
	if (f->full && (expire < 0 || expire > FULL_PAUSE_MS)) {
		return FULL_PAUSE_MS;
	}
	return expire;
}

/* What has come is served; what moved its share and has more goes on in the next round. */
static _Noreturn void serve(struct forwarder *f)
{
	struct epoll_event events[EVENTS];

	for (;;) {
		int wait = waiting_time(f);
		int n = epoll_wait(f->epoll, events, EVENTS, wait);
		bool control = false;

		for (int i = 0; i < n; i++) {
			struct forward_source *s = events[i].data.ptr;

			if (s == &f->control_source) {
				control = true;
			} else {
				s->ready(f, s, events[i].events);
			}
		}
		if (control) {
			control_ready(f, &f->control_source, EPOLLIN);
		}
		if (n == 0 && wait > 0) {
			forward_resume(f);
		}
		forward_tcp_again(f);
		forward_tcp_prepare(f);
		forward_tcp_free_dropped(f);
		forward_udp_free_dropped(f);
	}
}

_Noreturn void forward_main(const struct forward_setup *setup)
{
	const uint64_t keep = UINT64_C(1) << CAP_NET_ADMIN;
	struct forwarder f = {
		.control = setup->control,
		.inside = setup->inside,
		.gateway = setup->gateway,
		.keep_client = setup->keep_client,
		.ipv6 = setup->ipv6,
		.spare = -1,
	};

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (net_inside_enter(setup->userns, setup->netns) < 0) {
		_exit(1);
	}
	/*
	 * A change of credentials clears it, prctl(2). Gone before it was set: then the control
	 * socket says so.
	 */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	/*
	 * The listeners come by the socket: a second copy, of the fork, would keep a removed port
	 * open.
	 */
	sys_close_except(3, f.control, -1);
	prctl(PR_SET_NAME, "rootlet-ports", 0, 0, 0);
	/* Whatever is a file: behind the filter nothing can be opened. */
	f.marks = forward_marks() == 0;
	f.marks6 = forward_marks6() == 0;
	f.udp6 = open("/proc/self/net/udp6", O_RDONLY | O_CLOEXEC);
	forward_pipes_init(&f.pipes);
	f.epoll = epoll_create1(EPOLL_CLOEXEC);
	f.buffer = malloc(FORWARD_BUFFER);
	f.flow_table = calloc(FORWARD_BUCKETS, sizeof(*f.flow_table));
	if (f.epoll < 0 || !f.buffer || !f.flow_table ||
	    forward_watch(&f, f.control, EPOLLIN, &f.control_source) < 0) {
		_exit(1);
	}
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (sys_caps_bound(keep) < 0 || sys_caps_set(keep, keep, 0) < 0 ||
	    net_confine(setup->confinement) < 0) {
		_exit(1);
	}
	serve(&f);
}
