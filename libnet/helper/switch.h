/* SPDX-License-Identifier: Apache-2.0 */
/*
 * helper/switch: the process that answers for connects and binds, as a child of the helper. It is
 * not started again: its listeners are gone.
 */
#pragma once

#include <stdint.h>

#include "libnet/helper/state.h"
#include "libnet/messages.h"

/* Waits until it answers. */
int helper_switch_start(struct helper *h, struct err *err);
void helper_switch_end(struct helper *h);

/*
 * m: the message that the forwarder gets; fd: the listener. A socket that the switch has already is
 * told by its inode there. Returns 0, also where no server is to be switched, or -errno.
 */
int helper_switch_publish(const struct helper *h, const struct net_message *m, int fd);

/* Waits for the answer: the container's listeners on that port are gone then. */
int helper_switch_unpublish(const struct helper *h, uint32_t id, struct err *err);

/* Its control socket is readable. */
void helper_switch_serve(struct helper *h);

/* Hands over the listener of a filter, which stays the caller's. */
int helper_switch_listen(const struct helper *h, int listener, struct err *err);
