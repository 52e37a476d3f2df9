/* SPDX-License-Identifier: Apache-2.0 */
/* helper/link: the device in the namespace. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "libnet/config.h"
#include "libnet/request.h"
#include "sys/netlink.h"

/*
 * A socket of the namespace, and the device there, which goes with its descriptor; -1: slirp4netns
 * can't be given one.
 */
int helper_link_make(const struct net_request *request, int *ret_tap, struct sys_nl *ret,
		     struct err *err);

/* ours: IPv4 and the loopback too, which else is slirp4netns' work. */
int helper_link_configure(const struct net_config *config, struct sys_nl *nl, bool ours,
			  struct err *err);

/* Does the device lead to the world, by IPv4? */
bool helper_link_there(struct sys_nl *nl);
