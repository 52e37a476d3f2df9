/* SPDX-License-Identifier: Apache-2.0 */
/* forward/routes: policy routing in the container's namespace, by rtnetlink(7). */
#include "libnet/forward/routes.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <unistd.h>

#include "base/err.h"
#include "libnet/inside.h"
#include "sys/fd.h"
#include "sys/netlink.h"

/* Before the table "main" (32766), so that a marked answer does not leave by the default route. */
#define RULE_PRIORITY 100

static int ask(struct sys_nl_msg *m)
{
	struct sys_nl nl;
	int rc = sys_nl_open(&nl);

	if (rc < 0) {
		return rc;
	}
	rc = sys_nl_call(&nl, m, NULL, NULL);
	close(nl.fd);
	return rc;
}

static void begin_rule(struct sys_nl_msg *m, sa_family_t family, bool add, uint8_t table)
{
	const struct fib_rule_hdr rule = { .family = (uint8_t)family,
					   .table = table,
					   .action = FR_ACT_TO_TBL };

	if (add) {
		sys_nl_begin(m, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, &rule, sizeof(rule));
	} else {
		sys_nl_begin(m, RTM_DELRULE, 0, &rule, sizeof(rule));
	}
}

static int already(int rc)
{
	return rc == -EEXIST ? 0 : rc;
}

static int mark_rule(sa_family_t family)
{
	struct sys_nl_msg m;

	begin_rule(&m, family, true, FORWARD_TABLE_TCP);
	sys_nl_u32(&m, FRA_PRIORITY, RULE_PRIORITY);
	sys_nl_u32(&m, FRA_FWMARK, FORWARD_MARK);
	return already(ask(&m));
}

static size_t length_of(sa_family_t family)
{
	return family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);
}

/*
 * "local default dev lo": whatever comes by this table is for us. With the own address as the
 * answers' source.
 */
static int local_route(sa_family_t family, uint8_t table, const void *own)
{
	const struct rtmsg route = {
		.rtm_family = (unsigned char)family,
		.rtm_table = table,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_scope = RT_SCOPE_HOST,
		.rtm_type = RTN_LOCAL,
	};
	struct sys_nl_msg m;

	sys_nl_begin(&m, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &route, sizeof(route));
	sys_nl_u32(&m, RTA_OIF, NET_LOOPBACK);
	if (own) {
		sys_nl_put(&m, RTA_PREFSRC, own, length_of(family));
	}
	return ask(&m);
}

int forward_udp_rule(sa_family_t family, uint16_t port, bool add)
{
	const struct fib_rule_port_range ports = { .start = port, .end = port };
	const uint8_t protocol = IPPROTO_UDP;
	struct sys_nl_msg m;

	begin_rule(&m, family, add, FORWARD_TABLE_UDP);
	sys_nl_u32(&m, FRA_PRIORITY, RULE_PRIORITY + 1);
	sys_nl_put(&m, FRA_IP_PROTO, &protocol, sizeof(protocol));
	sys_nl_put(&m, FRA_SPORT_RANGE, &ports, sizeof(ports));
	return already(ask(&m));
}

/*
 * The own address on lo as well: it goes with the device, where slirp4netns has made that and dies,
 * and the kernel lets nothing leave from an address that no device has. So what is published goes
 * on until the device is back.
 */
static int own_address(sa_family_t family, const void *own)
{
	const struct ifaddrmsg address = { .ifa_family = (uint8_t)family,
					   .ifa_prefixlen = (uint8_t)(8 * length_of(family)),
					   .ifa_scope = RT_SCOPE_HOST,
					   .ifa_index = NET_LOOPBACK };
	struct sys_nl_msg m;

	sys_nl_begin(&m, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &address, sizeof(address));
	sys_nl_put(&m, IFA_LOCAL, own, length_of(family));
	sys_nl_put(&m, IFA_ADDRESS, own, length_of(family));
	return ask(&m);
}

int forward_marks(void)
{
	/*
	 * What an accepted socket sends, and what the kernel itself answers: the reset of a port
	 * where nobody listens.
	 */
	TRY(sys_write_file(AT_FDCWD, "/proc/sys/net/ipv4/tcp_fwmark_accept", "1", 1));
	return sys_write_file(AT_FDCWD, "/proc/sys/net/ipv4/fwmark_reflect", "1", 1);
}

int forward_marks6(void)
{
	return sys_write_file(AT_FDCWD, "/proc/sys/net/ipv6/fwmark_reflect", "1", 1);
}

int forward_routes(const struct in_addr *own)
{
	TRY(mark_rule(AF_INET));
	TRY(local_route(AF_INET, FORWARD_TABLE_TCP, NULL));
	TRY(own_address(AF_INET, own));
	/* This one needs the address to be there. */
	return local_route(AF_INET, FORWARD_TABLE_UDP, own);
}

int forward_routes6(void)
{
	TRY(mark_rule(AF_INET6));
	TRY(local_route(AF_INET6, FORWARD_TABLE_TCP, NULL));
	TRY(own_address(AF_INET6, &net_inside6));
	return local_route(AF_INET6, FORWARD_TABLE_UDP, &net_inside6);
}
