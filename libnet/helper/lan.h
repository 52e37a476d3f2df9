/* SPDX-License-Identifier: Apache-2.0 */
/* helper/lan: allow_lan=false. */
#pragma once

#include "base/err.h"
#include "libnet/request.h"

/*
 * Prohibits the host's addresses and networks inside, once the namespace is ours to enter; nothing
 * with allow_lan=true.
 */
int helper_lan_prohibit(const struct net_request *request, struct err *err);
