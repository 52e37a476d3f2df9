/* SPDX-License-Identifier: Apache-2.0 */
/* host/mounts: `rootlet mounts`: mounts added to a container that is there, or removed from it. */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/*
 * file: a JSON array of mounts as config.json has them, "-": standard input. add: all or none.
 * remove: what is on top of each destination, the last one first. Works for a created, running or
 * paused container; its state folder is read without its lock. root: state_root's answer.
 */
int host_mounts(const char *root, const char *id, const char *file, bool remove, struct err *err);
