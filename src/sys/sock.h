/* SPDX-License-Identifier: Apache-2.0 */
/* sys/sock: a descriptor and the bytes that go with it, over a UNIX stream socket. */
#pragma once

#include <stddef.h>

/*
 * Sends all bytes, the descriptor with the first of them (unix(7), SCM_RIGHTS). len must not be 0. Returns 0 or -errno;
 * a receiver that is gone is -EPIPE, without a signal.
 */
int sys_send_fd(int socket, const void *bytes, size_t len, int fd);
