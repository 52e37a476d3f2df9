/* SPDX-License-Identifier: Apache-2.0 */
/* switch/connect: the container's calls of connect(2). */
#pragma once

#include "libnet/switch/call.h"

/* On a socket of TCP, of the container's network or of the host's. Ends the call. */
void switch_take_connect(struct switcher *s, const struct switch_call *call);
