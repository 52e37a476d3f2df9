/* SPDX-License-Identifier: Apache-2.0 */
/* host/state_internal: what the files of state and lifecycle share and no one else needs. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"

#define STATE_FILE "state.json"

struct state;

/* Fills err: container `ID` does not exist. Returns -ENOENT. */
int host_state_missing(const char *id, struct err *err);

/*
 * Opens the folder of all state and verifies it on the descriptor: a directory, no link, ours,
 * written by no one else. -ENOENT without a message when it is missing: whether that is an error is
 * for the caller to say.
 */
int host_root_open(const char *root, int *ret_fd, struct err *err);

/* The kernel's id of this boot, without the newline; NULL where it can't be read. */
const char *host_boot_id(struct arena *arena);

/* What /proc/PID/stat says, proc_pid_stat(5). */
struct process_stat {
	uint64_t start_time; /* clock ticks after boot */
	pid_t ppid;
	unsigned flags; /* PF_* of the kernel */
	char state;	/* the letter: R, S, D, Z, … */
};

/* -ESRCH when the process is gone. */
int host_process_stat(pid_t pid, struct process_stat *ret);

/*
 * The text of a state.json, of the container `id`. Strings live in the arena. Errors: EINVAL,
 * E2BIG, by JSON path or by line. For host_state_read and for fuzzing.
 */
int host_state_parse(struct arena *arena, const char *id, const char *bytes, size_t len,
		     struct state *ret, struct err *err);
