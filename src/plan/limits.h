/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan/limits: linux.resources as cgroup v2 and as systemd have it.
 *
 * config-linux.md describes limits in the terms of cgroup v1. What version 2 has under another name
 * or scale is converted, as runc and crun do; what it has not at all is an error, since a limit
 * that is passed over in silence is one that somebody relies on.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "plan/plan.h"
#include "spec/spec.h"

/*
 * The files and their values, in an order in which they can be written, and the unit's properties
 * for the same. `at` goes in front of the JSON paths: "/linux/resources", or "" for update. Device
 * rules are not among them. no_pids: a pids.limit of 0 is the limit that it says, as version 1.3.0
 * of the specification has it; before that, and with update, clients mean that there is none.
 * Errors: EINVAL for a contradiction or a value out of range, ENOTSUP for what cgroup v2 does not
 * have; with the path.
 */
int plan_limits(struct arena *arena, const struct spec_resources *resources, const char *at,
		bool no_pids, struct plan_limits *ret, struct err *err);

/*
 * "memory" for "memory.max"; NULL for a file that belongs to no controller ("cgroup.max.depth"). In
 * the arena.
 */
const char *plan_limit_controller(struct arena *arena, const char *file);

/*
 * cpu.weight (1 to 10000) for cpu.shares (2 to 262144) by the curve that meets both ends and the
 * defaults, 1024 and 100; 0 for 0, which means "not set".
 */
uint64_t plan_cpu_weight(uint64_t shares);
