/* SPDX-License-Identifier: Apache-2.0 */
/*
 * helper/link: the device in the namespace.
 *
 * slirp4netns can make it itself, but takes some milliseconds until it comes to that, and has its
 * IPv6 by a router advertisement when it runs. So it is made and configured here, before
 * slirp4netns is started, by a process and a socket of that namespace: whoever made its user
 * namespace has CAP_NET_ADMIN over it (user_namespaces(7)). What is sent there waits in the device
 * until slirp4netns reads it. Addresses are always the same ones, and stay when slirp4netns is
 * started again.
 */
#include "libnet/helper/link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/scope.h"
#include "libnet/inside.h"
#include "libnet/route.h"
#include "libnet/slirp/device.h"
#include "sys/netlink.h"
#include "sys/sock.h"

#ifndef TUNGETDEVNETNS /* Linux 5.7 */
#define TUNGETDEVNETNS _IO('T', 227)
#endif

/* Of fd00::/64, which is fixed in slirp4netns. */
static const struct in6_addr gateway6 = { .s6_addr = { 0xfd, [15] = 2 } };

/* With less the kernel has no IPv6 on a device (RFC 8200, section 5). */
#define MTU_MIN6 1280

static int device_index(const struct sys_nl *nl)
{
	struct ifreq device = { .ifr_name = NET_TAP_NAME };

	return ioctl(nl->fd, SIOCGIFINDEX, &device) < 0 ? -errno : device.ifr_ifindex;
}

static size_t length_of(sa_family_t family)
{
	return family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);
}

static int add_address(struct sys_nl *nl, int index, sa_family_t family, const void *own,
		       const void *broadcast, unsigned prefix)
{
	const struct ifaddrmsg address = { .ifa_family = (uint8_t)family,
					   .ifa_prefixlen = (uint8_t)prefix,
					   .ifa_scope = RT_SCOPE_UNIVERSE,
					   .ifa_index = (unsigned)index };
	size_t size = length_of(family);
	struct sys_nl_msg m;

	sys_nl_begin(&m, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &address, sizeof(address));
	sys_nl_put(&m, IFA_LOCAL, own, size);
	sys_nl_put(&m, IFA_ADDRESS, own, size);
	if (broadcast) {
		sys_nl_put(&m, IFA_BROADCAST, broadcast, size);
	}
	if (family == AF_INET6) {
		/* Nobody else is on that link: duplicate detection would take a second. */
		sys_nl_u32(&m, IFA_FLAGS, IFA_F_NODAD);
	}
	return sys_nl_call(nl, &m, NULL, NULL);
}

static int add_route(struct sys_nl *nl, int index, sa_family_t family, const void *gateway)
{
	const struct rtmsg route = { .rtm_family = (uint8_t)family,
				     .rtm_table = RT_TABLE_MAIN,
				     .rtm_protocol = RTPROT_STATIC,
				     .rtm_scope = RT_SCOPE_UNIVERSE,
				     .rtm_type = RTN_UNICAST };
	struct sys_nl_msg m;

	sys_nl_begin(&m, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &route, sizeof(route));
	sys_nl_put(&m, RTA_GATEWAY, gateway, length_of(family));
	sys_nl_u32(&m, RTA_OIF, (uint32_t)index);
	return sys_nl_call(nl, &m, NULL, NULL);
}

/* mtu 0: as it is. */
static int set_up(struct sys_nl *nl, int index, unsigned mtu)
{
	const struct ifinfomsg link = { .ifi_index = index,
					.ifi_flags = IFF_UP,
					.ifi_change = IFF_UP };
	struct sys_nl_msg m;

	sys_nl_begin(&m, RTM_NEWLINK, 0, &link, sizeof(link));
	if (mtu) {
		sys_nl_u32(&m, IFLA_MTU, mtu);
	}
	return sys_nl_call(nl, &m, NULL, NULL);
}

static int add_ipv4(struct sys_nl *nl, int index, const struct net_cidr *cidr)
{
	const struct in_addr own = net_cidr_address(cidr, 100), gateway = net_cidr_address(cidr, 2),
			     broadcast = { htonl(cidr->network | UINT32_MAX >> cidr->prefix) };

	TRY(add_address(nl, index, AF_INET, &own, &broadcast, cidr->prefix));
	return add_route(nl, index, AF_INET, &gateway);
}

/*
 * A kernel without IPv6, and a namespace that has it switched off (disable_ipv6): then there is
 * none, which is no error.
 */
static bool without_ipv6(int rc)
{
	return rc == -EOPNOTSUPP || rc == -EAFNOSUPPORT || rc == -EACCES;
}

static int add_ipv6(struct sys_nl *nl, int index)
{
	int rc = add_address(nl, index, AF_INET6, &net_inside6, NULL, NET_INSIDE6_PREFIX);
	int again = 0;

	if (rc == 0) {
		rc = add_route(nl, index, AF_INET6, &gateway6);
		if (rc < 0) {
			/*
			 * Switched off in between, by a sysctl of the bundle's, say: then the
			 * address is refused now.
			 */
			again = add_address(nl, index, AF_INET6, &net_inside6, NULL,
					    NET_INSIDE6_PREFIX);
		}
		if (without_ipv6(again)) {
			rc = again;
		}
	}
	return without_ipv6(rc) ? 0 : rc;
}

/*
 * Of a deleted device a read says EBADFD at once, and goes on saying so. poll does not wake by that
 * alone: it needs an event that every packet wakes it by, too. Netlink tells of devices alone.
 */
static int make_bell(void)
{
	const struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	scope_fd int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		return -errno;
	}
	return fd_take(&fd);
}

/* In a process that is in the namespace: a netlink socket, the device's descriptor, the bell. */
static int make(const void *arg, int *fds)
{
	scope_fd int bell = make_bell();
	struct ifreq device = { .ifr_name = NET_TAP_NAME, .ifr_flags = IFF_TAP | IFF_NO_PI };
	scope_fd int tap = open(SLIRP_TUN_PATH, O_RDWR | O_CLOEXEC);
	struct sys_nl nl;

	(void)arg;
	TRY(bell);
	if (tap < 0 || ioctl(tap, TUNSETIFF, &device) < 0) {
		return -errno;
	}
	TRY(sys_nl_open(&nl));
	fds[0] = nl.fd;
	fds[1] = fd_take(&tap);
	fds[2] = fd_take(&bell);
	return 0;
}

int helper_link_make(const struct net_request *request, int *ret_tap, struct sys_nl *ret,
		     int *ret_bell, struct err *err)
{
	int fds[3];
	int rc = sys_make_in(request->userns, request->netns, make, NULL, fds, 3);

	if (rc < 0) {
		err_errno(err, -rc, "making the container's network device, by " SLIRP_TUN_PATH);
		return slirp_device_explain(err);
	}
	*ret = (struct sys_nl){ .fd = fds[0] };
	*ret_tap = fds[1];
	*ret_bell = fds[2];
	return 0;
}

/* Where it is deleted nobody would tell us. A kernel before 5.7 does not say. */
static bool elsewhere(int tap, int netns)
{
	scope_fd int now = ioctl(tap, TUNGETDEVNETNS);
	struct stat here, there;

	return now >= 0 && fstat(netns, &here) == 0 && fstat(now, &there) == 0 &&
	       (here.st_ino != there.st_ino || here.st_dev != there.st_dev);
}

bool helper_link_gone(int bell, int tap, int netns)
{
	struct pollfd p = { tap, 0, 0 };
	char byte;

	/* Whoever rings without end is not listened to without end. ENOBUFS: it rang too often. */
	for (int i = 0; i < 64; i++) {
		if (recv(bell, &byte, 1, 0) < 0 && errno != ENOBUFS) {
			break;
		}
	}
	return (poll(&p, 1, 0) > 0 && (p.revents & POLLERR)) || elsewhere(tap, netns);
}

bool helper_link_there(struct sys_nl *nl)
{
	/* Somewhere in the world: TEST-NET-1 of RFC 5737. The route is the last that is set. */
	const struct net_address world = { .family = AF_INET, .v4 = { htonl(0xc0000201) } };
	struct net_route route = net_route_ask(nl, &world);

	return route.error == 0 && route.device == device_index(nl);
}

static int configure(const struct net_config *config, struct sys_nl *nl)
{
	int index = device_index(nl);

	TRY(index);
	TRY(set_up(nl, NET_LOOPBACK, 0));
	TRY(set_up(nl, index, config->mtu));
	TRY(add_ipv4(nl, index, &config->cidr));
	if (config->ipv6 && config->mtu >= MTU_MIN6) {
		TRY(add_ipv6(nl, index));
	}
	return 0;
}

int helper_link_configure(const struct net_config *config, struct sys_nl *nl, struct err *err)
{
	int rc = configure(config, nl);

	if (rc < 0) {
		return err_errno(err, -rc, "configuring " NET_TAP_NAME "%s%s",
				 *nl->said ? ": " : "", nl->said);
	}
	return 0;
}
