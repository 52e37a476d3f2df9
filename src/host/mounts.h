/* SPDX-License-Identifier: Apache-2.0 */
/* host/mounts: `rootlet mounts`: mounts added to a container that is there, or removed from it. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "container/container.h"

/*
 * file: a JSON array of mounts as config.json has them (host_input_read). add: all or none.
 * remove: what is on top of each destination, the last one first. Works for a held container, be it
 * created, running or paused; its folder need not be locked.
 */
int host_mounts(struct container *container, const char *file, bool remove, struct err *err);
