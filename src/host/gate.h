/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/gate: the socket on which a created container waits for `start`.
 *
 * It lies in the container's state folder, which only its user may enter; the guest inherits the
 * listening side. While it is there the container is "created"; `start` removes it.
 */
#pragma once

#include "base/err.h"
#include "state/state.h"

/* The listening side, close-on-exec. */
int host_gate_make(const struct state_dir *dir, int *ret_fd, struct err *err);

/*
 * Connects to the gate of a locked state folder, removes it, and starts the container over the
 * connection. *ret_notify: what waited there as the container's notification socket and is still to
 * be checked, else untouched.
 */
int host_gate_open(const struct state_dir *dir, int *ret_notify, struct err *err);

/*
 * The namespaces of a created container's first process, which that process hands out where they
 * can't be had by its pid (dir needs no lock). fds: one for each of sys_namespaces, -1 where there
 * is none; the caller's to close, on failure too.
 */
int host_gate_namespaces(const struct state_dir *dir, int *fds, struct err *err);

/*
 * Sends START over wire and waits until the program runs (end of file after WIRE_EXEC). ret_notify
 * may be NULL where no such socket is due. Errors: what the guest says; ECHILD when it ended
 * without a word.
 */
int host_gate_start(int wire, int *ret_notify, struct err *err);
