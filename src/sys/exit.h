/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sys/exit: how a process ended that is not our child to wait for.
 *
 * Linux 6.15 keeps the exit code with the pidfd (PIDFD_INFO_EXIT) once the parent has reaped the
 * process. Before that, and on older kernels as long as nobody has reaped it, a zombie's stat file
 * has the code (proc_pid_stat(5), field 52).
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Does this kernel tell a process's end by its pidfd? Found out by a child that ends at once. */
bool sys_exit_by_pidfd(void);

/*
 * Waits until the process of pidfd, whose number is pid, has ended. *ret_status is as wait(2) has
 * it. It is not reaped: that stays with its parent. -ESRCH: it has ended, and how is not known any
 * more.
 */
int sys_exit_wait(int pidfd, pid_t pid, int *ret_status);
