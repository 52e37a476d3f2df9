/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/passed: descriptors that the caller hands to the container: --preserve-fds and socket
 * activation.
 */
#pragma once

#include "base/err.h"
#include "plan/facts.h"
#include "plan/plan.h"

/*
 * $LISTEN_FDS, where it is meant for this process (sd_listen_fds(3)): $LISTEN_PID is ours, or not
 * set.
 */
void host_passed_facts(struct facts *ret);

/* Errors: EBADF, naming the first one that the caller did not open. */
int host_passed_check(const struct plan_process *process, struct err *err);
