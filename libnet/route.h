/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net/route: what a network namespace's routing says of an address. Private to libnet.
 */
#pragma once

#include <stdbool.h>

#include "libnet/port.h"
#include "sys/netlink.h"

/* What a routing table says of an address. */
struct net_route {
	int error;	    /* positive errno; 0: the rest holds */
	unsigned char type; /* RTN_* */
	int device;
	bool direct; /* no gateway: the device's own network */
};

/* nl: a socket of that namespace. */
struct net_route net_route_ask(struct sys_nl *nl, const struct net_address *to);
