/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/pidfd_socket: --pidfd-socket: a client gets a pidfd of the process that was started.
 *
 * With it the client can signal and wait without a race on the pid, and without being the parent.
 */
#pragma once

#include "base/err.h"

/* What the message says beside the descriptor; runc's words. */
#define PIDFD_SOCKET_INIT "standard" /* the container's first process */
#define PIDFD_SOCKET_EXEC "setns"    /* one that joined it */

/*
 * Connects to the client's socket, before there is a process to speak of. Errors name the option
 * and the path.
 */
int host_pidfd_socket_connect(const char *path, int *ret_fd, struct err *err);

/* Sends the pidfd with `kind` as payload. A client that is gone is an error. */
int host_pidfd_socket_send(int socket, const char *kind, int pidfd, struct err *err);

/*
 * The same for who is named by crun's annotation run.oci.pidfd_receiver: the container's first
 * process.
 */
int host_pidfd_receiver_connect(const char *path, int *ret_fd, struct err *err);
int host_pidfd_receiver_send(int socket, int pidfd, struct err *err);
