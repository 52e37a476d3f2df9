/* SPDX-License-Identifier: Apache-2.0 */
/* plan/print: a plan as text. */
#pragma once

#include "base/arena.h"
#include "plan/plan.h"

/* One property a line, in a stable order: for people and for golden tests. */
const char *plan_print(struct arena *arena, const struct plan *plan);
