/* SPDX-License-Identifier: Apache-2.0 */
/* net/slirp: slirp4netns as a child process. Private to libnet. */
#pragma once

#include <sys/types.h>

#include "libnet/net.h"
#include "sys/netlink.h"

/* The device in the namespace. */
#define TAP_NAME "tap0"

struct slirp {
	pid_t pid;
	int pidfd;
	int exit_fd; /* the caller's */
	int output;  /* its stdout; with so many zeros in it that it is full, it waits with its tap device */
	size_t zeros;
	bool early; /* it was started before its namespace had ids */
	int ready;  /* readable: "1" when it is up, the end of file when it failed */
	int words;  /* a file with what it wrote to its stderr */
};

#define SLIRP_INIT                                                                                                     \
	{                                                                                                              \
		.pid = -1, .pidfd = -1, .exit_fd = -1, .output = -1, .ready = -1, .words = -1                          \
	}

/* slirp4netns' arguments, NULL-terminated, in the arena. The three numbers are those of descriptors in its process. */
const char **slirp_argv(struct arena *arena, const struct net_request *request, int ready_fd, int exit_fd,
			int netns_fd);

/*
 * Starts it. It ends when the other end of exit_fd is closed, and with the thread that calls this. early: the ids of
 * request->userns are not mapped yet: it goes as far as it can without, until slirp_let_go. Returns 0 or -errno with err filled.
 */
int slirp_start(const struct net_request *request, bool early, int exit_fd, struct slirp *ret, struct err *err);
void slirp_let_go(struct slirp *slirp);

/*
 * Waits until its device should be in the namespace, with its IPv4 address and route: link_there. The kernel keeps what is sent
 * there until slirp4netns has come as far as to read it. false: there is more to know by slirp_ready.
 */
bool slirp_linked(struct slirp *slirp);

/* Reads `ready` (blocking). 0 when it is up; else -errno with its own words and, where we know one, a remedy. */
int slirp_ready(const struct net_request *request, struct slirp *slirp, struct err *err);

/* lan.c: allow_lan=false: prohibits the host's addresses and networks inside, once the namespace is ours to enter. */
int lan_prohibit(const struct net_request *request, struct err *err);

/*
 * link.c, by a socket of the namespace: does the device lead to the world, by IPv4? And its IPv6, to be configured each time that
 * slirp4netns has made its device.
 */
extern const struct in6_addr link_inside6; /* the namespace's own address */
#define LINK_PREFIX6 64
int link_open(const struct net_request *request, struct sys_nl *ret, struct err *err);
bool link_there(struct sys_nl *nl);
int link_configure(const struct net_config *config, struct sys_nl *nl, struct err *err);

/* Kills and reaps it, and closes what is open. */
void slirp_end(struct slirp *slirp);
