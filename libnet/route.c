/* SPDX-License-Identifier: Apache-2.0 */
/* net/route: asking for one route, rtnetlink(7), RTM_GETROUTE. */
#include "libnet/route.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

static int take(const struct nlmsghdr *answer, void *data)
{
	struct net_route *route = data;
	const struct rtmsg *head = sys_nl_header(answer, sizeof(*head));
	const void *device;
	size_t len = 0;

	if (!head || answer->nlmsg_type != RTM_NEWROUTE) {
		return 0;
	}
	route->type = head->rtm_type;
	device = sys_nl_find(answer, sizeof(*head), RTA_OIF, &len);
	if (device && len == sizeof(route->device)) {
		memcpy(&route->device, device, sizeof(route->device));
	}
	route->direct = !sys_nl_find(answer, sizeof(*head), RTA_GATEWAY, &len) &&
			!sys_nl_find(answer, sizeof(*head), RTA_VIA, &len);
	return 0;
}

struct net_route net_route_ask(struct sys_nl *nl, const struct net_address *to)
{
	struct rtmsg head = { .rtm_family = (unsigned char)to->family };
	struct net_route route = { .device = 0 };
	const void *address = &to->v6;
	size_t len = sizeof(to->v6);
	struct sys_nl_msg m;
	int rc;

	if (to->family == AF_INET) {
		address = &to->v4;
		len = sizeof(to->v4);
	}
	head.rtm_dst_len = (unsigned char)(8 * len);
	sys_nl_begin(&m, RTM_GETROUTE, 0, &head, sizeof(head));
	sys_nl_put(&m, RTA_DST, address, len);
	rc = sys_nl_call(nl, &m, take, &route);
	if (rc < 0) {
		route.error = -rc;
	}
	return route;
}
