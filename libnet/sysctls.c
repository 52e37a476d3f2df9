/* SPDX-License-Identifier: Apache-2.0 */
/* net/sysctls: nobody else is on slirp4netns' link, and its addresses are set: helper/link.c. */
#include "libnet/sysctls.h"

#include <stddef.h>

const struct net_sysctl net_sysctls[] = {
	{ "net/ipv6/conf/default/accept_dad", "0" },
	{ "net/ipv6/conf/default/accept_ra", "0" },
	{ NULL, NULL },
};
