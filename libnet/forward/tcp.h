/* SPDX-License-Identifier: Apache-2.0 */
/* forward/tcp: forwarding connections. */
#pragma once

#include <stdint.h>

#include "libnet/forward/loop.h"

/* A listener's: takes one connection. */
void forward_tcp_accept(struct forwarder *f, struct forward_source *source, uint32_t events);

/* Once in each round, in this order: who has more to move; the next socket; who was dropped. */
void forward_tcp_again(struct forwarder *f);
void forward_tcp_prepare(struct forwarder *f);
void forward_tcp_free_dropped(struct forwarder *f);
