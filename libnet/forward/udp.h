/* SPDX-License-Identifier: Apache-2.0 */
/* forward/udp: forwarding datagrams. */
#pragma once

#include <stdint.h>

#include "libnet/forward/loop.h"

/* A listener's: takes what has come. */
void forward_udp_receive(struct forwarder *f, struct forward_source *source, uint32_t events);

/* The listener goes, and its flows with it. */
void forward_udp_forget(struct forwarder *f, const struct forward_listener *listener);

/*
 * Ends what was idle too long. Returns milliseconds until it should be called again, -1 when there
 * is nothing.
 */
int forward_udp_expire(struct forwarder *f);

/* Once in each round, when its events are done. */
void forward_udp_free_dropped(struct forwarder *f);
