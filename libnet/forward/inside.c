/* SPDX-License-Identifier: Apache-2.0 */
/* forward/inside: who the container sees. */
#include "libnet/forward/inside.h"

#include <errno.h>
#include <unistd.h>

#include "base/scope.h"
#include "libnet/forward/routes.h"

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
	const int one = 1, mark = FORWARD_MARK;

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

int forward_inside_bind(const struct forwarder *f, int type, int fd,
			const struct sockaddr_storage *client)
{
	struct sockaddr_in from = source_of(f, client);

	if (!seems_foreign(f, type) || bind(fd, (struct sockaddr *)&from, sizeof(from)) == 0) {
		return 0;
	}
	if (errno != EADDRINUSE) {
		return -errno;
	}
	/* The client's port is in use in there: its address is what matters. */
	from.sin_port = 0;
	return bind(fd, (struct sockaddr *)&from, sizeof(from)) < 0 ? -errno : 0;
}
