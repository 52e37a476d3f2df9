/* SPDX-License-Identifier: Apache-2.0 */
/* switch/socket: the sockets that take another's place. */
#pragma once

#include <stdbool.h>

#include "libnet/switch/judge.h"
#include "libnet/switch/state.h"
#include "libnet/switch/target.h"

struct switch_way {
	int device;	  /* 0: any */
	const char *from; /* own address, as text and of the peer's family; NULL: any */
};

/*
 * Connects a socket of the host's that may talk to the peer alone. Returns 0 or -EINPROGRESS, and
 * *ret, non-blocking; or -errno, of which -EADDRINUSE and -EADDRNOTAVAIL say that no port was found
 * for it.
 */
int switch_connect(struct switcher *s, const struct switch_target *t,
		   const struct switch_peer *peer, const struct switch_way *way, int *ret);

/* A server's. With SO_REUSEADDR: the forwarder's socket keeps the port too, and does not listen. */
int switch_server(struct switcher *s, const struct switch_target *t, bool only6,
		  const struct switch_peer *at);
