/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan/device_filter: linux.resources.devices as the program that the kernel asks at each mknod and
 * open of a device.
 *
 * cgroup v2 has no files for devices: a program of type BPF_PROG_TYPE_CGROUP_DEVICE at the cgroup
 * says yes or no (Linux 4.15, Documentation/admin-guide/cgroup-v2.rst, "Device controller").
 */
#pragma once

#include "base/arena.h"
#include "plan/plan.h"
#include "spec/spec.h"

/*
 * The rules and the program of checked resources, in the arena. Empty when there is nothing to
 * hold: no rules at all, or everything is allowed.
 *
 * Rules count in their order, the last one that speaks of an access decides it, and an open for
 * reading and writing needs both. What no rule speaks of is forbidden, and behind all rules the
 * default devices are allowed and so is making nodes, which open nothing: without a rule of "m" for
 * everything, no image could be unpacked. All of that is as runc and crun have it, but for one
 * thing: there, a rule that forbids writing alone says nothing of an open for both, which an
 * earlier rule then allows.
 */
void plan_device_filter(struct arena *arena, const struct spec_resources *resources,
			struct plan_device_filter *ret);
