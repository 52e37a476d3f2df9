/* SPDX-License-Identifier: Apache-2.0 */
/* slirp/slirp: slirp4netns as a child process. Private to libnet. */
#pragma once

#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "libnet/request.h"
#include "libnet/slirp/sandbox.h"

struct slirp {
	pid_t pid;
	int pidfd;
	int ready; /* readable: "1" when it is up, the end of file when it failed */
	int words; /* a file with what it wrote to its stderr */
};

#define SLIRP_INIT                                                                                 \
	{                                                                                          \
		.pid = -1, .pidfd = -1, .ready = -1, .words = -1                                   \
	}

/*
 * slirp4netns' arguments, NULL-terminated, in the arena. The two numbers are those of descriptors
 * in its process.
 */
const char **slirp_argv(struct arena *arena, const struct net_request *request, int ready_fd,
			int exit_fd);

/*
 * Starts it, once the namespace has its ids, on the device tap. ids: slirp_sandbox_ids. It ends
 * when the other end of exit_fd is closed, and with the thread that calls this. Returns 0 or -errno
 * with err filled.
 */
int slirp_start(const struct net_request *request, const struct slirp_ids *ids, int tap,
		int exit_fd, struct slirp *ret, struct err *err);

/*
 * Waits until it is up. 0; else -errno with its own words and, where we know one, a remedy.
 */
int slirp_ready(const struct net_request *request, struct slirp *slirp, struct err *err);

/* Where the API's socket of one that is up is seen from here: in its root, which is its own. */
#define SLIRP_API_SEEN_MAX 64
void slirp_api_seen(const struct slirp *slirp, char path[SLIRP_API_SEEN_MAX]);

/* Kills and reaps it, and closes what is open. */
void slirp_end(struct slirp *slirp);
