/* SPDX-License-Identifier: Apache-2.0 */
/* plan/unit_property: a systemd property from the value of an annotation. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "plan/plan.h"

/*
 * The unit property that an annotation asks for: key is the whole key
 * ("org.systemd.property.TasksMax"), text its value in GVariant's text format, as runc and crun
 * have it: true, 'text', ['a', 'b'], 5 (an int32), uint64 90000000, @as []. A name that ends with
 * Sec is given in seconds, also with a fraction, and becomes …USec. The result lives in the arena.
 * Errors: EINVAL, with the annotation's path and the position of what is wrong.
 */
int plan_unit_property(struct arena *arena, const char *key, const char *text,
		       struct plan_property *ret, struct err *err);
