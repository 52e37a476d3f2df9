/* SPDX-License-Identifier: Apache-2.0 */
/* net/helper: the inside of the helper process, shared by its parts. Private to libnet. */
#pragma once

#include <poll.h>

#include "libnet/forward/loop.h"
#include "libnet/net.h"
#include "libnet/slirp/slirp.h"

#define CONTROL_CLIENTS_MAX 8

struct published {
	struct net_port port;
	uint32_t id;
	int *fds; /* NULL with slirp4netns' own forwarding */
	size_t fd_n;
};

/* One connection to the control socket: an add may come in several datagrams. */
struct control_client {
	int fd; /* -1: free */
	struct net_port port;
	size_t wanted; /* descriptors that are still to come for it */
	int *fds;
	size_t fd_n;
	bool follows; /* is told what happens, until it goes */
};

struct watched {
	pid_t pid;
	int pidfd;
};

struct helper {
	const struct net_request *request;
	struct slirp slirp;
	int tap;	    /* the device; -1: slirp4netns makes its own */
	struct sys_nl link; /* of the namespace; link.c */
	int exit_read;	    /* slirp4netns polls this one, and ends when the other is closed */
	int exit_write;
	pid_t forwarder;
	int forwarder_pidfd;
	int forward;	/* our end of its control socket */
	pid_t switcher; /* -1: none, or it has ended */
	int switcher_pidfd;
	int switch_control; /* our end of its control socket */
	struct published **ports;
	size_t port_n;
	uint32_t next_id;
	struct watched *watched;
	size_t watched_n;
	struct control_client clients[CONTROL_CLIENTS_MAX];
};

/* helper.c */
int helper_watch(struct helper *h, pid_t pid, int pidfd);

/*
 * Kills a child, if there is one, and waits for its end; then there is none, and its descriptors
 * are closed.
 */
void helper_child_end(pid_t *pid, int *pidfd, int *control);

/*
 * helper_ports.c: fd -1: none. Publishing takes the descriptors, on failure too. The forwarder
 * begins with the first port that it has to carry.
 */
int helper_tell_forwarder(const struct helper *h, const struct forward_message *m, int fd);
void helper_link_is_up(const struct helper *h);
void helper_forwarder_restart(struct helper *h);
void helper_forwarder_end(struct helper *h);
int helper_publish(struct helper *h, const struct net_port *port, int *fds, size_t n,
		   struct err *err);
int helper_publish_all(struct helper *h, struct err *err);
int helper_publish_slirp(const struct helper *h, struct published *p, struct err *err);
int helper_unpublish(struct helper *h, const struct net_port *port, struct err *err);

/*
 * helper_switch.c: the process that answers for connects and binds. It is not started again: its
 * listeners are gone.
 */
int helper_switch_start(struct helper *h, struct err *err);
int helper_switch_publish(const struct helper *h, const struct forward_message *m, int fd);
int helper_switch_unpublish(const struct helper *h, uint32_t id, struct err *err);
void helper_switch_serve(struct helper *h);
int helper_switch_listen(const struct helper *h, int listener, struct err *err);
void helper_switch_end(struct helper *h);

/* control_server.c */
void control_accept(struct helper *h);
void control_serve(struct helper *h, struct control_client *client);
void control_tell(struct helper *h, const char *event);
