/* SPDX-License-Identifier: Apache-2.0 */
/* host/run: create and start in one, and staying with the container. */
#pragma once

#include "base/err.h"
#include "host/launch_options.h"

struct launch;

/*
 * create and start; in the foreground also forwards signals, carries the terminal, waits and
 * deletes. *ret_status is the exit status (128 + signal for a signal), 0 when detached.
 */
int host_run(const struct launch_options *options, int *ret_status, struct err *err);

/*
 * Stays with a container that this process has made, until its end: signals and terminal go
 * through, then nothing of it is left. *ret_status: as host_run's.
 */
int host_run_stay(struct launch *l, int *ret_status, struct err *err);
