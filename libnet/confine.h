/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net/confine: what is left to the two processes that handle a container's traffic. Private to
 * libnet.
 */
#pragma once

#include <linux/filter.h>
#include <stddef.h>

enum net_confined { NET_CONFINE_FORWARDER, NET_CONFINE_SWITCH };

/*
 * Instructions that suffice for each. With less than 256, which a test holds, every jump has its
 * eight bits.
 */
#define CONFINE_MAX 384

/*
 * Puts the process's seccomp filter into `code`. Returns the number of instructions; 0: there is
 * none for this architecture.
 */
size_t confine_program(enum net_confined who, struct sock_filter code[static CONFINE_MAX]);

/*
 * Gives up all system calls but those that the process needs from now on, and its being looked into
 * (PR_SET_DUMPABLE: no core file has the traffic in it). For good; needs no_new_privs. Returns 0 or
 * -errno. On an architecture without a filter only the latter is done.
 */
int net_confine(enum net_confined who);
