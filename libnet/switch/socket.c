/* SPDX-License-Identifier: Apache-2.0 */
/*
 * switch/socket: the sockets that take another's place, and what keeps them to their purpose.
 */
#include "libnet/switch/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/scope.h"
#include "libnet/switch/filter.h"
#include "sys/sock.h"

#ifndef SO_BINDTOIFINDEX
#define SO_BINDTOIFINDEX 62
#endif
/* The ports of those who connect. */
#define FIRST_PORT 61440
#define PORTS 4096
#define PORT_TRIES 8

static struct switch_fresh *fresh_of(struct switcher *s, int domain)
{
	return &s->fresh[domain == AF_INET6];
}

/*
 * May talk to the peer by the device (0: by any), and to nobody else. Returns it (non-blocking) or
 * -errno.
 */
static int make_client(struct switcher *s, const struct switch_target *t,
		       const struct switch_peer *peer, int device)
{
	scope_fd int fd =
		socket(t->domain, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
	struct sock_filter code[SWITCH_FILTER_MAX];
	size_t n = switch_filter_peer(peer, code);

	if (fd < 0) {
		return -errno;
	}
	switch_options_set(&t->options, fd, fresh_of(s, t->domain));
	if (device > 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &device, sizeof(device)) < 0) {
		return -errno;
	}
	if (!s->setup->config->accel_out_only) {
		TRY(sys_lock_socket_filter(fd, code, n));
	} else if (device <= 0) {
		return -EPERM; /* nothing would hold it */
	}
	return fd_take(&fd);
}

/*
 * To a port that the socket keeps for good: one that was asked for by its number stays even after a
 * disconnect, and a socket with a port is never bound to another (Linux, net/ipv4/af_inet.c,
 * __inet_bind). Without that its holder could take any port of the host by the device. With
 * SO_REUSEADDR such sockets share the ports, as long as their peers differ. The ports are some that
 * no connect(2) of the host's programs is given (ip_local_port_range, by default), since for those
 * a port that is bound is taken, whoever the peer is.
 */
static int bind_for_good(int fd, int domain, sa_family_t family, const char *from)
{
	struct switch_peer local = { .address = { .family = (sa_family_t)domain } };
	struct sockaddr_storage address;
	const int one = 1;
	uint16_t any;
	socklen_t len;

	if (getrandom(&any, sizeof(any), 0) != sizeof(any) ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0) {
		return -errno;
	}
	if (from) {
		local.address.family = family;
		/* v4 and v6 begin at the same place. */
		(void)inet_pton(family, from, &local.address.v6);
	}
	local.port = (uint16_t)(FIRST_PORT + any % PORTS);
	len = switch_unparse(&local, domain, &address);
	return bind(fd, (struct sockaddr *)&address, len) < 0 ? -errno : 0;
}

int switch_connect(struct switcher *s, const struct switch_target *t,
		   const struct switch_peer *peer, const struct switch_way *way, int *ret)
{
	struct sockaddr_storage to;
	socklen_t len = switch_unparse(peer, t->domain, &to);
	int rc = -EADDRINUSE;

	/* The port may be somebody's, or in use with that peer already, be it in TIME_WAIT. */
	for (int i = 0; i < PORT_TRIES && (rc == -EADDRINUSE || rc == -EADDRNOTAVAIL); i++) {
		scope_fd int fd = make_client(s, t, peer, way->device);

		if (fd < 0) {
			rc = fd;
			continue;
		}
		rc = bind_for_good(fd, t->domain, peer->address.family, way->from);
		if (rc == 0 && connect(fd, (struct sockaddr *)&to, len) < 0) {
			rc = -errno;
		}
		if (rc == 0 || rc == -EINPROGRESS) {
			*ret = fd_take(&fd);
		}
	}
	return rc;
}

int switch_server(struct switcher *s, const struct switch_target *t, bool only6,
		  const struct switch_peer *at)
{
	scope_fd int fd =
		socket(t->domain, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
	struct sock_filter code[SWITCH_FILTER_MAX];
	struct sockaddr_storage address;
	socklen_t len = switch_unparse(at, t->domain, &address);
	const int one = 1, v6only = only6, shared = t->shares_port;

	if (fd < 0) {
		return -errno;
	}
	switch_options_set(&t->options, fd, fresh_of(s, t->domain));
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &shared, sizeof(shared)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    (t->domain == AF_INET6 &&
	     setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof(v6only)) < 0)) {
		return -errno;
	}
	TRY(sys_lock_socket_filter(fd, code, switch_filter_listener(at->port, code)));
	if (bind(fd, (struct sockaddr *)&address, len) < 0 ||
	    fcntl(fd, F_SETFL, t->flags & (O_RDWR | O_NONBLOCK)) < 0) {
		return -errno;
	}
	return fd_take(&fd);
}
