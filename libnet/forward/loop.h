/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forward/loop: what the forwarder has, and what its halves for TCP and UDP have in common: an
 * epoll, the listeners, a pause.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "libnet/forward/pipes.h"

/* Bytes that one read or write moves while a connection is young, and the longest datagram. */
#define FORWARD_BUFFER 65536

/* Buckets of the table of UDP flows. */
#define FORWARD_BUCKETS 1024

struct forwarder;

/* What epoll tells about: the first member of everything that it watches. */
struct forward_source {
	void (*ready)(struct forwarder *f, struct forward_source *source, uint32_t events);
};

/* A listening socket (TCP) or an open one (UDP) of the host. */
struct forward_listener {
	struct forward_source source;
	struct forward_listener *next;
	int fd;
	uint32_t id; /* of the published port that it belongs to */
	int protocol;
	uint16_t inside_port;
	bool six;    /* UDP: answers by IPv6 come back to us */
	bool heard6; /* and a program was there for them when we last looked */
};

struct forward_connection;
struct forward_flow;

struct forwarder {
	int epoll;
	int control;
	struct forward_source control_source;
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
	/* inside6.c: the second in which there were so many looks, and the last vain wait */
	time_t looked6;
	unsigned looks6;
	time_t waited6;
	struct forward_listener *listeners;
	/* out of descriptors: no TCP listener is watched until a connection ends */
	bool full;
	int spare;			  /* the socket of the next connection, or -1 */
	bool accepted;			  /* in this round: the spare was used */
	struct forward_connection *again; /* have more to move than was their share */
	/* freed when this round's events are done: some may still point there */
	struct forward_connection *dropped;
	struct forward_pipes pipes; /* TCP: big transfers */
	size_t rest_bytes;	    /* TCP: in memory, as they were read and could not be written */
	struct forward_flow *flows; /* UDP, most recently used first */
	struct forward_flow *flows_end;
	struct forward_flow **flow_table;
	struct forward_flow *flows_dropped;
	size_t flow_n;
	char *buffer; /* FORWARD_BUFFER bytes, for whoever runs */
};

/* Of a clock that never jumps, and costs no system call. */
time_t forward_seconds(void);

/* Watches a descriptor. Returns 0 or -errno. */
int forward_watch(const struct forwarder *f, int fd, uint32_t events,
		  struct forward_source *source);

/* The same for a listener, which is told of only when somebody could be served. */
int forward_watch_listener(const struct forwarder *f, struct forward_listener *l);

/* Of all listeners, after link_up has changed. */
void forward_watch_again(const struct forwarder *f);

/*
 * Out of descriptors: no connection is accepted until one has ended, or the system has some again.
 */
void forward_pause(struct forwarder *f);
void forward_resume(struct forwarder *f);
