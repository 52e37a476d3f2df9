/* SPDX-License-Identifier: Apache-2.0 */
/* helper/control: the helper's side of the control socket. */
#pragma once

#include "libnet/helper/state.h"

/* The control socket is readable: one client more. */
void helper_control_accept(struct helper *h);

/* The client's connection is readable. */
void helper_control_serve(struct helper *h, struct helper_client *client);

/*
 * To everyone who follows. Nobody is waited for: who doesn't read loses an event, who is gone is
 * forgotten.
 */
void helper_control_tell(struct helper *h, const char *event);
