/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state/exit: the file ROOT/ID/exit: how a container ended, for `wait`.
 *
 * Whoever will learn it (the foreground run, the monitor of a detached one) makes the file empty,
 * holds its lock (flock(2)) until the end, and then writes it once. A waiter blocks on the lock and
 * reads what it has open: so the death of the writer wakes it as well, nothing is ever seen
 * half-written, and a `delete` in between takes nothing from it.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "state/state.h"

struct exit_record {
	uint32_t status; /* exit status; 128 + signal for a signal */
	uint32_t signal; /* 0: none */
};

/* From what wait(2) has. */
struct exit_record state_exit_of(int wait_status);

/*
 * Makes and locks the file of a locked folder. The lock goes with the last copy of the descriptor.
 */
int state_exit_begin(const struct state_dir *dir, int *ret_fd, struct err *err);

/* Once, by the holder of the lock. Returns 0 or -errno. */
int state_exit_write(int fd, const struct exit_record *record);

/*
 * Opens the file of ROOT/ID for state_exit_read. Returns a descriptor, or -ENOENT where nobody
 * records the end (no message); other errors have one.
 */
int state_exit_open(const char *root, const char *id, struct err *err);

/*
 * Blocks until the writer is done or gone. -ENODATA (no message): it was killed and has left
 * nothing.
 */
int state_exit_read(int fd, struct exit_record *ret, struct err *err);
