/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net/confine: a process of libnet's gives up what it needs no more. Private to libnet.
 */
#pragma once

#include <linux/filter.h>
#include <stddef.h>

/* Instructions that suffice: a jump of the kernel's has eight bits, and libseccomp joins few. */
#define NET_CONFINE_MAX 512

/* A seccomp filter: helper/filter.h. */
struct net_confinement {
	size_t n;
	struct sock_filter code[NET_CONFINE_MAX];
};

/*
 * Gives up all system calls but those that the filter lets through, and its being looked into
 * (PR_SET_DUMPABLE: no core file has the traffic in it). For good; needs no_new_privs. Returns 0 or
 * -errno.
 */
int net_confine(const struct net_confinement *filter);
