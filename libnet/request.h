/* SPDX-License-Identifier: Apache-2.0 */
/* net/request: what a network is asked for with. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "libnet/config.h"
#include "libnet/listen.h"
#include "libnet/port.h"

struct net_request {
	struct net_config config;
	const char *slirp; /* net_slirp_find */
	int netns;	   /* the namespace; see net_userns_of */
	int userns;	   /* the user namespace that owns it; -1: the caller's own */
	bool unmapped;	   /* its ids are not mapped yet: net_mapped says when */
	pid_t pid;	   /* a process in it */
	int pidfd;	   /* of the same: the helper ends when it does */
	int control;	   /* listening SOCK_SEQPACKET socket for net_control_*; -1: none */
	struct net_ports ports;
	struct net_listeners listeners; /* stay the caller's */
};
