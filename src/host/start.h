/* SPDX-License-Identifier: Apache-2.0 */
/* host/start: the OCI operation "start". */
#pragma once

#include "base/err.h"

/* Lets a created container go. Errors of its last steps (execve) are reported here. */
int host_start(const char *root, const char *id, struct err *err);
