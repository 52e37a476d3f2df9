/* SPDX-License-Identifier: Apache-2.0 */
/* sys/environ: the environment of a process that stays. */
#pragma once

/*
 * Overwrites the environment's strings where the kernel shows them, /proc/PID/environ (proc(5)): in
 * the memory that execve(2) filled. A caller's environment has secrets often enough, and whoever
 * runs as the same user may read that file for as long as the process lives. Afterwards the
 * environment is empty; nothing that getenv(3) has returned before may be used any more. A process
 * that was forked before, and the one that it was forked from, keep theirs.
 */
void sys_environ_forget(void);
