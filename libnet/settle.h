/* SPDX-License-Identifier: Apache-2.0 */
/* net/settle: what the configuration leaves to this host's state. */
#pragma once

#include "libnet/config.h"

/* Moves the network aside where this host's routes overlap it, unless it was given. */
void net_config_settle(struct net_config *config);
