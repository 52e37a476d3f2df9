/* SPDX-License-Identifier: Apache-2.0 */
/* net/sysctls: what a new network namespace has to know before slirp4netns comes. */
#include <stddef.h>

#include "libnet/net.h"

const struct net_sysctl net_sysctls[] = {
	/* Nobody else is on that link, and its addresses are set: see link.c. */
	{ "net/ipv6/conf/default/accept_dad", "0" },
	{ "net/ipv6/conf/default/accept_ra", "0" },
	{ NULL, NULL },
};
