/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/exec: exec: one more process in a container that is there.
 *
 * It is a launch that joins in place of making. Facts are what can be seen of the container from
 * outside: which of its namespaces are not ours, its id maps, whether setgroups is denied. The plan
 * is the same struct, its process is decided by the same code, and the guest runs a shorter table
 * of the same steps. The state is read without its lock, so that exec works while a `start` hangs.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "container/container.h"
#include "plan/exec.h"

struct exec_options {
	struct plan_exec_wish wish;
	const char *process_file;   /* JSON of a process; NULL: none */
	const char *pid_file;	    /* NULL: none */
	const char *console_socket; /* NULL: none */
	const char *pidfd_socket;   /* NULL: none */
	const char *cgroup;	    /* below the container's own; NULL: there */
	bool detach;
	bool ignore_paused;
	int preserve_fds;
};

/*
 * Starts the process in a held container; in the foreground also forwards signals, carries the
 * terminal and waits. *ret_status: its exit status (128 + signal for a signal), 0 when detached.
 * The container's folder need not be locked: an exec must work while a `start` hangs. On failure no
 * process of it is left.
 */
int host_exec(struct container *c, const struct exec_options *options, int *ret_status,
	      struct err *err);
