/* SPDX-License-Identifier: Apache-2.0 */
/* slirp/sandbox: what surrounds slirp4netns. Private to libnet. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "libnet/request.h"

/* Where its API socket is, in its own mount namespace. */
#define SLIRP_API_PATH "/run/slirp4netns"

/* Who it is on the host, in a user namespace of its own. */
struct slirp_ids {
	uint32_t uid;
	uint32_t gid;
};

/*
 * The caller; for root, who the container's root is. Asked while the request's process is there,
 * which may be gone when slirp4netns is started again, and its number another one's. Returns 0 or
 * -errno (-ESRCH: it is gone already).
 */
int slirp_sandbox_ids(const struct net_request *request, struct slirp_ids *ret);

/* What clone3 is to make for its process: CLONE_NEW*. */
int slirp_sandbox_flags(const struct net_request *request);

/*
 * In the parent: maps the ids of that child, which waits meanwhile. Returns 0 or -errno. Nothing is
 * to be done for one that stays in our user namespace.
 */
int slirp_sandbox_map(const struct net_request *request, const struct slirp_ids *ids, pid_t child);

/*
 * In the child, with its ids mapped: becomes root of its user namespace, has nothing below /run any
 * more but what name resolution needs, and no device of /dev/net; and can reach no process outside
 * by a signal, nor an abstract socket, where the kernel has that (Landlock's scopes, Linux 6.12).
 * Returns 0 or -errno. Not to be undone.
 */
int slirp_sandbox_enter(const struct net_request *request);
