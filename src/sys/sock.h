/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sys/sock: UNIX stream sockets by path, a descriptor with the bytes that go with it, locked socket
 * filters, and sockets of other namespaces.
 */
#pragma once

#include <linux/filter.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/err.h"

/*
 * Sends all bytes, the descriptor with the first of them (unix(7), SCM_RIGHTS). len must not be 0.
 * Returns 0 or -errno; a receiver that is gone is -EPIPE, without a signal. One that does not read
 * is waited for: the number of a signal that asks us to end meanwhile (sys/await.h).
 */
int sys_send_fd(int socket, const void *bytes, size_t len, int fd);

/*
 * connect(2) of a UNIX socket that is O_NONBLOCK, and is not any more then. Waits while the queue
 * of the listener is full, at most timeout_ms (-1: without end). Returns 0, -errno (-ETIMEDOUT), or
 * the number of a signal as sys_send_fd.
 */
int sys_connect(int fd, const struct sockaddr *to, socklen_t len, int timeout_ms);

/*
 * Connects to a listening socket; its path may be longer than sun_path's 108 bytes (then it goes
 * through an O_PATH descriptor and /proc/self/fd). *ret_fd is close-on-exec. Returns as
 * sys_connect without an end of time.
 */
int sys_connect_unix(const char *path, int *ret_fd);

/*
 * To an error of sys_connect_unix that says ECONNREFUSED: whether there is no socket at that path,
 * or nobody who listens.
 */
void sys_explain_socket(const char *path, struct err *err);

/*
 * Attaches a filter for good, socket(7), SO_LOCK_FILTER: whoever has the socket can't take it off.
 * Returns 0 or -errno (-EPERM: some kernels keep that for CAP_NET_ADMIN on sockets of TCP).
 */
int sys_lock_socket_filter(int socket, struct sock_filter *code, size_t n);

/*
 * Descriptors that are made in another network namespace, given by a descriptor of it, without
 * entering it: a child does, calls `make` with our common table of descriptors, and ends. Nobody
 * in the namespace can trace that child or look into it (PR_SET_DUMPABLE). `make` fills in n of
 * them, at most SYS_MADE_MAX, or returns -errno and has none open. userns: one to enter first, for
 * the right to do so; -1: none, it takes CAP_SYS_ADMIN over the network namespace then, setns(2).
 * Returns 0 or -errno.
 */
#define SYS_MADE_MAX 3
int sys_make_in(int userns, int netns, int (*make)(const void *arg, int *fds), const void *arg,
		int *fds, size_t n);

/* socket(2) in that way. Returns a descriptor or -errno. */
int sys_socket_in(int userns, int netns, int domain, int type, int protocol);
