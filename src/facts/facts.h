/* SPDX-License-Identifier: Apache-2.0 */
/*
 * facts/facts: what the machine is like, for a plan.
 *
 * A plan sees no system call: whatever it must know of the machine and of who asks is probed here,
 * and by user/ids.c for ids. That is what this configuration makes necessary and no more: reading
 * /etc/subuid for a bundle that maps one id would be start-up time spent for nothing.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "plan/facts.h"
#include "spec/spec.h"

int facts_probe(struct arena *arena, const struct spec *spec, struct facts *ret, struct err *err);

/* The part of it that concerns a process: no subordinate ids. Enough for exec. */
void facts_process(struct arena *arena, const struct spec_process *process, struct facts *ret);

/* The part that concerns mounts. Enough for `rootlet mounts`. */
void facts_mounts(struct arena *arena, const struct spec *spec, struct facts *ret);
