/* SPDX-License-Identifier: Apache-2.0 */
/* net/names: resolv.conf(5) and hosts(5) as they should be inside. */
#include "libnet/names.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "base/hosts.h"
#include "base/scope.h"
#include "base/str.h"

static bool is_word(const char *line, size_t len, const char *wanted)
{
	size_t n;
	const char *w = hosts_word(line, len, 0, &n);

	return n == strlen(wanted) && memcmp(w, wanted, n) == 0;
}

/* A server's address, without the zone of a link-local one. */
static bool server_of(const char *line, size_t len, char *ret, size_t size)
{
	size_t n;
	const char *w = hosts_word(line, len, 1, &n);

	if (!is_word(line, len, "nameserver") || n == 0 || n >= size) {
		return false;
	}
	memcpy(ret, w, n);
	ret[n] = '\0';
	return true;
}

static bool reachable_v4(const struct in_addr *a)
{
	uint32_t address = ntohl(a->s_addr);

	return address >> 24 != 127 && address != 0 && address >> 16 != 0xa9fe;
}

static bool reachable_v6(const struct in6_addr *a)
{
	return !IN6_IS_ADDR_LOOPBACK(a) && !IN6_IS_ADDR_LINKLOCAL(a) && !IN6_IS_ADDR_UNSPECIFIED(a);
}

static bool usable(const char *server, const struct net_config *config)
{
	struct in6_addr v6;
	struct in_addr v4;

	if (inet_pton(AF_INET, server, &v4) == 1) {
		return reachable_v4(&v4);
	}
	return config->ipv6 && inet_pton(AF_INET6, server, &v6) == 1 && reachable_v6(&v6);
}

static void add_resolvers(struct text *out, const char *host, const struct net_config *config)
{
	char server[INET6_ADDRSTRLEN + IF_NAMESIZE], address[INET_ADDRSTRLEN];
	struct in_addr own = net_cidr_address(&config->cidr, 3);
	const char *rest = host, *line;
	bool six = false;
	size_t len;

	if (!config->dns) {
		return;
	}
	inet_ntop(AF_INET, &own, address, sizeof(address));
	text_add(out, "nameserver %s\n", address);
	/* slirp4netns' resolver for IPv6 asks the host's IPv6 servers, so there must be one. */
	while (hosts_line(&rest, &line, &len)) {
		six = six || (server_of(line, len, server, sizeof(server)) && strchr(server, ':'));
	}
	if (six && config->ipv6) {
		text_add(out, "nameserver fd00::3\n");
	}
}

const char *net_resolv_conf(struct arena *arena, const char *host, const struct net_config *config)
{
	char server[INET6_ADDRSTRLEN];
	const char *rest = host, *line;
	struct text out;
	size_t len;

	text_init(&out, arena);
	text_add(&out, "# Written by rootlet.\n");
	add_resolvers(&out, host, config);
	while (hosts_line(&rest, &line, &len)) {
		if (server_of(line, len, server, sizeof(server))) {
			if (usable(server, config)) {
				text_add(&out, "nameserver %s\n", server);
			}
		} else if (is_word(line, len, "search") || is_word(line, len, "options") ||
			   is_word(line, len, "domain") || is_word(line, len, "sortlist")) {
			text_addn(&out, line, len);
			text_add(&out, "\n");
		}
	}
	return out.s;
}

const char *net_resolv_conf_hidden(struct arena *arena)
{
	scope_free char *real = realpath("/etc/resolv.conf", NULL);

	if (!real || str_starts(real, "/etc/") || str_starts(real, "/run/")) {
		return NULL;
	}
	return arena_strdup(arena, real);
}

const char *net_hosts(struct arena *arena, const char *hostname, const struct net_config *config)
{
	struct in_addr own = net_cidr_address(&config->cidr, 100),
		       gateway = net_cidr_address(&config->cidr, 2);
	char address[INET_ADDRSTRLEN];
	struct text out;

	text_init(&out, arena);
	text_add(&out, "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n");
	if (hostname && *hostname) {
		inet_ntop(AF_INET, &own, address, sizeof(address));
		text_add(&out, "%s\t%s\n", address, hostname);
	}
	if (config->host_loopback) {
		inet_ntop(AF_INET, &gateway, address, sizeof(address));
		text_add(&out, "%s\thost.rootlet.internal\n", address);
	}
	return out.s;
}
