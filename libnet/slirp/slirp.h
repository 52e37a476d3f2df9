/* SPDX-License-Identifier: Apache-2.0 */
/* slirp/slirp: slirp4netns as a child process. Private to libnet. */
#pragma once

#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "libnet/request.h"

struct slirp {
	pid_t pid;
	int pidfd;
	/* tells of its open of SLIRP_TUN_PATH; -1: it makes its device itself, or has got it */
	int listener;
	int ready; /* readable: "1" when it is up, the end of file when it failed */
	int words; /* a file with what it wrote to its stderr */
};

#define SLIRP_INIT                                                                                 \
	{                                                                                          \
		.pid = -1, .pidfd = -1, .listener = -1, .ready = -1, .words = -1                   \
	}

/*
 * slirp4netns' arguments, NULL-terminated, in the arena. configure: it is to configure the device.
 * The three numbers are those of descriptors in its process.
 */
const char **slirp_argv(struct arena *arena, const struct net_request *request, bool configure,
			int ready_fd, int exit_fd, int netns_fd);

/*
 * Starts it, once the namespace has its ids. It ends when the other end of exit_fd is closed, and
 * with the thread that calls this. tap: the device's descriptor, which it is to use; -1: it makes
 * and configures its own. Returns 0 or -errno with err filled.
 */
int slirp_start(const struct net_request *request, int tap, int exit_fd, struct slirp *ret,
		struct err *err);

/*
 * Gives it the device, and waits until it is up. 0; else -errno with its own words and, where we
 * know one, a remedy; -ENODEV: it opened its device in a way that we don't know.
 */
int slirp_ready(const struct net_request *request, int tap, struct slirp *slirp, struct err *err);

/* Kills and reaps it, and closes what is open. */
void slirp_end(struct slirp *slirp);
