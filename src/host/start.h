/* SPDX-License-Identifier: Apache-2.0 */
/* host/start: the OCI operation "start". */
#pragma once

#include "base/err.h"
#include "container/container.h"

/*
 * Lets a created container go, whose folder is locked. Errors of its last steps (execve) are
 * reported here.
 */
int host_start(struct container *c, struct err *err);
