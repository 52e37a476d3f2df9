/* SPDX-License-Identifier: Apache-2.0 */
/* switch/setup: what the switch is started with. */
#pragma once

#include "libnet/config.h"
#include "libnet/confine.h"

struct switch_setup {
	const struct net_confinement *confinement;
	int control; /* SOCK_SEQPACKET, of the helper */
	int userns;
	int netns;
	const struct net_config *config;
};
