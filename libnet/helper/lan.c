/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net/lan: allow_lan=false: the host's own addresses and the networks that it is attached to are
 * out of the namespace's reach.
 *
 * slirp4netns connects as an ordinary program of the host's would. Without host loopback it refuses
 * 127.0.0.1, but a service of the host that listens everywhere still answers on the host's other
 * addresses, and so do the neighbours. Policy routing in the namespace prohibits them; what the
 * host is given later is not known here.
 *
 * Whoever has CAP_NET_ADMIN in the namespace can take the rules away: this holds programs back, not
 * an administrator of the namespace.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libnet/forward/routes.h"
#include "libnet/slirp/slirp.h"
#include "sys/clone.h"

/* slirp4netns' own network of IPv6, which a host that is a container itself has too. */
static const struct in6_addr own6 = { .s6_addr = { 0xfd, 0 } };

static unsigned prefix_of(const unsigned char *mask, size_t len)
{
	unsigned prefix = 0;

	for (size_t i = 0; i < len; i++) {
		prefix += (unsigned)__builtin_popcount(mask[i]);
	}
	return prefix;
}

static bool holds(const struct in_addr *network, unsigned prefix, const struct net_cidr *cidr)
{
	unsigned shorter = prefix < cidr->prefix ? prefix : cidr->prefix;
	uint32_t mask = shorter == 0 ? 0 : UINT32_MAX << (32 - shorter);

	return (ntohl(network->s_addr) & mask) == (cidr->network & mask);
}

static int prohibit_v4(const struct ifaddrs *a, const struct net_config *c)
{
	struct in_addr network = ((const struct sockaddr_in *)(const void *)a->ifa_addr)->sin_addr;
	const unsigned char *mask =
		(const void *)&((const struct sockaddr_in *)(const void *)a->ifa_netmask)->sin_addr;
	unsigned prefix = prefix_of(mask, sizeof(network));

	if (ntohl(network.s_addr) >> 24 == 127) {
		return 0;
	}
	network.s_addr &=
		((const struct sockaddr_in *)(const void *)a->ifa_netmask)->sin_addr.s_addr;
	return holds(&network, prefix, &c->cidr) ? -EADDRINUSE :
						   inside_prohibit(AF_INET, &network, prefix);
}

static int prohibit_v6(const struct ifaddrs *a)
{
	struct in6_addr network =
		((const struct sockaddr_in6 *)(const void *)a->ifa_addr)->sin6_addr;
	const unsigned char *mask =
		(const void *)&((const struct sockaddr_in6 *)(const void *)a->ifa_netmask)
			->sin6_addr;

	if (IN6_IS_ADDR_LOOPBACK(&network) || IN6_IS_ADDR_LINKLOCAL(&network)) {
		return 0;
	}
	for (size_t i = 0; i < sizeof(network); i++) {
		network.s6_addr[i] &= mask[i];
	}
	return IN6_ARE_ADDR_EQUAL(&network, &own6) ?
		       0 :
		       inside_prohibit(AF_INET6, &network, prefix_of(mask, sizeof(network)));
}

static int prohibit(const struct ifaddrs *list, const struct net_config *c)
{
	for (const struct ifaddrs *a = list; a; a = a->ifa_next) {
		int rc = 0;

		if (a->ifa_addr && a->ifa_netmask && a->ifa_addr->sa_family == AF_INET) {
			rc = prohibit_v4(a, c);
		} else if (a->ifa_addr && a->ifa_netmask && a->ifa_addr->sa_family == AF_INET6 &&
			   c->ipv6) {
			rc = prohibit_v6(a);
		}
		if (rc < 0) {
			return rc;
		}
	}
	return 0;
}

int lan_prohibit(const struct net_request *request, struct err *err)
{
	struct ifaddrs *list;
	int pidfd = -1, status = 0, code;
	pid_t pid;

	if (request->config.lan) {
		return 0;
	}
	if (getifaddrs(&list) < 0) {
		return err_errno(err, errno, "allow_lan=false: the host's addresses");
	}
	pid = sys_clone(0, &pidfd);
	if (pid == 0) {
		int rc = inside_enter(request->userns, request->netns);

		/* An errno is below 134, exit(3) keeps eight bits. */
		_exit(-(rc < 0 ? rc : prohibit(list, &request->config)));
	}
	freeifaddrs(list);
	if (pid < 0) {
		return err_errno(err, -pid, "allow_lan=false");
	}
	close(pidfd);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
	}
	code = WIFEXITED(status) ? WEXITSTATUS(status) : ECHILD;
	if (code == EADDRINUSE) {
		return err_set(err, code,
			       "allow_lan=false: the host is attached to the network that was "
			       "given as cidr: give another");
	}
	return code ? err_errno(err, code,
				"allow_lan=false: prohibiting the host's addresses in the network "
				"namespace") :
		      0;
}
