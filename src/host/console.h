/* SPDX-License-Identifier: Apache-2.0 */
/* host/console: where the container's terminal goes: to a client's socket. */
#pragma once

#include "base/err.h"

/* Connects to the client's --console-socket. */
int host_console_connect(const char *path, int *ret_fd, struct err *err);

/*
 * Sends the multiplexer side of the terminal, with its name as payload, as conmon and containerd
 * expect it.
 */
int host_console_send(int socket, int multiplexer, struct err *err);

/* Is this, received from the guest, really a terminal's multiplexer side? */
int host_console_check(int multiplexer, struct err *err);
