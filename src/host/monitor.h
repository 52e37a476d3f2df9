/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/monitor: the one small process that a detached run leaves, to learn how its container ends.
 *
 * Where the kernel tells a process's end by its pidfd (sys/exit.h) the monitor is begun after the
 * start, beside the container: init then goes to the caller's reaper, as with other runtimes, and a
 * service manager that follows the pid file finds it among its own. On older kernels only the
 * parent learns the exit status: there the whole launch happens in what becomes the monitor, and
 * the caller's process waits for its report.
 *
 * It holds nothing of the caller's: no descriptor, no terminal, no working directory, no
 * environment. Signals but SIGKILL do not end it, the container's end does.
 *
 * It is a fork of the launch without its memory: 0.4 MB of its own. `create` leaves no monitor,
 * since its callers reap. There `wait` watches the process itself, and has the status of the pidfd
 * or of the zombie, or says that it can't be known.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "host/notify.h"

struct monitor {
	pid_t pid; /* the container's init */
	int pidfd;
	int record;  /* state_exit_begin's descriptor, locked */
	bool parent; /* init is our child: reap it */
	struct notify notify;
	/* a pipe where it tells, once, that the container is ready or has ended; -1: none */
	int report;
};

/* Begins it beside this process; it keeps copies of the descriptors. */
int host_monitor_begin(const struct monitor *monitor, struct err *err);

/* Becomes it. */
_Noreturn void host_monitor_become(const struct monitor *monitor);

/*
 * Runs `work` in a child that is to become the monitor, with `report` for it. Returns 0 as soon as
 * it reports, or the error that work returned. The child dies with this process until it is the
 * monitor.
 */
int host_monitor_behind(int (*work)(void *data, int report, struct err *err), void *data,
			struct err *err);
