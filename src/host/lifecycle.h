/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/lifecycle: what is done to a container that exists: kill, delete, its processes.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "state/state.h"

/*
 * A signal's number from "9", "KILL", "SIGKILL", "sigkill", "RTMIN+3"; 0 is valid. Errors: EINVAL
 * `unknown signal "FOO"`.
 */
int host_signal_parse(const char *text, int *ret, struct err *err);

/*
 * Sends a signal to init by pidfd, or with `all` (and SIGKILL where there is no pid namespace that
 * ends with init) to every process of the container. Takes no lock. Errors: ENOENT (no such
 * container), ESRCH "container not running".
 */
int host_kill(const char *root, const char *id, int sig, bool all, struct err *err);

/*
 * Freezes every process of a running container, or lets a paused one go on. Errors: EINVAL, naming
 * the status that it has; ENOTSUP when the container has no cgroup.
 */
int host_pause(const char *root, const char *id, struct err *err);
int host_resume(const char *root, const char *id, struct err *err);

/*
 * Removes a stopped or created container; with force also a running one (SIGKILL, then waits for
 * its end), and a missing one is success, as are the leftovers of a killed create and a damaged
 * state.json, which it removes.
 * Errors: EBUSY "cannot delete container ID that is not stopped: running".
 */
int host_delete(const char *root, const char *id, bool force, struct err *err);

/*
 * Ends whatever still runs of the container of a locked folder, removes the folder (the lock goes
 * with it) and runs the poststop hooks.
 */
int host_destroy(struct state_dir *dir, const struct state *state, struct err *err);
