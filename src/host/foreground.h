/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/foreground: staying with a container: signals and terminal go through, its end comes back.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "host/notify.h"

/*
 * Blocks the signals that a container's caretaker hears of by descriptor, and returns that
 * signalfd. Stop signals keep their effect: Ctrl-Z stops the caretaker, not the container.
 */
int host_signals_catch(int *ret_fd, struct err *err);

/* The next signal that came by it, or 0. */
int host_signals_next(int fd);

struct foreground {
	pid_t pid; /* the container's init, our child */
	int pidfd;
	int signals;	       /* host_signals_catch's descriptor */
	int multiplexer;       /* -1: no terminal */
	struct notify *notify; /* NULL: none */
	struct relay *relay;   /* of its output; NULL: none */
	/* no pid namespace of its own: what init leaves behind comes to us and is killed */
	bool reap_orphans;
};

/*
 * Puts the caller's terminal into raw mode and gives the container's its size, until
 * host_foreground_wait is done.
 */
void host_foreground_size(int multiplexer);

/*
 * Until the container has ended. *ret_status: as wait(2) has it. *ret_hurry: a signal that asks a
 * process to end was handed on to it, so what is left to be done must not take long. May be NULL.
 */
int host_foreground_wait(const struct foreground *fg, int *ret_status, bool *ret_hurry,
			 struct err *err);
