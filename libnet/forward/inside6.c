/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forward/inside6: IPv6, where both sides have it.
 *
 * The container may listen on IPv4 alone: then, and while it has no IPv6 address, clients are
 * forwarded by IPv4 like everyone else, and seem to be the gateway. Whether it listens is learnt by
 * TCP from a connect, by UDP from the namespace's table of sockets.
 */
#include "libnet/forward/inside6.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/scope.h"
#include "libnet/forward/routes.h"
#include "libnet/inside.h"

/*
 * The connection stays within one kernel: an answer that isn't there at once is late by some
 * scheduling.
 */
#define ANSWER_MS 5

/* Looks into the table of sockets, of a container's making and size, in one second. */
#define LOOKS 8

static bool has_own_address(const struct sockaddr_in6 *client)
{
	return client->sin6_family == AF_INET6 && !IN6_IS_ADDR_LOOPBACK(&client->sin6_addr) &&
	       !IN6_IS_ADDR_LINKLOCAL(&client->sin6_addr) &&
	       !IN6_IS_ADDR_V4MAPPED(&client->sin6_addr) &&
	       memcmp(&client->sin6_addr, &net_inside6, NET_INSIDE6_PREFIX / 8) != 0;
}

/*
 * One line of udp6: "N: ADDRESS:PORT PEER:PORT …", an address as four words of the machine's order.
 * Whoever has a peer hears nobody else.
 */
static bool hears(const char *line, const struct sockaddr_in6 *target)
{
	unsigned word[4], port, peer;
	struct in6_addr own;

	if (sscanf(line, "%*d: %8x%8x%8x%8x:%4x %*32[0-9A-F]:%4x", &word[0], &word[1], &word[2],
		   &word[3], &port, &peer) != 6) {
		return false;
	}
	memcpy(&own, word, sizeof(own));
	return port == ntohs(target->sin6_port) && peer == 0 &&
	       (IN6_IS_ADDR_UNSPECIFIED(&own) || IN6_ARE_ADDR_EQUAL(&own, &target->sin6_addr));
}

/*
 * Asked before something is sent, as nothing tells that a datagram has arrived, and an ICMP error
 * may be late or left out (the kernel limits them): the datagram would be lost. The list is made
 * anew whenever it is read from its beginning.
 */
bool forward_inside6_hears(int udp6, const struct sockaddr_in6 *target)
{
	char bytes[4096];
	size_t have = 0;
	off_t at = 0;
	ssize_t got;

	while ((got = pread(udp6, bytes + have, sizeof(bytes) - 1 - have, at)) > 0) {
		char *line = bytes, *end;

		at += got;
		have += (size_t)got;
		bytes[have] = '\0';
		for (; (end = strchr(line, '\n')); line = end + 1) {
			*end = '\0';
			if (hears(line, target)) {
				return true;
			}
		}
		have -= (size_t)(line - bytes);
		memmove(bytes, line, have);
	}
	return false;
}

/* Past LOOKS, what was seen last: of new clients there may be as many as somebody likes. */
static bool is_heard(struct forwarder *f, struct forward_listener *l,
		     const struct sockaddr_in6 *target)
{
	time_t now = forward_seconds();

	if (f->looked6 != now) {
		f->looked6 = now;
		f->looks6 = 0;
	}
	if (f->looks6 < LOOKS) {
		f->looks6++;
		l->heard6 = forward_inside6_hears(f->udp6, target);
	}
	return l->heard6;
}

static int seem_to_be(int fd, const struct sockaddr_in6 *client)
{
	struct sockaddr_in6 from = { .sin6_family = AF_INET6,
				     .sin6_addr = client->sin6_addr,
				     .sin6_port = client->sin6_port };
	const int one = 1, mark = FORWARD_MARK;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) < 0 ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, &one, sizeof(one)) < 0) {
		return -errno;
	}
	if (bind(fd, (struct sockaddr *)&from, sizeof(from)) == 0) {
		return 0;
	}
	if (errno != EADDRINUSE) {
		return -errno;
	}
	from.sin6_port = 0;
	return bind(fd, (struct sockaddr *)&from, sizeof(from)) < 0 ? -errno : 0;
}

/* Where that client would reach the container by IPv6, if it can. */
static bool target_of(const struct forwarder *f, uint16_t port, const struct sockaddr_in6 *client,
		      struct sockaddr_in6 *ret)
{
	*ret = (struct sockaddr_in6){ .sin6_family = AF_INET6,
				      .sin6_port = htons(port),
				      .sin6_addr = net_inside6 };
	return f->six && f->keep_client && has_own_address(client);
}

static int socket_of(int type, const struct sockaddr_in6 *client)
{
	scope_fd int fd = socket(AF_INET6, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || seem_to_be(fd, client) < 0) {
		return -1;
	}
	return fd_take(&fd);
}

int forward_inside6_udp(struct forwarder *f, struct forward_listener *l,
			const struct sockaddr_storage *from)
{
	const struct sockaddr_in6 *client = (const void *)from;
	struct sockaddr_in6 target;
	scope_fd int fd = -1;

	if (!target_of(f, l->inside_port, client, &target) || !is_heard(f, l, &target)) {
		return -1;
	}
	fd = socket_of(SOCK_DGRAM, client);
	if (fd < 0 || connect(fd, (struct sockaddr *)&target, sizeof(target)) < 0) {
		return -1;
	}
	return fd_take(&fd);
}

/*
 * Everyone waits meanwhile. So where one answer did not come, none is waited for until the second
 * is over.
 */
static bool is_answered(struct forwarder *f, int fd)
{
	struct pollfd answer = { fd, POLLOUT, 0 };
	time_t now = forward_seconds();
	int wait = f->waited6 == now ? 0 : ANSWER_MS;

	if (poll(&answer, 1, wait) > 0) {
		return true;
	}
	f->waited6 = now;
	return false;
}

int forward_inside6_tcp(struct forwarder *f, uint16_t port, const struct sockaddr_storage *from)
{
	const struct sockaddr_in6 *client = (const void *)from;
	struct sockaddr_in6 target;
	scope_fd int fd = -1;
	const int one = 1;
	int error = 0;
	socklen_t len = sizeof(error);

	if (!target_of(f, port, client, &target)) {
		return -1;
	}
	fd = socket_of(SOCK_STREAM, client);
	if (fd < 0) {
		return -1;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(fd, (const struct sockaddr *)&target, sizeof(target)) < 0 &&
	    errno != EINPROGRESS) {
		return -1;
	}
	if (!is_answered(f, fd) || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 ||
	    error) {
		return -1;
	}
	return fd_take(&fd);
}
