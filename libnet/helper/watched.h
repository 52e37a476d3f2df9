/* SPDX-License-Identifier: Apache-2.0 */
/* helper/watched: the processes that the network lives for. */
#pragma once

#include <sys/types.h>

#include "libnet/helper/state.h"

/* One more. Takes the pidfd, on failure too. Returns 0 or -errno. */
int helper_watch(struct helper *h, pid_t pid, int pidfd);

/* Those that have ended are watched no more. */
void helper_forget_ended(struct helper *h);
