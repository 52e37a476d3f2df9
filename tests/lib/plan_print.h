/* SPDX-License-Identifier: Apache-2.0 */
/* plan_print: a plan as text. */
#pragma once

#include "base/arena.h"
#include "plan/plan.h"

/* One property a line, in a stable order. The text lives in the arena. */
const char *plan_print(struct arena *arena, const struct plan *plan);
