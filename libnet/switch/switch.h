/* SPDX-License-Identifier: Apache-2.0 */
/* switch/switch: the process that answers for the container's calls of connect and bind. */
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

/*
 * Situation: a fresh child of the helper, in the host's namespaces. Keeps no descriptor but those
 * of the setup. Sends a byte when ready.
 */
_Noreturn void switch_main(const struct switch_setup *setup);
