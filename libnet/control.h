/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net/control: what a command asks of a network that runs, and what it tells it. Each call is one
 * exchange with the helper over `control`, a connection to the request's control socket
 * (SOCK_SEQPACKET).
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "libnet/listen.h"
#include "libnet/port.h"

/* Texts as net_port_print writes them, in the order in which they were published. */
int net_control_list(int control, struct arena *arena, struct strs *ret, struct err *err);

/* The port's listeners were bound by the caller, who closes them. */
int net_control_add(int control, const struct net_port *port, const struct net_listeners *listeners,
		    struct err *err);

/* Errors: ENOENT: no such port is published. */
int net_control_remove(int control, const struct net_port *port, struct err *err);

/* How many processes the helper lives for. */
int net_control_watching(int control, struct arena *arena, size_t *ret, struct err *err);

/*
 * Asks to be told what happens to the network: the connection becomes readable at each event, and
 * at the helper's end. net_control_event reads one into text: NET_EVENT_SLIRP,
 * NET_EVENT_FORWARDER or NET_EVENT_DEVICE. Returns its length, 0 at the helper's end, or -errno.
 */
int net_control_follow(int control, struct err *err);
ssize_t net_control_event(int control, char *text, size_t size);

#define NET_EVENT_SLIRP "slirp4netns restarted"
#define NET_EVENT_FORWARDER "port forwarder restarted"
#define NET_EVENT_DEVICE "tap0 taken away inside: no network until a restart"
#define NET_EVENT_MAX 64

/*
 * The listener stays the caller's. Errors: ENOTSUP, the network is not accelerated; ESRCH, what
 * answered has ended.
 */
int net_control_accel(int control, int listener, struct err *err);

/* One more process to live for: the namespace is kept until that one has ended too. */
int net_control_watch(int control, pid_t pid, int pidfd, struct err *err);
