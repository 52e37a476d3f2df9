/* SPDX-License-Identifier: Apache-2.0 */
/* state/holder: who has the lock of a state folder. */
#pragma once

#include <sys/types.h>

/*
 * The process that holds the lock of the folder open as fd, by what the kernel says (proc(5),
 * /proc/locks). *ret_pidfd was there before the process was looked at once more, so it is surely of
 * one that had the lock. Returns 0, -ENOENT when none can be seen from here, or another -errno.
 */
int state_lock_holder(int fd, pid_t *ret_pid, int *ret_pidfd);
