/* SPDX-License-Identifier: Apache-2.0 */
/*
 * facts/inherited_fds: descriptors that the caller hands to the container: --preserve-fds and socket
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
void facts_inherited(struct facts *ret);

/* Errors: EBADF, naming the first one that the caller did not open. */
int facts_inherited_check(const struct plan_process *process, struct err *err);
