/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/facts: the only code that probes the machine for a plan.
 *
 * Probes what this configuration makes necessary and no more: reading /etc/subuid for a bundle that maps one id would
 * be start-up time spent for nothing.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "plan/facts.h"
#include "spec/spec.h"

int host_facts(struct arena *arena, const struct spec *spec, struct facts *ret, struct err *err);
