/* SPDX-License-Identifier: Apache-2.0 */
/* host/idmap: writing a child's id maps, by ourselves or by shadow's helpers. */
#pragma once

#include <sys/types.h>

#include "base/err.h"
#include "plan/plan.h"

/*
 * Writes both maps of pid, which is our own child, not yet reaped and dumpable. The helpers run side by side; what they
 * say on stderr becomes part of the error, with our own diagnosis beside it.
 */
int host_idmap_write(const struct plan_ids *ids, pid_t pid, struct err *err);
