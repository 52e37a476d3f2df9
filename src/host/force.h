/* SPDX-License-Identifier: Apache-2.0 */
/* host/force: a container's lock, whoever has it. */
#pragma once

#include "container/container.h"

/*
 * As container_lock, but within 5 seconds: a command that holds the lock is given a second to be
 * done, then asked to end, by which it undoes what it has made, and killed with all its children if
 * it does not. Errors: those of container_lock; EBUSY, when nobody who could be ended has it.
 */
int host_lock_by_force(struct container *c, struct err *err);
