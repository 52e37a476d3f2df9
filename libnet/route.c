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
	bool v4 = to->family == AF_INET;
	const struct rtmsg head = { .rtm_family = (unsigned char)to->family,
				    .rtm_dst_len = v4 ? 32 : 128 };
	struct net_route route = { .device = 0 };
	struct sys_nl_msg m;
	int rc;

	sys_nl_begin(&m, RTM_GETROUTE, 0, &head, sizeof(head));
	sys_nl_put(&m, RTA_DST, v4 ? (const void *)&to->v4 : &to->v6,
		   v4 ? sizeof(to->v4) : sizeof(to->v6));
	rc = sys_nl_call(nl, &m, take, &route);
	route.error = rc < 0 ? -rc : 0;
	return route;
}
