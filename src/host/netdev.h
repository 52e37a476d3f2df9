/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/netdev: linux.netDevices: devices of the runtime's network namespace move into the
 * container's.
 *
 * The host side does it, between the container's mounts and the hooks: only it has rights over the
 * namespace that they come from. Its second netlink socket, of the container's namespace, is made
 * by a child that enters that namespace, leaves the socket in the common table of descriptors and
 * ends. What could refuse (no such device, a name that is taken) is asked before anything moves.
 */
#pragma once

#include <sys/types.h>

#include "base/err.h"
#include "plan/plan.h"

/*
 * Moves each device of the plan into the network namespace of pid, under its new name, with its
 * permanent addresses of global scope, and brings it up (config-linux.md, "Network Devices"). What
 * is moved stays there when a later one fails: the end of the namespace is what brings physical
 * devices back. Errors: of the kernel, naming device and remedy.
 */
int host_netdev_move(const struct plan *plan, pid_t pid, struct err *err);
