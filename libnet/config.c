/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net/config: the options of `slirp4netns:…`, under the names that podman's users know, and the
 * network's addresses.
 */
#include "libnet/config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/table.h"

#define MTU_MIN 68
#define MTU_MAX 65521 /* of slirp4netns */
#define MTU_USUAL 65520

/* slirp4netns wants room for .100, and has a /1 at the most. */
#define PREFIX_MIN 1
#define PREFIX_MAX 25

static const struct net_cidr usual_cidr = { 0x0a000200, 24 };

static int bad(const char *key, const char *value, const char *wanted, struct err *err)
{
	return err_set(err, EINVAL, "network option %s: \"%.100s\" is not %s", key, value, wanted);
}

static int take_bool(const char *key, const char *value, bool *ret, struct err *err)
{
	if (str_eq(value, "true") || str_eq(value, "yes") || str_eq(value, "1")) {
		*ret = true;
	} else if (str_eq(value, "false") || str_eq(value, "no") || str_eq(value, "0")) {
		*ret = false;
	} else {
		return bad(key, value, "true or false", err);
	}
	return 0;
}

static int take_mtu(const char *key, const char *value, struct net_config *c, struct err *err)
{
	uint64_t mtu;

	if (str_u64(value, MTU_MAX, &mtu) < 0 || mtu < MTU_MIN) {
		return bad(key, value, "a number from 68 to 65521", err);
	}
	c->mtu = (unsigned)mtu;
	return 0;
}

static int take_cidr(const char *key, const char *value, struct net_config *c, struct err *err)
{
	static const char wanted[] =
		"an IPv4 network such as 10.0.2.0/24, with a prefix from 1 to 25";
	const char *slash = strchr(value, '/');
	char buf[INET_ADDRSTRLEN];
	struct in_addr address;
	uint64_t prefix;
	size_t len = slash ? (size_t)(slash - value) : 0;

	if (!slash || len >= sizeof(buf) || str_u64(slash + 1, PREFIX_MAX, &prefix) < 0 ||
	    prefix < PREFIX_MIN) {
		return bad(key, value, wanted, err);
	}
	memcpy(buf, value, len);
	buf[len] = '\0';
	if (inet_pton(AF_INET, buf, &address) != 1) {
		return bad(key, value, wanted, err);
	}
	c->cidr = (struct net_cidr){ .network = ntohl(address.s_addr), .prefix = (unsigned)prefix };
	if (c->cidr.network & (UINT32_MAX >> c->cidr.prefix)) {
		return bad(key, value, "the address of a network: bits behind the prefix are set",
			   err);
	}
	c->cidr_given = true;
	return 0;
}

static int take_address(const char *key, const char *value, int family, const char **ret,
			struct err *err)
{
	unsigned char address[sizeof(struct in6_addr)];

	if (inet_pton(family, value, address) == 1) {
		*ret = value;
		return 0;
	}
	if (family == AF_INET) {
		return bad(key, value, "an IPv4 address", err);
	}
	return bad(key, value, "an IPv6 address", err);
}

static int take_handler(const char *key, const char *value, struct net_config *c, struct err *err)
{
	/* "rootlesskit" is podman's name for the one that is not slirp4netns' own. */
	if (str_eq(value, "rootlet") || str_eq(value, "rootlesskit")) {
		c->handler = NET_HANDLER_OWN;
	} else if (str_eq(value, "slirp4netns")) {
		c->handler = NET_HANDLER_SLIRP;
	} else {
		return bad(key, value, "rootlet or slirp4netns", err);
	}
	return 0;
}

static int take_client(const char *key, const char *value, struct net_config *c, struct err *err)
{
	if (str_eq(value, "keep")) {
		c->keep_client = true;
	} else if (str_eq(value, "gateway")) {
		c->keep_client = false;
	} else {
		return bad(key, value, "keep or gateway", err);
	}
	return 0;
}

static int take_accel(const char *key, const char *value, struct net_config *c, struct err *err)
{
	if (str_eq(value, "seccomp")) {
		c->accel = true;
	} else if (str_eq(value, "none")) {
		c->accel = false;
	} else {
		return bad(key, value, "seccomp or none", err);
	}
	return 0;
}

enum option { MTU, IPV6, CIDR, LOOPBACK, LAN, DNS, HANDLER, CLIENT, OUTBOUND, OUTBOUND6, ACCEL };

static const struct name options[] = {
	{ "mtu", MTU },
	{ "enable_ipv6", IPV6 },
	{ "cidr", CIDR },
	{ "allow_host_loopback", LOOPBACK },
	{ "allow_lan", LAN },
	{ "enable_dns", DNS },
	{ "port_handler", HANDLER },
	{ "client_address", CLIENT },
	{ "outbound_addr", OUTBOUND },
	{ "outbound_addr6", OUTBOUND6 },
	{ "accel", ACCEL },
	NAMES_END,
};

static int unknown(struct arena *arena, const char *key, struct err *err)
{
	struct text list;

	text_init(&list, arena);
	for (const struct name *o = options; o->name; o++) {
		text_add(&list, "%s%s", o == options ? "" : ", ", o->name);
	}
	return err_set(err, EINVAL, "network option \"%.100s\" is not known: %s", key, list.s);
}

static int take_option(struct arena *arena, char *text, struct net_config *c, struct err *err)
{
	char *value = strchr(text, '=');
	const struct name *option;

	if (!value) {
		return err_set(err, EINVAL,
			       "network option \"%.100s\" has no value: write NAME=VALUE", text);
	}
	*value++ = '\0';
	option = names_find(options, text);
	if (!option) {
		return unknown(arena, text, err);
	}
	switch ((enum option)option->value) {
	case MTU:
		return take_mtu(text, value, c, err);
	case IPV6:
		return take_bool(text, value, &c->ipv6, err);
	case CIDR:
		return take_cidr(text, value, c, err);
	case LOOPBACK:
		return take_bool(text, value, &c->host_loopback, err);
	case LAN:
		return take_bool(text, value, &c->lan, err);
	case DNS:
		return take_bool(text, value, &c->dns, err);
	case HANDLER:
		return take_handler(text, value, c, err);
	case CLIENT:
		return take_client(text, value, c, err);
	case OUTBOUND:
		return take_address(text, value, AF_INET, &c->outbound_addr, err);
	case OUTBOUND6:
		return take_address(text, value, AF_INET6, &c->outbound_addr6, err);
	case ACCEL:
		return take_accel(text, value, c, err);
	}
	return 0;
}

int net_config_parse(struct arena *arena, const char *text, struct net_config *ret, struct err *err)
{
	static const char mode[] = "slirp4netns";
	struct net_config c = {
		.mtu = MTU_USUAL,
		.ipv6 = true,
		.cidr = usual_cidr,
		.lan = true,
		.dns = true,
		.handler = NET_HANDLER_OWN,
		.keep_client = true,
	};
	char *copy, *next;

	if (!str_starts(text, mode) || (text[sizeof(mode) - 1] && text[sizeof(mode) - 1] != ':')) {
		return err_set(err, EINVAL,
			       "network \"%.100s\" is not known: slirp4netns[:OPTION=VALUE,...]",
			       text);
	}
	copy = arena_strdup(arena, text + sizeof(mode) - 1);
	for (char *option = copy + (*copy == ':'); *option; option = next) {
		next = option + strcspn(option, ",");
		if (*next) {
			*next++ = '\0';
		}
		TRY(take_option(arena, option, &c, err));
	}
	*ret = c;
	return 0;
}

struct in_addr net_cidr_address(const struct net_cidr *cidr, unsigned part)
{
	return (struct in_addr){ .s_addr = htonl(cidr->network + part) };
}

static uint32_t mask_of(unsigned prefix)
{
	return prefix == 0 ? 0 : UINT32_MAX << (32 - prefix);
}

/*
 * One line of /proc/net/route: is it a network (the default route overlaps everything and counts
 * for nothing)?
 */
static bool line_overlaps(const char *line, const struct net_cidr *cidr)
{
	unsigned destination, mask;
	uint32_t network, both;

	if (sscanf(line, "%*s %x %*x %*x %*d %*d %*d %x", &destination, &mask) != 2 || mask == 0) {
		return false;
	}
	network = ntohl(destination);
	both = ntohl(mask) & mask_of(cidr->prefix);
	return (network & both) == (cidr->network & both);
}

static bool is_taken(const struct net_cidr *cidr, const char *routes)
{
	for (const char *line = routes; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		if (line_overlaps(line, cidr)) {
			return true;
		}
	}
	return false;
}

struct net_cidr net_cidr_choose(const struct net_cidr *wanted, const char *routes)
{
	/*
	 * Where private networks are least likely to be: the upper end of 10/8, then of 172.16/12.
	 */
	static const uint32_t others[] = { 0x0a000300, 0x0afe6400, 0x0afefe00, 0xac1ffe00,
					   0xc0a8fe00 };

	if (!is_taken(wanted, routes)) {
		return *wanted;
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct net_cidr cidr = { others[i], 24 };

		if (!is_taken(&cidr, routes)) {
			return cidr;
		}
	}
	return *wanted;
}
