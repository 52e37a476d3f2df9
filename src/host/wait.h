/* SPDX-License-Identifier: Apache-2.0 */
/* host/wait: blocks until a container has ended. */
#pragma once

#include "base/err.h"
#include "container/container.h"
#include "state/exit.h"

/*
 * Until the container has ended, through its start if it is only created. Changes nothing; a
 * `delete` by others does not disturb it. Errors: ENODATA where nobody recorded how it ended.
 */
int host_wait(const struct container *c, struct exit_record *ret, struct err *err);
