/* SPDX-License-Identifier: Apache-2.0 */
/* state/status: is it alive? */
#pragma once

#include <stdbool.h>

#include "state/state.h"

/* "creating", "created", "running", "paused", "stopped". */
const char *state_status_name(enum state_status status);

/*
 * From the kernel and the gate, never from the file: is it alive (pid, start time, not a zombie),
 * was it started?
 */
enum state_status state_status(const char *root, const struct state *state);

/* Numbers of processes and namespaces mean nothing after the next boot. */
bool state_of_this_boot(const struct state *state);

/*
 * A pidfd of the container's init, made sure by its start time; -ESRCH when it is gone (or a
 * zombie).
 */
int state_pidfd(const struct state *state, int *ret_pidfd);

/*
 * Whether the container's process has ended, exits, or has SIGKILL pending. What is in its pid
 * namespace dies first, and its cgroup may go with it: to whoever was busy there this is the reason
 * for what failed.
 */
bool state_is_ending(const struct state *state);
