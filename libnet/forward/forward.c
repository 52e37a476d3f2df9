/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net/forward: the process that carries what comes to the published ports.
 *
 * It has the listeners, which the host's namespace keeps, and no privilege on the host. In the
 * container's namespaces it keeps CAP_NET_ADMIN, which the clients' addresses need, and nothing
 * else. It never looks at what it carries.
 */
#include "libnet/forward/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/scope.h"
#include "libnet/confine.h"
#include "libnet/forward/routes.h"
#include "sys/caps.h"
#include "sys/fd.h"

#define EVENTS 128
#define FULL_PAUSE_MS 200

int forward_watch(const struct forwarder *f, int fd, uint32_t events, struct source *source)
{
	struct epoll_event event = { .events = events, .data.ptr = source };

	return epoll_ctl(f->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

struct sockaddr_in forward_inside_address(const struct forwarder *f, uint16_t port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_addr = f->inside,
				     .sin_port = htons(port) };
}

static bool is_loopback(const struct in_addr *a)
{
	return ntohl(a->s_addr) >> 24 == 127;
}

/*
 * Who the container sees: the client where it has an IPv4 address of its own, else the gateway.
 * Never 127.0.0.1: programs trust that address (CVE-2021-20199).
 */
static struct sockaddr_in source_of(const struct forwarder *f,
				    const struct sockaddr_storage *client)
{
	const struct sockaddr_in *v4 = (const void *)client;

	if (f->keep_client && client->ss_family == AF_INET && !is_loopback(&v4->sin_addr) &&
	    v4->sin_addr.s_addr != f->inside.s_addr) {
		return *v4;
	}
	return (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr = f->gateway };
}

/* Flows of UDP make room for each other; connections wait. */
static uint32_t listener_events(const struct forwarder *f, int protocol)
{
	return !f->link_up || (f->full && protocol == IPPROTO_TCP) ? 0 : EPOLLIN;
}

/*
 * Answers to a foreign address come back to us by the mark (TCP) or by the port (UDP, which costs
 * something).
 */
static bool seems_foreign(const struct forwarder *f, int type)
{
	return f->transparent && (type == SOCK_STREAM || f->keep_client);
}

int forward_inside_socket(const struct forwarder *f, int type)
{
	scope_fd int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	const int one = 1, mark = NET_FORWARD_MARK;

	if (fd < 0) {
		return -errno;
	}
	/*
	 * Several ports may have the same client: as long as the other ends differ, one address may
	 * serve all.
	 */
	if (seems_foreign(f, type) &&
	    (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	     setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) < 0 ||
	     setsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, &one, sizeof(one)) < 0)) {
		return -errno;
	}
	return fd_take(&fd);
}

int forward_bind(const struct forwarder *f, int type, int fd, const struct sockaddr_storage *client)
{
	struct sockaddr_in from = source_of(f, client);

	if (!seems_foreign(f, type) || bind(fd, (struct sockaddr *)&from, sizeof(from)) == 0) {
		return 0;
	}
	/* The client's port is in use in there: its address is what matters. */
	from.sin_port = 0;
	return errno == EADDRINUSE && bind(fd, (struct sockaddr *)&from, sizeof(from)) == 0 ?
		       0 :
		       -errno;
}

static void watch_listeners(const struct forwarder *f)
{
	for (struct listener *l = f->listeners; l; l = l->next) {
		struct epoll_event event = { .events = listener_events(f, l->protocol),
					     .data.ptr = &l->source };

		(void)epoll_ctl(f->epoll, EPOLL_CTL_MOD, l->fd, &event);
	}
}

void forward_pause(struct forwarder *f)
{
	f->full = true;
	watch_listeners(f);
}

void forward_resume(struct forwarder *f)
{
	if (f->full) {
		f->full = false;
		watch_listeners(f);
	}
}

/* Takes the descriptor, on failure too. */
static int add_listener(struct forwarder *f, const struct forward_message *m, int fd)
{
	struct listener *l = calloc(1, sizeof(*l));

	if (!l) {
		close(fd);
		return -ENOMEM;
	}
	*l = (struct listener){
		.source = { m->protocol == IPPROTO_UDP ? forward_udp_receive : forward_tcp_accept },
		.next = f->listeners,
		.fd = fd,
		.id = m->id,
		.protocol = m->protocol,
		.inside_port = m->inside_port,
	};
	if (forward_watch(f, fd, listener_events(f, l->protocol), &l->source) < 0) {
		close(fd);
		free(l);
		return -errno;
	}
	f->listeners = l;
	if (l->protocol == IPPROTO_UDP && f->keep_client) {
		(void)inside_udp_rule(AF_INET, l->inside_port, true);
		l->six = inside_udp_rule(AF_INET6, l->inside_port, true) == 0;
	}
	return 0;
}

static bool is_udp_port(const struct forwarder *f, uint16_t inside_port)
{
	for (const struct listener *l = f->listeners; l; l = l->next) {
		if (l->protocol == IPPROTO_UDP && l->inside_port == inside_port) {
			return true;
		}
	}
	return false;
}

/* Connections that are under way stay; nothing new comes. */
static void remove_listeners(struct forwarder *f, uint32_t id)
{
	struct listener **at = &f->listeners;

	while (*at) {
		struct listener *l = *at;

		if (l->id != id) {
			at = &l->next;
			continue;
		}
		*at = l->next;
		forward_udp_forget(f, l);
		if (l->protocol == IPPROTO_UDP && f->keep_client &&
		    !is_udp_port(f, l->inside_port)) {
			(void)inside_udp_rule(AF_INET, l->inside_port, false);
			(void)inside_udp_rule(AF_INET6, l->inside_port, false);
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

int forward_receive(int control, struct forward_message *ret, int *ret_fd)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} space;
	struct iovec part = { ret, sizeof(*ret) };
	struct msghdr msg = { .msg_iov = &part,
			      .msg_iovlen = 1,
			      .msg_control = space.space,
			      .msg_controllen = sizeof(space.space) };
	ssize_t n = recvmsg(control, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL;

	*ret_fd = -1;
	if (n < 0) {
		return -errno;
	}
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
		memcpy(ret_fd, CMSG_DATA(c), sizeof(*ret_fd));
	}
	if (n > 0 && n != sizeof(*ret)) {
		fd_drop(ret_fd);
		return -EPROTO;
	}
	return n > 0;
}

/*
 * Where the switch has taken them, they were shut down and are not watched any more:
 * forward_tcp_accept.
 */
static void resume_listeners(const struct forwarder *f, uint32_t id)
{
	for (struct listener *l = f->listeners; l; l = l->next) {
		if (l->id == id) {
			/* EEXIST: it is. */
			(void)forward_watch(f, l->fd, listener_events(f, l->protocol), &l->source);
		}
	}
}

/*
 * One message of the helper, which is the parent. Its end is ours. Nothing else is to be done in
 * the same round: a listener that is removed here may have an event waiting.
 */
static void control_ready(struct forwarder *f, struct source *source, uint32_t events)
{
	struct forward_message m = { .op = 0 };
	int fd = -1;
	int rc = forward_receive(f->control, &m, &fd);

	(void)source;
	(void)events;
	if (rc == 0 || (rc < 0 && rc != -EAGAIN && rc != -EINTR && rc != -EPROTO)) {
		_exit(0);
	}
	if (rc < 0) {
		return;
	}
	switch ((enum forward_op)m.op) {
	case FORWARD_ADD:
		if (fd >= 0) {
			(void)add_listener(f, &m, fd);
		}
		return;
	case FORWARD_REMOVE:
		remove_listeners(f, m.id);
		(void)send(f->control, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
		break;
	case FORWARD_LINK_UP:
		f->transparent = f->marks && inside_routes(&f->inside) == 0;
		f->six = f->ipv6 && f->transparent && f->marks6 && inside_routes6() == 0;
		f->link_up = true;
		watch_listeners(f);
		break;
	case FORWARD_RESUME:
		resume_listeners(f, m.id);
		break;
	case SWITCH_LISTEN:
		break; /* not for this process */
	}
	scope_close_(&fd);
}

/* In ms; -1: without end. */
static int waiting_time(struct forwarder *f)
{
	int expire = forward_udp_expire(f);

	if (f->again) {
		return 0;
	}
	/*
	 * It may be the whole system that is out of descriptors: then no end of a connection of
	 * ours tells us.
	 */
	return f->full && (expire < 0 || expire > FULL_PAUSE_MS) ? FULL_PAUSE_MS : expire;
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
			struct source *s = events[i].data.ptr;

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
	if (inside_enter(setup->userns, setup->netns) < 0) {
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
	f.marks = inside_marks() == 0;
	f.marks6 = inside_marks6() == 0;
	f.udp6 = open("/proc/self/net/udp6", O_RDONLY | O_CLOEXEC);
	f.epoll = epoll_create1(EPOLL_CLOEXEC);
	f.buffer = malloc(NET_FORWARD_BUFFER);
	f.flow_table = calloc(FORWARD_BUCKETS, sizeof(*f.flow_table));
	if (f.epoll < 0 || !f.buffer || !f.flow_table ||
	    forward_watch(&f, f.control, EPOLLIN, &f.control_source) < 0) {
		_exit(1);
	}
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (sys_caps_bound(keep) < 0 || sys_caps_set(keep, keep, 0) < 0 ||
	    confine(CONFINE_FORWARDER) < 0) {
		_exit(1);
	}
	serve(&f);
}
