/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net/link: the device's IPv6 in the namespace.
 *
 * slirp4netns gives its device an IPv4 address and route before it says that the device is there. What it has for IPv6 is a router
 * advertisement, which comes when it runs, some milliseconds later: a program that is started meanwhile would find IPv6
 * unreachable. So the address is set from here, by a socket of that namespace: whoever made its user namespace has
 * CAP_NET_ADMIN over it (user_namespaces(7)). It is also always the same one, and stays when slirp4netns is started again.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "libnet/slirp.h"
#include "libnet/switch.h"
#include "sys/netlink.h"

/* Of fd00::/64, which is fixed in slirp4netns: the gateway, and the counterpart of 10.0.2.100. */
static const struct in6_addr gateway = { .s6_addr = { 0xfd, [15] = 2 } };
const struct in6_addr link_inside6 = { .s6_addr = { 0xfd, [14] = 1 } };

/* With less the kernel has no IPv6 on a device (RFC 8200, section 5). */
#define MTU_MIN6 1280

static int device_index(const struct sys_nl *nl)
{
	struct ifreq device = { .ifr_name = TAP_NAME };

	return ioctl(nl->fd, SIOCGIFINDEX, &device) < 0 ? -errno : device.ifr_ifindex;
}

static int add_address(struct sys_nl *nl, int index)
{
	const struct ifaddrmsg address = { .ifa_family = AF_INET6,
					   .ifa_prefixlen = LINK_PREFIX6,
					   .ifa_scope = RT_SCOPE_UNIVERSE,
					   .ifa_index = (unsigned)index };
	struct sys_nl_msg m;

	sys_nl_begin(&m, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &address, sizeof(address));
	sys_nl_put(&m, IFA_LOCAL, &link_inside6, sizeof(link_inside6));
	sys_nl_put(&m, IFA_ADDRESS, &link_inside6, sizeof(link_inside6));
	/* Nobody else is on that link: duplicate detection would take a second. */
	sys_nl_u32(&m, IFA_FLAGS, IFA_F_NODAD);
	return sys_nl_call(nl, &m, NULL, NULL);
}

static int add_route(struct sys_nl *nl, int index)
{
	const struct rtmsg route = { .rtm_family = AF_INET6,
				     .rtm_table = RT_TABLE_MAIN,
				     .rtm_protocol = RTPROT_STATIC,
				     .rtm_scope = RT_SCOPE_UNIVERSE,
				     .rtm_type = RTN_UNICAST };
	struct sys_nl_msg m;

	sys_nl_begin(&m, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &route, sizeof(route));
	sys_nl_put(&m, RTA_GATEWAY, &gateway, sizeof(gateway));
	sys_nl_u32(&m, RTA_OIF, (uint32_t)index);
	return sys_nl_call(nl, &m, NULL, NULL);
}

/* A kernel without IPv6, and a namespace that has it switched off (disable_ipv6): then there is none, which is no error. */
static bool without_ipv6(int rc)
{
	return rc == -EOPNOTSUPP || rc == -EAFNOSUPPORT || rc == -EACCES;
}

static int configure(struct sys_nl *nl)
{
	int index = device_index(nl);
	int rc = index < 0 ? index : add_address(nl, index);
	int again;

	if (rc == 0) {
		rc = add_route(nl, index);
		/* Switched off in between, by a sysctl of the bundle's, say: then the address is refused now. */
		again = rc < 0 ? add_address(nl, index) : 0;
		rc = without_ipv6(again) ? again : rc;
	}
	return rc;
}

int link_open(const struct net_request *request, struct sys_nl *ret, struct err *err)
{
	int rc = sys_nl_open_in(request->userns, request->netns, ret);

	return rc < 0 ? err_errno(err, -rc, "a netlink socket of the network namespace") : 0;
}

bool link_there(struct sys_nl *nl)
{
	/* Somewhere in the world: TEST-NET-1 of RFC 5737. The route is the last that slirp4netns sets. */
	const struct net_address world = { .family = AF_INET, .v4 = { htonl(0xc0000201) } };
	struct switch_route route = switch_ask_route(nl, &world);

	return route.error == 0 && route.device == device_index(nl);
}

int link_configure(const struct net_config *config, struct sys_nl *nl, struct err *err)
{
	int rc = config->ipv6 && config->mtu >= MTU_MIN6 ? configure(nl) : 0;

	return rc < 0 && !without_ipv6(rc) ? err_errno(err, -rc, "setting the IPv6 address of " TAP_NAME) : 0;
}
