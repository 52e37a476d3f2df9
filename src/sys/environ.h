/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sys/environ: the environment of a process that stays.
 *
 * A caller's environment often has secrets, and /proc/PID/environ (proc(5)) shows it to every
 * process of the same user, for as long as the process lives. So whoever stays overwrites it: the
 * guest when it waits for `start`, after the hooks that inherit it; the monitor of a detached run;
 * the helper of a network, before it has children. A foreground run keeps it, as any program does:
 * its poststop hooks inherit it.
 */
#pragma once

/*
 * Overwrites the environment's strings in the memory that execve(2) filled, which is what that file
 * shows. Afterwards the environment is empty, and nothing that getenv(3) has returned before may be
 * used any more. A process that was forked before, and the one that it was forked from, keep
 * theirs.
 */
void sys_environ_forget(void);
