/* SPDX-License-Identifier: Apache-2.0 */
/*
 * switch/judge: which connections may leave by a socket of the host's. Pure.
 *
 * The measure is slirp4netns: whoever is switched must reach nothing that slirp4netns would not let
 * him reach. What is in doubt stays. The host's own addresses are among that: slirp4netns lets the
 * container reach them unless it is told otherwise, and goes on deciding it.
 */
#include "libnet/switch/judge.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "libnet/inside.h"

/* IPv4, in host byte order: who is never a peer outside. */
static const struct block {
	uint32_t network;
	unsigned prefix;
} kept4[] = {
	{ 0x00000000, 8 },  /* this host */
	{ 0x7f000000, 8 },  /* loopback */
	{ 0xa9fe0000, 16 }, /* link-local: which link is not the route's to say alone */
	{ 0xe0000000, 4 },  /* multicast */
	{ 0xf0000000, 4 },  /* reserved, broadcast */
};

/* IPv6. */
static const struct block6 {
	struct in6_addr network;
	unsigned prefix;
} kept6[] = {
	/* ::, ::1, and IPv4 in its oldest form */
	{ { { { 0 } } }, 96 },
	{ { { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff } } }, 96 }, /* IPv4: judged as that */
	{ { { { 0xfe, 0x80 } } }, 10 },				      /* link-local */
	{ { { { 0xfe, 0xc0 } } }, 10 },				      /* site-local, deprecated */
	{ { { { 0xff } } }, 8 },				      /* multicast */
	/* fd00::/64, slirp4netns' own */
	{ { { { 0xfd } } }, 64 },
};

static bool starts_with(const struct in6_addr *address, const struct in6_addr *network,
			unsigned prefix)
{
	unsigned bytes = prefix / 8, bits = prefix % 8;

	return memcmp(address, network, bytes) == 0 &&
	       (bits == 0 ||
		(address->s6_addr[bytes] ^ network->s6_addr[bytes]) >> (8 - bits) == 0);
}

static bool may_leave4(uint32_t address, const struct net_cidr *own)
{
	for (size_t i = 0; i < sizeof(kept4) / sizeof(kept4[0]); i++) {
		if ((address ^ kept4[i].network) >> (32 - kept4[i].prefix) == 0) {
			return false;
		}
	}
	return (address ^ own->network) >> (32 - own->prefix) != 0;
}

bool switch_may_leave(const struct switch_peer *to, const struct net_cidr *own)
{
	if (to->port == 0) {
		return false;
	}
	if (to->address.family == AF_INET) {
		return may_leave4(ntohl(to->address.v4.s_addr), own);
	}
	for (size_t i = 0; i < sizeof(kept6) / sizeof(kept6[0]); i++) {
		if (starts_with(&to->address.v6, &kept6[i].network, kept6[i].prefix)) {
			return false;
		}
	}
	return to->address.family == AF_INET6;
}

bool switch_parse(const struct sockaddr_storage *address, socklen_t len, int domain,
		  struct switch_peer *ret)
{
	const struct sockaddr_in *v4 = (const void *)address;
	const struct sockaddr_in6 *v6 = (const void *)address;
	struct switch_peer peer = { .port = 0 };

	if (len < sizeof(sa_family_t) || address->ss_family != domain) {
		return false;
	}
	if (domain == AF_INET && len >= sizeof(*v4)) {
		peer.address = (struct net_address){ .family = AF_INET, .v4 = v4->sin_addr };
		peer.port = ntohs(v4->sin_port);
	} else if (domain == AF_INET6 && len >= sizeof(*v6)) {
		peer.address = (struct net_address){ .family = AF_INET6, .v6 = v6->sin6_addr };
		peer.port = ntohs(v6->sin6_port);
		if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
			peer.address.family = AF_INET;
			memcpy(&peer.address.v4, &v6->sin6_addr.s6_addr[12],
			       sizeof(peer.address.v4));
		}
	} else {
		return false;
	}
	*ret = peer;
	return true;
}

socklen_t switch_unparse(const struct switch_peer *p, int domain, struct sockaddr_storage *ret)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(p->port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(p->port) };

	memset(ret, 0, sizeof(*ret));
	if (domain == AF_INET) {
		v4.sin_addr = p->address.v4;
		memcpy(ret, &v4, sizeof(v4));
		return sizeof(v4);
	}
	if (p->address.family == AF_INET) {
		v6.sin6_addr.s6_addr[10] = v6.sin6_addr.s6_addr[11] = 0xff;
		memcpy(&v6.sin6_addr.s6_addr[12], &p->address.v4, sizeof(p->address.v4));
	} else {
		v6.sin6_addr = p->address.v6;
	}
	memcpy(ret, &v6, sizeof(v6));
	return sizeof(v6);
}

bool switch_may_hold(const struct net_config *c, int domain)
{
	return !c->accel_out_only || domain == AF_INET ||
	       (c->ipv6 && !c->outbound_addr && !c->outbound_addr6);
}

bool switch_is_any(const struct switch_peer *p)
{
	if (p->address.family == AF_INET) {
		return p->address.v4.s_addr == htonl(INADDR_ANY);
	}
	return IN6_IS_ADDR_UNSPECIFIED(&p->address.v6);
}

bool switch_is_own(const struct switch_peer *p, const struct net_cidr *own)
{
	if (p->address.family == AF_INET6) {
		return IN6_IS_ADDR_LOOPBACK(&p->address.v6);
	}
	return ntohl(p->address.v4.s_addr) >> 24 == 127 ||
	       p->address.v4.s_addr == net_cidr_address(own, 100).s_addr;
}

bool switch_place_server(const struct switch_peer *bound, int domain, bool only6,
			 const struct switch_peer *host4, const struct switch_peer *host6,
			 struct switch_peer *ret, bool *ret_only6)
{
	bool both = host4 && host6 && switch_is_any(host4) && switch_is_any(host6);
	bool takes6 = domain == AF_INET6 && bound->address.family == AF_INET6;
	bool takes4 = !takes6 || !only6;

	if ((host4 && !takes4) || (host6 && !takes6) || (host4 && host6 && !both) ||
	    (!host4 && !host6)) {
		return false;
	}
	*ret_only6 = !host4;
	*ret = host6 ? *host6 : *host4;
	return true;
}

enum switch_verdict switch_judge(bool lan, const struct net_route *inside, int tap,
				 const struct net_route *outside, int *ret)
{
	/* Networks that the container has made for itself are its own affair. */
	if (tap <= 0 || inside->error || inside->type != RTN_UNICAST || inside->device != tap) {
		return SWITCH_STAY;
	}
	switch (outside->error) {
	case 0:
		break;
	case ENETUNREACH:
	case EHOSTUNREACH:
		*ret = outside->error;
		return SWITCH_FAIL;
	default:
		return SWITCH_STAY;
	}
	if (outside->type != RTN_UNICAST || outside->device <= NET_LOOPBACK ||
	    (outside->direct && !lan)) {
		return SWITCH_STAY;
	}
	*ret = outside->device;
	return SWITCH_LEAVE;
}
