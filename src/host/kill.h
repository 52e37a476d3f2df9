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
 * Kills every process of the container, and waits until init has ended (a zombie has). Success if
 * it had ended before. Errors: ETIMEDOUT after ten seconds.
 */
int host_kill_and_wait(const struct container *c, struct err *err);

/*
 * Whether the container has ended by now, or does so within a second, being killed or exiting
 * already.
 */
bool host_ends_by_itself(const struct container *c);
