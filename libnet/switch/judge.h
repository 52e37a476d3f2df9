/* SPDX-License-Identifier: Apache-2.0 */
/* switch/judge: which connections may leave by a socket of the host's. Pure. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "libnet/config.h"
#include "libnet/port.h"
#include "libnet/route.h"

struct switch_peer {
	struct net_address address; /* an IPv4 address in IPv6's clothes is AF_INET here */
	uint16_t port;
};

enum switch_verdict {
	SWITCH_STAY,  /* the container's own network is where this goes */
	SWITCH_LEAVE, /* by a device of the host's */
	SWITCH_FAIL,  /* the host can't get there either */
};

/*
 * What a program gave to connect or bind on a socket of that domain. False: the kernel is to say
 * what is wrong with it, or it is AF_UNSPEC.
 */
bool switch_parse(const struct sockaddr_storage *address, socklen_t len, int domain,
		  struct switch_peer *ret);

/* 0.0.0.0 or :: */
bool switch_is_any(const struct switch_peer *p);

/* Loopback, or the namespace's own address. */
bool switch_is_own(const struct switch_peer *p, const struct net_cidr *own);

/* The other way; mapped: an IPv4 address in IPv6's form. Returns the length. */
socklen_t switch_unparse(const struct switch_peer *p, int domain, struct sockaddr_storage *ret);

/*
 * Where the container's server is to listen: bound is what it binds, on a socket of that domain;
 * host4 and host6 are where its port is published, NULL: nowhere. False: no single socket of its
 * kind answers everybody that the forwarder answers.
 */
bool switch_place_server(const struct switch_peer *bound, int domain, bool only6,
			 const struct switch_peer *host4, const struct switch_peer *host6,
			 struct switch_peer *ret, bool *ret_only6);

/*
 * May it leave at all? False: loopback, the namespace's own network, link-local, multicast and what
 * no route leads to.
 */
bool switch_may_leave(const struct switch_peer *to, const struct net_cidr *own);

/*
 * Is a socket of that domain held to what is judged? Without a socket filter one of IPv6 can be
 * used for IPv4 too, and the other way round: what the configuration says of either must then hold
 * for both.
 */
bool switch_may_hold(const struct net_config *c, int domain);

/*
 * lan: the host's own networks may be reached. inside: the container's route, tap: its device that
 * leads to slirp4netns (0: none now); outside: the host's route. On SWITCH_FAIL *ret is a positive
 * errno, on SWITCH_LEAVE the device.
 */
enum switch_verdict switch_judge(bool lan, const struct net_route *inside, int tap,
				 const struct net_route *outside, int *ret);
