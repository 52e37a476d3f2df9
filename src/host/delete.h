/* SPDX-License-Identifier: Apache-2.0 */
/* host/delete: removing a container and all that was made for it. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "container/container.h"

/*
 * Removes a stopped or created container, of which only the name has to be known
 * (container_named); with force also a running one (SIGKILL, then waits for its end), and a missing
 * one is success, as are the leftovers of a killed create and a damaged state.json, which it
 * removes.
 * Errors: EBUSY "cannot delete container ID that is not stopped: running".
 */
int host_delete(struct container *c, bool force, struct err *err);

/*
 * Ends whatever still runs of a locked container, removes its folder (the lock goes with it) and
 * runs the poststop hooks. hurry: a signal has asked us to end.
 */
int host_destroy(struct container *c, bool hurry, struct err *err);
