/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest/copy_up: `tmpcopyup`: a new tmpfs that begins with what the place held before. Private to
 * src/guest.
 */
#pragma once

#include "base/err.h"
#include "plan/plan.h"

/*
 * Copies the tree below the directory `from` (O_PATH will do) into the detached mount `into`.
 * Owners and modes are kept.
 */
int guest_copy_up(int from, int into, const struct plan_mount *m, struct err *err);
