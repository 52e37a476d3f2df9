/* SPDX-License-Identifier: Apache-2.0 */
/* host/create: the OCI operation "create". */
#pragma once

#include "base/err.h"
#include "host/launch_options.h"

/* Makes the container and leaves it waiting for `start`. On failure nothing of it is left. */
int host_create(const struct launch_options *options, struct err *err);
