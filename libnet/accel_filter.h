/* SPDX-License-Identifier: Apache-2.0 */
/* net/accel_filter: the program at the container's system calls. Pure. */
#pragma once

#include <linux/filter.h>
#include <stddef.h>

/*
 * With config.accel the program loads this filter into each first process of the namespace
 * (seccomp(2), with SECCOMP_FILTER_FLAG_NEW_LISTENER) and hands the listener to the helper:
 * net_control_accel. The helper then puts sockets of the host's in place of those that connect to
 * the world. Those processes must be in a user namespace of their own: capabilities over the host's
 * network would be capabilities over these sockets.
 */
#define NET_ACCEL_FILTER_MAX 64

/* Returns the number of instructions; 0: not written for this architecture. */
size_t net_accel_filter(struct sock_filter code[static NET_ACCEL_FILTER_MAX]);
