/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net/inside: what is set inside the container's network namespace, by a process of ours that has
 * entered it.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Enters a user and a network namespace (-1: stays where it is) and becomes the former's root where
 * id 0 is mapped.
 * Returns 0 or -errno. Not to be undone.
 */
int inside_enter(int userns, int netns);

/*
 * Lets sockets have foreign addresses: what answers them is routed to this host's own sockets. For
 * TCP by the mark that an accepted socket inherits: the namespace's sysctls for that,
 * tcp_fwmark_accept and fwmark_reflect, which need doing once, and the routes. The latter may be
 * set again when the address has come back. Return 0 or -errno (-EAFNOSUPPORT and the like: a
 * kernel without policy routing).
 */
int inside_marks(void);
int inside_routes(const struct in_addr *own);

/*
 * The same for IPv6 and its fixed address; after those for IPv4, which set what both have in
 * common.
 */
int inside_marks6(void);
int inside_routes6(void);

/*
 * Nothing goes to that network any more, of AF_INET or AF_INET6; address has the bytes of one.
 * Returns 0 or -errno.
 */
int inside_prohibit(sa_family_t family, const void *address, unsigned prefix);

/*
 * Answers of a published UDP port, of AF_INET or AF_INET6, must not leave by slirp4netns. Returns 0
 * or -errno.
 */
int inside_udp_rule(sa_family_t family, uint16_t port, bool add);
