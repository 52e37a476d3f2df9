/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forward/inside: sockets of the container's namespace that connect to the container and seem to be
 * the client, by IPv4.
 */
#pragma once

#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>

#include "libnet/forward/loop.h"

/* Non-blocking; type: SOCK_STREAM or SOCK_DGRAM. Returns a descriptor or -errno. */
int forward_inside_socket(const struct forwarder *f, int type);

/* Lets it seem to be the client. Returns 0 or -errno. */
int forward_inside_bind(const struct forwarder *f, int type, int fd,
			const struct sockaddr_storage *client);

/* Where the container is. */
struct sockaddr_in forward_inside_address(const struct forwarder *f, uint16_t port);
