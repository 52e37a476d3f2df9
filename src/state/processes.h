/* SPDX-License-Identifier: Apache-2.0 */
/* state/processes: which processes are the container's. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "state/state.h"

/* The pids (as this process sees them) of the container, ascending. */
int state_processes(struct arena *arena, const struct state *state, pid_t **ret, size_t *ret_n,
		    struct err *err);

/*
 * The same by namespaces and descent alone, whatever is in its cgroup: also what has left that. Not
 * this process itself. After init's end: those that are in its mount namespace, Linux 6.11.
 */
int state_processes_by_namespace(struct arena *arena, const struct state *state, pid_t **ret,
				 size_t *ret_n, struct err *err);
