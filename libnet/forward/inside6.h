/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forward/inside6: clients that have an IPv6 address of their own reach the container at its IPv6
 * address, with theirs.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "libnet/forward/loop.h"

/*
 * A socket that is connected to the container's own IPv6 address and seems to be the client, if
 * that has an IPv6 address of its own and the port is listened on there; else -1: IPv4 it is.
 */
int forward_inside6_tcp(struct forwarder *f, uint16_t port, const struct sockaddr_storage *from);
int forward_inside6_udp(struct forwarder *f, struct forward_listener *l,
			const struct sockaddr_storage *from);

/*
 * Is there a socket in the list of UDP sockets (/proc/PID/net/udp6, open as udp6) that would get a
 * datagram to that address and port, from anybody?
 */
bool forward_inside6_hears(int udp6, const struct sockaddr_in6 *target);
