/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net/port: published ports, from the text that people write to a struct and back. Pure: nothing
 * here looks at the machine.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"

/* family: AF_INET, AF_INET6, or AF_UNSPEC for every address of both. */
struct net_address {
	sa_family_t family;
	union {
		struct in_addr v4;
		struct in6_addr v6;
	};
};

/* count ports from host_port on the host lead to as many from inside_port on in the namespace. */
struct net_port {
	int protocol; /* IPPROTO_TCP or IPPROTO_UDP */
	struct net_address host;
	uint16_t host_port;
	uint16_t inside_port;
	uint16_t count;
};

struct net_ports {
	struct net_port *v;
	size_t n;
};

/* The longest text of a port: "[IPv6]:P-P:P-P/udp". */
#define NET_PORT_TEXT_MAX (INET6_ADDRSTRLEN + 40)

/*
 * "[HOST:]PORT[-PORT]:PORT[-PORT][/tcp|/udp]". HOST is an IPv4 address or an IPv6 address in
 * brackets; without it the port is published on every address of the host. A single PORT stands for
 * both sides.
 * Errors: EINVAL, one line that names the text and what is wrong with it.
 */
int net_port_parse(const char *text, struct net_port *ret, struct err *err);

/* The same, back as text that net_port_parse takes. */
void net_port_print(const struct net_port *port, char text[static NET_PORT_TEXT_MAX]);

/* Do two of them want one port of the host? */
bool net_port_overlaps(const struct net_port *a, const struct net_port *b);
