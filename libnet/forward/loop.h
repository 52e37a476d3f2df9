/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net/forward: the forwarder's inside, shared by its TCP and UDP halves. Private to libnet.
 *
 * One process, one thread, one epoll. Sockets keep the network namespace that they were made in:
 * the listeners were bound on the host, this process has entered the container's namespace, and
 * what it makes now connects there.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "libnet/net.h"

/*
 * What packets from a transparent socket carry, and the routing tables that bring the answers back
 * to us.
 */
#define NET_FORWARD_MARK 100
#define NET_FORWARD_TABLE_TCP 100
#define NET_FORWARD_TABLE_UDP 101

/* The first device of every network namespace is its loopback (the kernel's LOOPBACK_IFINDEX). */
#define NET_LOOPBACK 1

/* Bytes that one read or write moves while a connection is young, and the longest datagram. */
#define NET_FORWARD_BUFFER 65536

/* Buckets of the table of UDP flows. */
#define FORWARD_BUCKETS 1024

/*
 * What the helper says to the forwarder, and to the switch. ADD comes with the listening
 * descriptor, REMOVE is answered by a byte.
 */
enum forward_op {
	FORWARD_ADD = 1,
	FORWARD_REMOVE,
	FORWARD_LINK_UP, /* the namespace has (again) its address */
	FORWARD_RESUME,	 /* its listeners listen again */
	/* comes with a filter's listener: to the switch, and of what becomes slirp4netns */
	SWITCH_LISTEN,
};

struct forward_message {
	uint32_t op;
	uint32_t id;
	int32_t protocol;
	uint16_t inside_port;
};

struct forward_setup {
	int control; /* SOCK_SEQPACKET, of the helper; its end is the forwarder's */
	int userns;  /* -1: the caller's own */
	int netns;
	struct in_addr inside;
	struct in_addr gateway;
	bool keep_client;
	bool ipv6;
};

/*
 * Receives one message, without waiting: 1, 0 at the end, or -errno (-EPROTO: a malformed one).
 * *ret_fd: what came with it, the caller's; -1: nothing did.
 */
int forward_receive(int control, struct forward_message *ret, int *ret_fd);

/*
 * Situation: a fresh child of the helper, in the host's namespaces. Keeps no descriptor but
 * setup->control.
 */
_Noreturn void forward_main(const struct forward_setup *setup);

struct forwarder;

/* What epoll tells about: the first member of everything that it watches. */
struct source {
	void (*ready)(struct forwarder *f, struct source *source, uint32_t events);
};

/* A listening socket (TCP) or an open one (UDP) of the host. */
struct listener {
	struct source source;
	struct listener *next;
	int fd;
	uint32_t id; /* of the published port that it belongs to */
	int protocol;
	uint16_t inside_port;
	bool six; /* UDP: answers by IPv6 come back to us */
};

struct connection;
struct flow;

struct forwarder {
	int epoll;
	int control;
	struct source control_source;
	struct in_addr inside;	/* where the container is reached */
	struct in_addr gateway; /* who a client without an address of its own seems to be */
	/* until then nobody could be reached: what comes waits in the listeners */
	bool link_up;
	bool marks; /* answers can be known by the mark; IPv6's too */
	bool marks6;
	int udp6;	  /* the namespace's list of UDP sockets of IPv6, or -1 */
	bool transparent; /* the kernel lets us use the clients' addresses */
	bool keep_client;
	bool ipv6; /* the container is to have it */
	bool six;  /* and it works as IPv4 does */
	struct listener *listeners;
	/* out of descriptors: no TCP listener is watched until a connection ends */
	bool full;
	int spare;		  /* the socket of the next connection, or -1 */
	bool accepted;		  /* in this round: the spare was used */
	struct connection *again; /* have more to move than was their share */
	/* freed when this round's events are done: some may still point there */
	struct connection *dropped;
	struct flow *flows; /* UDP, most recently used first */
	struct flow *flows_end;
	struct flow **flow_table;
	struct flow *flows_dropped;
	size_t flow_n;
	char *buffer; /* NET_FORWARD_BUFFER bytes, for whoever runs */
};

/* Watches a descriptor. Returns 0 or -errno. */
int forward_watch(const struct forwarder *f, int fd, uint32_t events, struct source *source);

/* A socket of the container's namespace that may seem to be somebody else. -errno. */
int forward_inside_socket(const struct forwarder *f, int type);

/* Lets it seem to be the client. Returns 0 or -errno. */
int forward_bind(const struct forwarder *f, int type, int fd,
		 const struct sockaddr_storage *client);
struct sockaddr_in forward_inside_address(const struct forwarder *f, uint16_t port);

/*
 * forward6.c, by TCP and by UDP: a socket that is connected to the container's own IPv6 address and
 * seems to be the client, if that has an IPv6 address of its own and the port is listened on there;
 * else -1: IPv4 it is.
 */
int forward_six(const struct forwarder *f, uint16_t port, const struct sockaddr_storage *from);
int forward_six_udp(const struct forwarder *f, uint16_t port, const struct sockaddr_storage *from);

/*
 * Out of descriptors: no connection is accepted until one has ended, or the system has some again.
 */
void forward_pause(struct forwarder *f);
void forward_resume(struct forwarder *f);

/* tcp.c */
void forward_tcp_accept(struct forwarder *f, struct source *source, uint32_t events);
void forward_tcp_again(struct forwarder *f);
void forward_tcp_prepare(struct forwarder *f);
void forward_tcp_free_dropped(struct forwarder *f);

/* udp.c */
void forward_udp_receive(struct forwarder *f, struct source *source, uint32_t events);
void forward_udp_forget(struct forwarder *f, const struct listener *listener);
void forward_udp_free_dropped(struct forwarder *f);

/*
 * Ends what was idle too long. Returns milliseconds until it should be called again, -1 when there
 * is nothing.
 */
int forward_udp_expire(struct forwarder *f);
