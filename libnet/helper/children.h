/* SPDX-License-Identifier: Apache-2.0 */
/* helper/children: the processes that the helper is the parent of, but for slirp4netns. */
#pragma once

#include "libnet/helper/state.h"

/* Begins what takes time, beside everything else: the child's filter. */
void helper_child_prepare(struct helper_child *child);

/*
 * Clones a child, whose `run` gets `arg`, its confinement and the other end of the control socket.
 * Returns 0 or -errno; then there is none.
 */
int helper_child_start(struct helper_child *child,
		       void (*run)(const void *arg, const struct net_confinement *confinement,
				   int control),
		       const void *arg);

/*
 * Kills a child, if there is one, and waits for its end; then there is none, and its descriptors
 * are closed.
 */
void helper_child_end(struct helper_child *child);
