/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net/config: what a network is to be like, from the text that people write, and its addresses.
 * Pure: nothing here looks at the machine.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

enum net_port_handler {
	NET_HANDLER_OWN,   /* our forwarder: fast, and the client's address is kept */
	NET_HANDLER_SLIRP, /* slirp4netns' hostfwd */
};

/*
 * A network in host byte order. The gateway is .2, the resolver .3, the namespace's own address
 * .100.
 */
struct net_cidr {
	uint32_t network;
	unsigned prefix; /* 1 to 25 */
};

struct net_config {
	unsigned mtu; /* bytes, 68 to 65521 */
	bool ipv6;
	bool cidr_given; /* else it is moved aside where the host's routes overlap it */
	struct net_cidr cidr;
	bool host_loopback; /* the gateway's address leads to the host's 127.0.0.1 */
	/* the host's other addresses and the networks that it is attached to may be reached */
	bool lan;
	bool dns; /* the resolver's address leads to the host's resolver */
	enum net_port_handler handler;
	/* own forwarder: the client's own address is what the namespace sees */
	bool keep_client;
	const char *outbound_addr; /* NULL: the kernel chooses */
	const char *outbound_addr6;
	bool accel;	     /* TCP by sockets of the host */
	bool accel_out_only; /* but for published ports: net_accel_check */
};

/*
 * "slirp4netns" or "slirp4netns:OPTION=VALUE,…": mtu, enable_ipv6, cidr, allow_host_loopback,
 * allow_lan, enable_dns, port_handler (rootlet or slirp4netns), client_address (keep or gateway),
 * outbound_addr, outbound_addr6, accel (none or seccomp). Strings live in the arena.
 * Errors: EINVAL, one line that names the option, what it was, and what it may be.
 */
int net_config_parse(struct arena *arena, const char *text, struct net_config *ret,
		     struct err *err);

/* The addresses of a network: part is 2 (gateway), 3 (resolver) or 100 (the namespace's own). */
struct in_addr net_cidr_address(const struct net_cidr *cidr, unsigned part);

/*
 * A network that none of the host's routes overlaps, beginning with `wanted`, then 10.0.3.0/24 and
 * so on; routes is the text of /proc/net/route. Returns `wanted` itself when everything is taken.
 */
struct net_cidr net_cidr_choose(const struct net_cidr *wanted, const char *routes);
