/* SPDX-License-Identifier: Apache-2.0 */
/* host/kill: signals to a container, and its end. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "container/container.h"

/*
 * Sends a signal to init by pidfd, or with `all` (and SIGKILL where there is no pid namespace that
 * ends with init) to every process of the container. Takes no lock. Errors: ESRCH "container not
 * running".
 */
int host_kill(struct container *c, int sig, bool all, struct err *err);

/*
 * Kills every process of the container, and waits until all have ended (a zombie has). Success if
 * they had ended before. Errors: ETIMEDOUT after ten seconds, with the pids that are left.
 */
int host_kill_and_wait(struct container *c, struct err *err);

/*
 * The part of it for a container whose init has ended: without a pid namespace of its own others
 * may live on, outside of its cgroup or without one. They are known by its mount namespace
 * (state/processes.c). Errors: as above.
 */
int host_kill_rest(const struct state *state, struct err *err);

/*
 * Whether the container has ended by now, or does so within a second, being killed or exiting
 * already.
 */
bool host_ends_by_itself(const struct container *c);
