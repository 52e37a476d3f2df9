/* SPDX-License-Identifier: Apache-2.0 */
/*
 * switch/filter: the programs at the sockets that the container is given. Pure.
 */
#pragma once

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

#include "libnet/switch/judge.h"

#define SWITCH_FILTER_MAX 24

/* Socket filters: instructions into `code`, how many as the result. */
size_t switch_filter_peer(const struct switch_peer *peer,
			  struct sock_filter code[static SWITCH_FILTER_MAX]);
size_t switch_filter_listener(uint16_t port, struct sock_filter code[static SWITCH_FILTER_MAX]);
