/* SPDX-License-Identifier: Apache-2.0 */
/*
 * facts/inherited_fds: descriptors that the caller hands to the container: socket activation
 * (LISTEN_FDS) and, behind it, --preserve-fds.
 *
 * Of the former each must be open, or the run is refused by its number: the program counts on all.
 * Among the latter there may be gaps. Files of rootlet's that came to lie in one are close-on-exec.
 * LISTEN_PID is set by the guest, to its own pid, so that it is right without a pid namespace too.
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

/* Errors: EBADF, naming the first of LISTEN_FDS that the caller did not open. */
int facts_inherited_check(const struct plan_process *process, struct err *err);
