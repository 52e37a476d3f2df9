/* SPDX-License-Identifier: Apache-2.0 */
/* helper/ports: the published ports, whoever carries them. */
#pragma once

#include <stddef.h>

#include "libnet/helper/state.h"

/*
 * Takes the descriptors, on failure too. The forwarder begins with the first port that it has to
 * carry.
 */
int helper_publish(struct helper *h, const struct net_port *port, int *fds, size_t n,
		   struct err *err);

/* What the request brings: its descriptors are ours, the helper being a clone. */
int helper_publish_all(struct helper *h, struct err *err);

/* Errors: ENOENT: no such port is published. */
int helper_unpublish(struct helper *h, const struct net_port *port, struct err *err);

/* After slirp4netns was started anew: it has to be told of all, where it forwards them. */
int helper_publish_again(struct helper *h, struct err *err);

/* After the forwarder died: the listeners are still ours. */
void helper_forwarder_restart(struct helper *h);
