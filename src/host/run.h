/* SPDX-License-Identifier: Apache-2.0 */
/* host/run: staying with a container that this process has made. */
#pragma once

#include "host/launch_internal.h"

/*
 * Until its end: signals and terminal go through, then nothing of it is left. *ret_status: as
 * host_run's.
 */
int host_run_stay(struct launch *l, int *ret_status, struct err *err);
