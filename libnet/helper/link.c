/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net/link: the device in the namespace.
 *
 * slirp4netns can make it itself, but takes some milliseconds until it comes to that, and has its
 * IPv6 by a router advertisement when it runs. So it is made and configured here, before
 * slirp4netns is started, by a process and a socket of that namespace: whoever made its user
 * namespace has CAP_NET_ADMIN over it (user_namespaces(7)). What is sent there waits in the device
 * until slirp4netns reads it. Addresses are always the same ones, and stay when slirp4netns is
 * started again.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/scope.h"
#include "libnet/slirp/slirp.h"
#include "libnet/switch/state.h"
#include "sys/netlink.h"
#include "sys/sock.h"

/* Of fd00::/64, which is fixed in slirp4netns: the gateway, and the counterpart of 10.0.2.100. */
static const struct in6_addr gateway6 = { .s6_addr = { 0xfd, [15] = 2 } };
const struct in6_addr link_inside6 = { .s6_addr = { 0xfd, [14] = 1 } };

/* With less the kernel has no IPv6 on a device (RFC 8200, section 5). */
#define MTU_MIN6 1280

/* The first device of every network namespace. */
#define LOOPBACK 1

static int device_index(const struct sys_nl *nl)
{
	struct ifreq device = { .ifr_name = TAP_NAME };

	return ioctl(nl->fd, SIOCGIFINDEX, &device) < 0 ? -errno : device.ifr_ifindex;
}

static int add_address(struct sys_nl *nl, int index, sa_family_t family, const void *own,
		       const void *broadcast, unsigned prefix)
{
	const struct ifaddrmsg address = { .ifa_family = (uint8_t)family,
					   .ifa_prefixlen = (uint8_t)prefix,
					   .ifa_scope = RT_SCOPE_UNIVERSE,
					   .ifa_index = (unsigned)index };
	size_t size = family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);
	struct sys_nl_msg m;

	sys_nl_begin(&m, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &address, sizeof(address));
	sys_nl_put(&m, IFA_LOCAL, own, size);
	sys_nl_put(&m, IFA_ADDRESS, own, size);
	if (broadcast) {
		sys_nl_put(&m, IFA_BROADCAST, broadcast, size);
	}
	/* Nobody else is on that link: duplicate detection would take a second. */
	sys_nl_u32(&m, IFA_FLAGS, family == AF_INET6 ? IFA_F_NODAD : 0);
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
	sys_nl_put(&m, RTA_GATEWAY, gateway,
		   family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr));
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
	int rc = add_address(nl, index, AF_INET, &own, &broadcast, cidr->prefix);

	return rc < 0 ? rc : add_route(nl, index, AF_INET, &gateway);
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
	int rc = add_address(nl, index, AF_INET6, &link_inside6, NULL, LINK_PREFIX6);
	int again;

	if (rc == 0) {
		rc = add_route(nl, index, AF_INET6, &gateway6);
		/*
		 * Switched off in between, by a sysctl of the bundle's, say: then the address is
		 * refused now.
		 */
		again = rc < 0 ? add_address(nl, index, AF_INET6, &link_inside6, NULL,
					     LINK_PREFIX6) :
				 0;
		rc = without_ipv6(again) ? again : rc;
	}
	return without_ipv6(rc) ? 0 : rc;
}

/* In a process that is in the namespace: a netlink socket, and the device's descriptor. */
static int make(const void *arg, int *fds)
{
	struct ifreq device = { .ifr_name = TAP_NAME, .ifr_flags = IFF_TAP | IFF_NO_PI };
	scope_fd int tap = open(TUN_PATH, O_RDWR | O_CLOEXEC);
	struct sys_nl nl;

	(void)arg;
	if (tap < 0 || ioctl(tap, TUNSETIFF, &device) < 0) {
		return -errno;
	}
	TRY(sys_nl_open(&nl));
	if (!slirp_device_may_listen()) {
		fd_drop(&tap);
	}
	fds[0] = nl.fd;
	fds[1] = fd_take(&tap);
	return 0;
}

int link_make(const struct net_request *request, int *ret_tap, struct sys_nl *ret, struct err *err)
{
	int fds[2];
	int rc = sys_make_in(request->userns, request->netns, make, NULL, fds, 2);

	if (rc < 0) {
		err_errno(err, -rc, "making the container's network device, by " TUN_PATH);
		return link_explain_tun(err);
	}
	*ret = (struct sys_nl){ .fd = fds[0] };
	*ret_tap = fds[1];
	return 0;
}

int link_explain_tun(struct err *err)
{
	/*
	 * Opened, and not asked whether it could be: it is the open that a missing module, nodev or
	 * a device filter refuses.
	 */
	scope_fd int tun = open(TUN_PATH, O_RDWR | O_CLOEXEC);

	switch (tun < 0 ? errno : 0) {
	case ENOENT:
		return err_hint(err, "there is no /dev/net/tun: load its module (sudo modprobe "
				     "tun), or have the outer container given the device");
	case EACCES:
	case EPERM:
		return err_hint(err, "you may not open /dev/net/tun: sudo chmod 0666 /dev/net/tun; "
				     "in an outer container, have it given the device");
	case ENODEV:
	case ENXIO:
		return err_hint(err,
				"the kernel has no driver for /dev/net/tun: sudo modprobe tun");
	default:
		return -err->code;
	}
}

bool link_there(struct sys_nl *nl)
{
	/* Somewhere in the world: TEST-NET-1 of RFC 5737. The route is the last that is set. */
	const struct net_address world = { .family = AF_INET, .v4 = { htonl(0xc0000201) } };
	struct switch_route route = switch_ask_route(nl, &world);

	return route.error == 0 && route.device == device_index(nl);
}

int link_configure(const struct net_config *config, struct sys_nl *nl, bool ours, struct err *err)
{
	int index = device_index(nl);
	int rc = index < 0 ? index : 0;

	if (rc == 0 && ours) {
		rc = set_up(nl, LOOPBACK, 0);
		rc = rc < 0 ? rc : set_up(nl, index, config->mtu);
		rc = rc < 0 ? rc : add_ipv4(nl, index, &config->cidr);
	}
	if (rc == 0 && config->ipv6 && config->mtu >= MTU_MIN6) {
		rc = add_ipv6(nl, index);
	}
	return rc < 0 ? err_errno(err, -rc, "configuring " TAP_NAME "%s%s", *nl->said ? ": " : "",
				  nl->said) :
			0;
}
