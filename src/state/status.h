/* SPDX-License-Identifier: Apache-2.0 */
/* state/status: is it alive? */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "state/state.h"

/* "creating", "created", "running", "paused", "stopped". */
const char *state_status_name(enum state_status status);

/*
 * From the kernel and the gate, never from the file: is it alive (pid, start time, not a zombie),
 * was it started? One that was made in another pid namespace counts as alive unless its cgroup is
 * known to be empty.
 */
enum state_status state_status(const char *root, const struct state *state);

/*
 * Was it made in another pid namespace than this process is in? Its processes have other numbers
 * here, or none: what is said of it then is what its cgroup tells.
 */
bool state_is_foreign(const struct state *state);

/* Says that it was, and what to do. Returns -EREMOTE. */
int state_foreign(const char *root, const struct state *state, struct err *err);

/* Numbers of processes and namespaces mean nothing after the next boot. */
bool state_of_this_boot(const struct state *state);

/*
 * A pidfd of the container's init, made sure by its start time; -ESRCH when it is gone (or a
 * zombie), -EREMOTE where it has no number here (state_is_foreign).
 */
int state_pidfd(const struct state *state, int *ret_pidfd);

/*
 * Whether the container's process has ended, exits, or has SIGKILL pending. What is in its pid
 * namespace dies first, and its cgroup may go with it: to whoever was busy there this is the reason
 * for what failed.
 */
bool state_is_ending(const struct state *state);
