/* SPDX-License-Identifier: Apache-2.0 */
/* forward/forward: the process that carries what comes to the published ports. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>

#include "libnet/confine.h"

struct forward_setup {
	const struct net_confinement *confinement;
	int control; /* struct net_message, of the helper; its end is the forwarder's */
	int userns;  /* -1: the caller's own */
	int netns;
	struct in_addr inside;
	struct in_addr gateway;
	bool keep_client;
	bool ipv6;
};

/*
 * Situation: a fresh child of the helper, in the host's namespaces. Keeps no descriptor but
 * setup->control.
 */
_Noreturn void forward_main(const struct forward_setup *setup);
