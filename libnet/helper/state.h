/* SPDX-License-Identifier: Apache-2.0 */
/* helper/state: what the helper has. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "libnet/helper/filter.h"
#include "libnet/request.h"
#include "libnet/slirp/slirp.h"
#include "sys/netlink.h"

#define HELPER_CLIENTS_MAX 8

/* The forwarder or the switch. */
struct helper_child {
	enum net_confined who;
	struct helper_filter filter; /* for its next start, if that was prepared */
	pid_t pid;		     /* -1: none, or it has ended */
	int pidfd;
	int control; /* our end of its control socket */
};

#define HELPER_CHILD_INIT(confined)                                                                \
	{                                                                                          \
		.who = (confined), .filter = HELPER_FILTER_INIT, .pid = -1, .pidfd = -1,           \
		.control = -1                                                                      \
	}

struct helper_published {
	struct net_port port;
	uint32_t id;
	int *fds; /* NULL with slirp4netns' own forwarding */
	size_t fd_n;
};

/* One connection to the control socket: an add may come in several datagrams. */
struct helper_client {
	int fd; /* -1: free */
	struct net_port port;
	size_t wanted; /* descriptors that are still to come for it */
	int *fds;
	size_t fd_n;
	bool follows; /* is told what happens, until it goes */
};

struct helper_watched {
	pid_t pid;
	int pidfd;
};

struct helper {
	const struct net_request *request;
	struct slirp slirp;
	struct slirp_ids slirp_ids;
	int tap;	    /* the device; -1: there is none (any more) */
	struct sys_nl link; /* of the namespace; link.c */
	int bell;	    /* readable when a device there has changed; link.c */
	int exit_read;	    /* slirp4netns polls this one, and ends when the other is closed */
	int exit_write;
	struct helper_child forwarder;
	struct helper_child switcher;
	struct helper_published **ports;
	size_t port_n;
	uint32_t next_id;
	struct helper_watched *watched;
	size_t watched_n;
	struct helper_client clients[HELPER_CLIENTS_MAX];
};
