/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forward/routes: what is set inside the container's network namespace so that answers to foreign
 * addresses come back to the forwarder, which has entered it.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * What packets from a transparent socket carry, and the routing tables that bring the answers back
 * to us.
 */
#define FORWARD_MARK 100
#define FORWARD_TABLE_TCP 100
#define FORWARD_TABLE_UDP 101

/*
 * Lets sockets have foreign addresses: what answers them is routed to this host's own sockets. For
 * TCP by the mark that an accepted socket inherits: the namespace's sysctls for that,
 * tcp_fwmark_accept and fwmark_reflect, which need doing once, and the routes. The latter may be
 * set again when the address has come back. Return 0 or -errno (-EAFNOSUPPORT and the like: a
 * kernel without policy routing).
 */
int forward_marks(void);
int forward_routes(const struct in_addr *own);

/*
 * The same for IPv6 and its fixed address; after those for IPv4, which set what both have in
 * common.
 */
int forward_marks6(void);
int forward_routes6(void);

/*
 * Answers of a published UDP port, of AF_INET or AF_INET6, must not leave by slirp4netns. Returns 0
 * or -errno.
 */
int forward_udp_rule(sa_family_t family, uint16_t port, bool add);
