/* SPDX-License-Identifier: Apache-2.0 */
/* net/listen: published ports, bound on the host. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "libnet/port.h"

/* One bound socket of one published port. */
struct net_listener {
	int fd;
	size_t port;	/* its index in the list of ports */
	bool inherited; /* somebody else has bound it */
};

struct net_listeners {
	struct net_listener *v;
	size_t n;
};

/*
 * Binds every port, or none. inherited: sockets that somebody else has bound for us (systemd's
 * socket activation); one of them that stands for a wanted port is taken over (duplicated) instead
 * of binding it. Both lists live in the arena, the descriptors are the caller's:
 * net_listeners_close.
 * Errors: EADDRINUSE, naming the port and the process that has it where that can be seen; EACCES,
 * naming the sysctl for privileged ports; EADDRNOTAVAIL.
 */
int net_ports_bind(struct arena *arena, const struct net_ports *ports, const int *inherited,
		   size_t inherited_n, struct net_listeners *ret, struct err *err);

void net_listeners_close(struct net_listeners *listeners);
