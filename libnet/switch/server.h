/* SPDX-License-Identifier: Apache-2.0 */
/* switch/server: ending the container's servers that have a socket of the host. */
#pragma once

#include "libnet/switch/judge.h"
#include "libnet/switch/state.h"

/* Notes what a process of the container is known by: its namespaces. Before userns is dropped. */
void switch_server_homes(struct switcher *s);

/* Ends whoever of the container listens, or could, at that address of the host. */
void switch_server_end(const struct switcher *s, const struct switch_peer *at);
