/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net/inside: the container's network namespace, as all processes of ours know it. Private to
 * libnet.
 */
#pragma once

#include <netinet/in.h>

/* The device that slirp4netns reads. */
#define NET_TAP_NAME "tap0"

/* The first device of every network namespace is its loopback (the kernel's LOOPBACK_IFINDEX). */
#define NET_LOOPBACK 1

/* The namespace's own address of IPv6, the counterpart of 10.0.2.100. */
extern const struct in6_addr net_inside6;
#define NET_INSIDE6_PREFIX 64

/*
 * Enters a user and a network namespace (-1: stays where it is) and becomes the former's root where
 * id 0 is mapped. From before that on nobody there can trace this process, open its files below
 * /proc or read its memory (PR_SET_DUMPABLE, until the next execve).
 * Returns 0 or -errno. Not to be undone.
 */
int net_inside_enter(int userns, int netns);
