/* SPDX-License-Identifier: Apache-2.0 */
/*
 * helper/lan: allow_lan=false: the host's own addresses and the networks that it is attached to are
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
#include "libnet/helper/lan.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/fib_rules.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libnet/inside.h"
#include "sys/clone.h"
#include "sys/netlink.h"

/*
 * Behind the rules that bring the answers of published ports back (forward/routes.c): their clients
 * may be on such a network.
 */
#define PRIORITY 110

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
	unsigned shorter = cidr->prefix;
	uint32_t mask = 0;

	if (prefix < shorter) {
		shorter = prefix;
	}
	if (shorter > 0) {
		mask = UINT32_MAX << (32 - shorter);
	}
	return (ntohl(network->s_addr) & mask) == (cidr->network & mask);
}

/* Nothing goes to that network any more. */
static int prohibit_network(struct sys_nl *nl, sa_family_t family, const void *address, size_t size,
			    unsigned prefix)
{
	const struct fib_rule_hdr rule = { .family = (uint8_t)family,
					   .dst_len = (uint8_t)prefix,
					   .action = FR_ACT_PROHIBIT };
	struct sys_nl_msg m;
	int rc;

	sys_nl_begin(&m, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, &rule, sizeof(rule));
	sys_nl_u32(&m, FRA_PRIORITY, PRIORITY);
	sys_nl_put(&m, FRA_DST, address, size);
	rc = sys_nl_call(nl, &m, NULL, NULL);
	return rc == -EEXIST ? 0 : rc;
}

static int prohibit_v4(struct sys_nl *nl, const struct ifaddrs *a, const struct net_config *c)
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
	if (holds(&network, prefix, &c->cidr)) {
		return -EADDRINUSE;
	}
	return prohibit_network(nl, AF_INET, &network, sizeof(network), prefix);
}

static int prohibit_v6(struct sys_nl *nl, const struct ifaddrs *a)
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
	if (IN6_ARE_ADDR_EQUAL(&network, &own6)) {
		return 0;
	}
	return prohibit_network(nl, AF_INET6, &network, sizeof(network),
				prefix_of(mask, sizeof(network)));
}

static int prohibit(struct sys_nl *nl, const struct ifaddrs *a, const struct net_config *c)
{
	if (!a->ifa_addr || !a->ifa_netmask) {
		return 0;
	}
	if (a->ifa_addr->sa_family == AF_INET) {
		return prohibit_v4(nl, a, c);
	}
	if (a->ifa_addr->sa_family == AF_INET6 && c->ipv6) {
		return prohibit_v6(nl, a);
	}
	return 0;
}

/* In a child. Returns 0 or -errno. */
static int enter_and_prohibit(const struct net_request *request, const struct ifaddrs *list)
{
	struct sys_nl nl;

	TRY(net_inside_enter(request->userns, request->netns));
	TRY(sys_nl_open(&nl));
	for (const struct ifaddrs *a = list; a; a = a->ifa_next) {
		TRY(prohibit(&nl, a, &request->config));
	}
	return 0;
}

int helper_lan_prohibit(const struct net_request *request, struct err *err)
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
		/* An errno is below 134, exit(3) keeps eight bits. */
		_exit(-enter_and_prohibit(request, list));
	}
	freeifaddrs(list);
	if (pid < 0) {
		return err_errno(err, -pid, "allow_lan=false");
	}
	close(pidfd);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
	}
	code = ECHILD;
	if (WIFEXITED(status)) {
		code = WEXITSTATUS(status);
	}
	if (code == EADDRINUSE) {
		return err_set(err, code,
			       "allow_lan=false: the host is attached to the network that was "
			       "given as cidr: give another");
	}
	if (code) {
		return err_errno(err, code,
				 "allow_lan=false: prohibiting the host's addresses in the network "
				 "namespace");
	}
	return 0;
}
