/* SPDX-License-Identifier: Apache-2.0 */
/* host/gate: making a container's start gate (container/gate.h), and starting it through that. */
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
 * Sends START over wire and waits until the program runs (end of file after WIRE_EXEC). signals:
 * as sys_await_by has it. ret_notify may be NULL where no such socket is due. Errors: what the
 * guest says; ECHILD when it ended without a word.
 */
int host_gate_start(int wire, int signals, int *ret_notify, struct err *err);

/* The same once START was sent. */
int host_gate_follow(int wire, int signals, int *ret_notify, struct err *err);
