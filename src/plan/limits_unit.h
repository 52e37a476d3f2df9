/* SPDX-License-Identifier: Apache-2.0 */
/* plan/limits_unit: limits as properties of a systemd unit. */
#pragma once

#include "base/arena.h"
#include "plan/plan.h"

/* The properties alone, from files that plan_limits made. */
void plan_limits_properties(struct arena *arena, struct plan_limits *limits);
