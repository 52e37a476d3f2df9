/* SPDX-License-Identifier: Apache-2.0 */
/* net/port: published ports as people write them. */
#include "libnet/port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

#define PORT_MAX 65535

static int bad(const char *text, const char *what, struct err *err)
{
	return err_set(err, EINVAL,
		       "port \"%.100s\": %s; it is written [HOST:]PORT[-PORT]:PORT[-PORT][/udp]",
		       text, what);
}

/* Copies len bytes of text into a buffer of `size`; false when they do not fit. */
static bool part(const char *text, size_t len, char *buf, size_t size)
{
	if (len >= size) {
		return false;
	}
	memcpy(buf, text, len);
	buf[len] = '\0';
	return true;
}

/* "80" or "80-89": the first port and how many. */
static int parse_range(const char *text, size_t len, uint16_t *ret_first, uint32_t *ret_count)
{
	char buf[16];
	uint64_t first, last;
	char *dash;

	if (!part(text, len, buf, sizeof(buf))) {
		return -EINVAL;
	}
	dash = strchr(buf, '-');
	if (dash) {
		*dash = '\0';
	}
	if (str_u64(buf, PORT_MAX, &first) < 0 || first == 0) {
		return -EINVAL;
	}
	last = first;
	if (dash && (str_u64(dash + 1, PORT_MAX, &last) < 0 || last < first)) {
		return -EINVAL;
	}
	*ret_first = (uint16_t)first;
	*ret_count = (uint32_t)(last - first + 1);
	return 0;
}

/* Takes "HOST:" off the front, if it is there. Returns what follows, or NULL with err filled. */
static const char *parse_host(const char *text, size_t len, struct net_address *ret,
			      struct err *err)
{
	char buf[INET6_ADDRSTRLEN];
	const char *end;

	ret->family = AF_UNSPEC;
	if (text[0] == '[') {
		end = memchr(text, ']', len);
		if (!end || end[1] != ':' ||
		    !part(text + 1, (size_t)(end - text - 1), buf, sizeof(buf)) ||
		    inet_pton(AF_INET6, buf, &ret->v6) != 1) {
			bad(text,
			    "what stands in brackets before the first port is no IPv6 address",
			    err);
			return NULL;
		}
		ret->family = AF_INET6;
		return end + 2;
	}
	end = memchr(text, ':', len);
	if (!end || !memchr(text, '.', len)) {
		return text;
	}
	if (!part(text, (size_t)(end - text), buf, sizeof(buf)) ||
	    inet_pton(AF_INET, buf, &ret->v4) != 1) {
		bad(text, "what stands before the first port is no IPv4 address", err);
		return NULL;
	}
	ret->family = AF_INET;
	return end + 1;
}

int net_port_parse(const char *text, struct net_port *ret, struct err *err)
{
	struct net_port port = { .protocol = IPPROTO_TCP };
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	const char *rest, *colon, *end = text + len;
	uint32_t host_count, inside_count;

	if (slash && str_eq(slash, "/udp")) {
		port.protocol = IPPROTO_UDP;
	} else if (slash && !str_eq(slash, "/tcp")) {
		return bad(text, "the protocol is tcp or udp", err);
	}
	rest = parse_host(text, len, &port.host, err);
	if (!rest) {
		return -err->code;
	}
	colon = memchr(rest, ':', (size_t)(end - rest));
	if (parse_range(rest, (size_t)((colon ? colon : end) - rest), &port.host_port,
			&host_count) < 0) {
		return bad(text,
			   "the host's port is no number from 1 to 65535, nor an ascending range "
			   "of them",
			   err);
	}
	port.inside_port = port.host_port;
	inside_count = host_count;
	if (colon && parse_range(colon + 1, (size_t)(end - colon - 1), &port.inside_port,
				 &inside_count) < 0) {
		return bad(text,
			   "the container's port is no number from 1 to 65535, nor an ascending "
			   "range of them",
			   err);
	}
	if (host_count != inside_count) {
		return bad(text, "the two ranges differ in length", err);
	}
	if (host_count > PORT_MAX) {
		return bad(text, "the range is too long", err);
	}
	port.count = (uint16_t)host_count;
	*ret = port;
	return 0;
}

static void print_range(char *buf, size_t size, uint16_t first, uint16_t count)
{
	if (count == 1) {
		snprintf(buf, size, "%u", first);
	} else {
		snprintf(buf, size, "%u-%u", first, (unsigned)first + count - 1);
	}
}

/* With the colon behind it; "" stands for every address. */
static void print_host(char *buf, size_t size, const struct net_address *host)
{
	char text[INET6_ADDRSTRLEN] = "";

	switch (host->family) {
	case AF_INET:
		inet_ntop(AF_INET, &host->v4, text, sizeof(text));
		snprintf(buf, size, "%s:", text);
		break;
	case AF_INET6:
		inet_ntop(AF_INET6, &host->v6, text, sizeof(text));
		snprintf(buf, size, "[%s]:", text);
		break;
	default:
		snprintf(buf, size, "%s", "");
		break;
	}
}

void net_port_print(const struct net_port *port, char text[static NET_PORT_TEXT_MAX])
{
	char address[INET6_ADDRSTRLEN + 3], host[16], inside[16];

	print_host(address, sizeof(address), &port->host);
	print_range(host, sizeof(host), port->host_port, port->count);
	print_range(inside, sizeof(inside), port->inside_port, port->count);
	snprintf(text, NET_PORT_TEXT_MAX, "%s%s:%s/%s", address, host, inside,
		 port->protocol == IPPROTO_UDP ? "udp" : "tcp");
}

static bool is_any(const struct net_address *a)
{
	return a->family == AF_UNSPEC ||
	       (a->family == AF_INET && a->v4.s_addr == htonl(INADDR_ANY)) ||
	       (a->family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&a->v6));
}

static bool same_address(const struct net_address *a, const struct net_address *b)
{
	if (a->family != AF_UNSPEC && b->family != AF_UNSPEC && a->family != b->family) {
		return false;
	}
	if (is_any(a) || is_any(b)) {
		return true;
	}
	if (a->family == AF_INET) {
		return a->v4.s_addr == b->v4.s_addr;
	}
	return IN6_ARE_ADDR_EQUAL(&a->v6, &b->v6);
}

bool net_port_overlaps(const struct net_port *a, const struct net_port *b)
{
	return a->protocol == b->protocol && same_address(&a->host, &b->host) &&
	       (uint32_t)a->host_port < (uint32_t)b->host_port + b->count &&
	       (uint32_t)b->host_port < (uint32_t)a->host_port + a->count;
}
