/* SPDX-License-Identifier: Apache-2.0 */
/*
 * facts/container: what can be seen of a running container from outside.
 *
 * These are the facts of exec, and of `rootlet mounts`: which of the container's namespaces are not
 * ours, its id maps, whether setgroups is denied there.
 *
 * A process that changed its user and has executed nothing since can't be looked into, not even by
 * its owner: its memory is that of a program of another user namespace. A created container of a
 * user other than root is such a one until `start`. It therefore keeps its namespaces open, and
 * hands them out at the gate. Making it dumpable would be shorter, but what is executed in the
 * container could then read the caller's environment in its memory.
 */
#pragma once

#include <sys/types.h>

#include "base/arena.h"
#include "plan/facts.h"

/*
 * Of the container whose first process is pid (the caller holds its pidfd). namespaces: its
 * descriptors as the gate gives them, or NULL to look at the process.
 * Returns 0 or -errno: -EACCES when that process is out of our sight.
 */
int facts_container(struct arena *arena, pid_t pid, const int *namespaces,
		    struct facts_container *ret);
