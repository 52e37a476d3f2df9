/* SPDX-License-Identifier: Apache-2.0 */
/* helper/filter: what the forwarder and the switch may still do. */
#pragma once

#include <sys/types.h>

#include "libnet/confine.h"

enum net_confined { NET_CONFINE_FORWARDER, NET_CONFINE_SWITCH };

/* A filter that a child of the caller's is making. */
struct helper_filter {
	pid_t pid;
	int fd; /* -1: none */
};

#define HELPER_FILTER_INIT                                                                         \
	{                                                                                          \
		.pid = -1, .fd = -1                                                                \
	}

/* Begins the filter of that process, and returns at once: 0 or -errno. */
int helper_filter_begin(enum net_confined who, struct helper_filter *ret);

/* Waits for it; then the child is gone. Returns 0 or -errno. */
int helper_filter_take(struct helper_filter *filter, struct net_confinement *ret);

/* If there is one, it is not wanted any more. */
void helper_filter_drop(struct helper_filter *filter);
