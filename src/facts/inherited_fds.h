/* SPDX-License-Identifier: Apache-2.0 */
/*
 * facts/inherited_fds: descriptors that the caller hands to the container: socket activation
 * (LISTEN_FDS) and, behind it, --preserve-fds.
 *
 * Each must be open, or the run is refused by its number: a gap would be filled by a file of ours.
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

/* Errors: EBADF, naming the first one that the caller did not open. */
int facts_inherited_check(const struct plan_process *process, struct err *err);
