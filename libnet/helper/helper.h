/* SPDX-License-Identifier: Apache-2.0 */
/* helper/helper: the one process that a network needs alive. */
#pragma once

#include "libnet/request.h"

/*
 * Situation: a fresh child of the caller, who will not wait for it. Writes a struct err to `ready`
 * twice: when the namespace has its device, and when all is done; code 0 says that it went well, an
 * error is the last. mapped: readable when the namespace has its ids; -1: it has them already.
 */
_Noreturn void helper_main(const struct net_request *request, int ready, int mapped);
