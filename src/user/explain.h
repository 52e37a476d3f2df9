/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user/explain: why the kernel said no to a rootless container, and the remedy.
 *
 * Runs only after a failure, so it may look at as much of the machine as it likes. Each function
 * adds a hint to err when it finds a cause, and leaves err alone otherwise.
 */
#pragma once

#include "base/err.h"
#include "plan/plan.h"

/* A user namespace could not be made, or its map not written. */
void user_explain_userns(struct err *err);

/* newuidmap or newgidmap failed. */
void user_explain_helper(const struct plan_ids *ids, struct err *err);
