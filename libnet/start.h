/* SPDX-License-Identifier: Apache-2.0 */
/* net/start: starting the helper, and waiting for what it says. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "libnet/request.h"

/* The user namespace that owns a network namespace, ioctl_ns(2). Returns a descriptor or -errno. */
int net_userns_of(int netns);

/* What runs. Its descriptors are the caller's: net_helper_close. */
struct net_helper {
	pid_t pid;
	int pidfd;
	int ready;
	int mapped;
	bool linked; /* net_linked has succeeded */
};

/*
 * Starts the helper, which starts slirp4netns, and returns at once. The helper is a child of the
 * caller and outlives it; it holds no descriptor of the caller's but those of the request.
 */
int net_start(const struct net_request *request, struct net_helper *ret, struct err *err);

/*
 * After net_start of an unmapped namespace: its ids are mapped now. SIGPIPE must be ignored or the
 * helper alive.
 */
void net_mapped(struct net_helper *helper);

/*
 * Waits until the namespace has its device, addresses and routes, and our own forwarder the ports.
 * What is sent from now on waits in the device until slirp4netns, which is started last, reads it:
 * nothing is lost, and a program may be started, but slirp4netns may still fail. Errors: as
 * net_ready.
 */
int net_linked(struct net_helper *helper, int timeout_ms, struct err *err);

/*
 * Waits until the namespace is connected and the ports are forwarded; to be called once. Errors:
 * what the helper or slirp4netns said, with a remedy where one is known; ETIMEDOUT after
 * timeout_ms.
 */
int net_ready(struct net_helper *helper, int timeout_ms, struct err *err);

void net_helper_close(struct net_helper *helper);
