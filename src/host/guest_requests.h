/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/guest_requests: what guests of more than one kind ask of the host. Rows for a table of
 * requests (host/guest_process.h): whether a plan has a use for a message, and what is done then.
 */
#pragma once

#include "host/guest_process.h"

/*
 * INIT, of `rootlet mounts`: a process enters a pid namespace by its child. The other half is
 * host_guest_take_init.
 */
bool host_guest_enters_pids(const struct plan *plan);

/* CONSOLE: the terminal goes to the console socket, or stays with whoever stays. */
bool host_guest_has_terminal(const struct plan *plan);
int host_guest_take_console(struct guest_process *g, struct wire_msg *msg, struct err *err);

/* LISTENER: of the seccomp filter, for its agent. */
bool host_guest_has_listener(const struct plan *plan);
int host_guest_take_listener(struct guest_process *g, struct wire_msg *msg, struct err *err);

/* SWITCH: the same of an accelerated network's filter. Who takes it differs. */
bool host_guest_is_accelerated(const struct plan *plan);
