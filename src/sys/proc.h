/* SPDX-License-Identifier: Apache-2.0 */
/* sys/proc: what procfs says of a process. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"

/* The kernel's id of this boot, without the newline; NULL where it can't be read. */
const char *sys_boot_id(struct arena *arena);

/* What /proc/PID/stat says, proc_pid_stat(5). */
struct sys_process_stat {
	uint64_t start_time; /* clock ticks after boot, by the clock of this time namespace */
	pid_t ppid;
	unsigned flags; /* PF_* of the kernel */
	char state;	/* the letter: R, S, D, Z, … */
};

/* -ESRCH when the process is gone. */
int sys_process_stat(pid_t pid, struct sys_process_stat *ret);

/*
 * When the process began, in clock ticks after boot by the clock of the initial time namespace, so
 * that any other process can compare it (but for a tick where this time namespace is off by a
 * fraction of one); and its state letter. -ESRCH when it is gone.
 */
int sys_process_start_time(pid_t pid, uint64_t *ret_start, char *ret_state);

/*
 * Is pid the process that began at `start`, as sys_process_start_time said it, perhaps in another
 * time namespace? *ret_state: its state letter. A process that procfs hides (hidepid=, proc(5))
 * counts for the one that is asked for: it can't be told from another that got its number.
 */
bool sys_process_is(pid_t pid, uint64_t start, char *ret_state);

/* Whether the process has ended, exits, or has SIGKILL pending (proc_pid_status(5)). */
bool sys_process_is_ending(pid_t pid);

/*
 * Where a process ("self", or its number) is in the unified hierarchy: the path of its line
 * "0::/path", proc_pid_cgroup(5). In the arena. NULL where it has no such line, or is gone.
 */
const char *sys_process_cgroup(struct arena *arena, const char *process);
