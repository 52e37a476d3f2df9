/* SPDX-License-Identifier: Apache-2.0 */
/* host/wait: blocks until a container has ended. */
#pragma once

#include "base/err.h"
#include "state/exit.h"

/*
 * Until the container has ended, through its start if it is only created. Takes no lock, changes
 * nothing; a `delete` by others does not disturb it. Errors: ENOENT "container `ID` does not
 * exist"; ENODATA where nobody recorded how it ended.
 */
int host_wait(const char *root, const char *id, struct exit_record *ret, struct err *err);
