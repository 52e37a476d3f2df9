/* SPDX-License-Identifier: Apache-2.0 */
/* switch/bind: the container's servers on published ports. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "libnet/messages.h"
#include "libnet/switch/call.h"
#include "libnet/switch/judge.h"

void switch_take_bind(struct switcher *s, const struct switch_call *call);

/*
 * Is that a published port of the container's own, whose server listens on the host? Then it is
 * connected to that, and true.
 */
bool switch_connect_own(struct switcher *s, const struct switch_call *call,
			const struct switch_peer *peer);

/* Takes the forwarder's listener. */
void switch_add_port(struct switcher *s, const struct net_message *m, int fd);

/* Ends whoever listens there, and answers the helper. */
void switch_remove_port(struct switcher *s, uint32_t id);
