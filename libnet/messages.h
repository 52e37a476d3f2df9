/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net/control: what is said over a helper's control socket. Private to libnet.
 *
 * One SOCK_SEQPACKET connection is one exchange. The client sends a line, "list", "watching",
 * "follow", "add PORT N", "remove PORT", "watch PID" with a pidfd, or "accel" with a filter's
 * listener. After "add" the N bound sockets follow in datagrams of one byte with at most
 * CONTROL_FDS_MAX descriptors each. The answer is "ok", followed by one line for each port of a
 * list or by the number of processes, or "error CODE TEXT". After "follow" the connection stays,
 * and each event comes as one datagram.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#define CONTROL_MESSAGE_MAX 256
#define CONTROL_FDS_MAX 200 /* SCM_MAX_FD is 253 */
#define CONTROL_REPLY_MAX 65536
#define CONTROL_TIMEOUT_S 5

/* Sends text and n descriptors as one datagram. Returns 0 or -errno. */
int control_send(int socket, const char *text, const int *fds, size_t n);

/*
 * Receives one datagram: NUL-terminated text, its descriptors (at most CONTROL_FDS_MAX, the
 * caller's). Returns the text's length, 0 at the end of file, or -errno (-EPROTO: longer than
 * `size`, or too many descriptors; all are closed then).
 */
ssize_t control_receive(int socket, char *text, size_t size, int *fds, size_t *ret_n);
