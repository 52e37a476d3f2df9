/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/notify: what a container tells its service manager (sd_notify(3)), passed on.
 *
 * With $NOTIFY_SOCKET the container gets a socket of its own, /run/notify/notify.sock as with runc,
 * which is the file ROOT/ID/notify bound there. Whoever stays with the container reads it: the
 * foreground run, the monitor of a detached one, `start` until the container is ready. For `start`
 * the socket waits with the guest, and crosses by the gate.
 *
 * The container is hostile: a datagram has a bound, descriptors in it are dropped by the kernel,
 * only lines about the service's own state go on, and MAINPID is said by us.
 *
 * The socket is one file, bound read-only, not a folder of the host's that the container could
 * fill. It is mounted before the guest takes the container's ids: with those the state folder may
 * be closed to it. A detached run and `start` return when READY=1 was passed on or the container
 * has ended, because a manager takes the end of its process before that for a failure. The
 * manager's address is in state.json, since `start` is called with another environment.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "state/state.h"

#define NOTIFY_FILE "notify"

struct notify {
	int from; /* the container's socket; -1: there is no notification */
	int to;	  /* connected to the manager's */
	pid_t main_pid;
	bool ready; /* READY=1 was passed on */
};

#define NOTIFY_NONE                                                                                \
	{                                                                                          \
		.from = -1, .to = -1                                                               \
	}

/* Closes both sides. */
void host_notify_close(struct notify *notify);

/* Makes ROOT/ID/notify, which every user of the container may write to. */
int host_notify_bind(const struct state_dir *dir, int *ret_fd, struct err *err);

/* Connects to a manager's socket: "/path" or "@abstract". */
int host_notify_connect(const char *address, int *ret_fd, struct err *err);

/* Is this, received from the guest, a datagram socket? */
int host_notify_check(int fd, struct err *err);

/* Passes one datagram on, if there is one. Returns false when there is none. */
bool host_notify_forward(struct notify *notify);

/* What was still said before the end. */
void host_notify_drain(struct notify *notify);

/* Passes on until READY=1 came, or the process of pidfd has ended. */
void host_notify_until_ready(struct notify *notify, int pidfd);
