/* SPDX-License-Identifier: Apache-2.0 */
/* helper/link: the device in the namespace. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "libnet/config.h"
#include "libnet/request.h"
#include "sys/netlink.h"

/*
 * A socket of the namespace, one that is readable when a device there has changed (the bell), and
 * the device, which goes with its descriptor.
 */
int helper_link_make(const struct net_request *request, int *ret_tap, struct sys_nl *ret,
		     int *ret_bell, struct err *err);

/* The device and the loopback: addresses, routes, up. */
int helper_link_configure(const struct net_config *config, struct sys_nl *nl, struct err *err);

/*
 * When the bell has rung: has the device been deleted, or moved to another network namespace than
 * netns? Does not wait.
 */
bool helper_link_gone(int bell, int tap, int netns);

/* Does the device lead to the world, by IPv4? */
bool helper_link_there(struct sys_nl *nl);
