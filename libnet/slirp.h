/* SPDX-License-Identifier: Apache-2.0 */
/* net/slirp: slirp4netns as a child process. Private to libnet. */
#pragma once

#include <sys/types.h>

#include "libnet/net.h"

/* The device in the namespace. */
#define TAP_NAME "tap0"

struct slirp {
	pid_t pid;
	int pidfd;
	int exit_fd; /* the caller's */
	int hold;    /* while this is open it waits with its tap device */
	bool early;  /* it was started before its namespace had ids */
	int ready;   /* readable: "1" when it is up, the end of file when it failed */
	int words;   /* a file with what it wrote to its stderr */
};

#define SLIRP_INIT                                                                                                     \
	{                                                                                                              \
		.pid = -1, .pidfd = -1, .exit_fd = -1, .hold = -1, .ready = -1, .words = -1                            \
	}

/* slirp4netns' arguments, NULL-terminated, in the arena. The three numbers are those of descriptors in its process. */
const char **slirp_argv(struct arena *arena, const struct net_request *request, int ready_fd, int exit_fd,
			int netns_fd);

/*
 * Starts it. It ends when the other end of exit_fd is closed, and with the thread that calls this. mapped: becomes readable when the
 * ids of request->userns are mapped, which this waits for, and takes; -1: they are. Returns 0 or -errno with err filled.
 */
int slirp_start(const struct net_request *request, int mapped, int exit_fd, struct slirp *ret, struct err *err);

/* Reads `ready` (blocking). 0 when it is up; else -errno with its own words and, where we know one, a remedy. */
int slirp_ready(const struct net_request *request, struct slirp *slirp, struct err *err);

/* lan.c: allow_lan=false: prohibits the host's addresses and networks inside, once the namespace is ours to enter. */
int lan_prohibit(const struct net_request *request, struct err *err);

/* Kills and reaps it, and closes what is open. */
void slirp_end(struct slirp *slirp);
