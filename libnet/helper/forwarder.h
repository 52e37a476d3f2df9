/* SPDX-License-Identifier: Apache-2.0 */
/* helper/forwarder: the forwarder as a child of the helper. */
#pragma once

#include "libnet/helper/state.h"
#include "libnet/messages.h"

/* Returns 0 or -errno. */
int helper_forwarder_start(struct helper *h);
void helper_forwarder_end(struct helper *h);

/* fd goes with it; -1: none does. Returns 0 or -errno. */
int helper_forwarder_tell(const struct helper *h, const struct net_message *m, int fd);

/* Takes a port away, and waits for the answer: nobody listens there then. */
int helper_forwarder_remove(const struct helper *h, uint32_t id, struct err *err);

/* If there is one: the namespace has (again) its address. */
void helper_forwarder_link_up(const struct helper *h);
