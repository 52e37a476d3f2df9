/* SPDX-License-Identifier: Apache-2.0 */
/* net/settle: what the configuration leaves to this host's state. */
#include "libnet/settle.h"

#include <fcntl.h>

#include "sys/fd.h"

#define ROUTES_MAX (1u << 20)

void net_config_settle(struct net_config *config)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *routes = "";

	if (!config->cidr_given &&
	    sys_read_file(&arena, AT_FDCWD, "/proc/net/route", ROUTES_MAX, &routes) > 0) {
		config->cidr = net_cidr_choose(&config->cidr, routes);
	}
}
