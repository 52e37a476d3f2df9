/* SPDX-License-Identifier: Apache-2.0 */
/* sys/signals: what a program of someone else's must not inherit. */
#pragma once

/*
 * Every signal as it is by default, and none blocked. Also the two that the C library keeps for
 * itself and does not let anyone change: ignored by a caller far up, they would stay so in every
 * program below.
 */
void sys_signals_reset(void);

/*
 * The same, but SIGHUP, SIGINT, SIGQUIT and SIGTERM stay ignored where the caller has them so: for
 * what belongs to a start and would be ended by a signal that the start itself is to survive.
 */
void sys_signals_reset_work(void);

/* Ends what sys_signals_reset_work has left: these four are as they are by default. */
void sys_signals_hear(void);

/*
 * For the first process of a pid namespace, for which the kernel drops every signal that has no
 * handler (pid_namespaces(7)), while it waits: those that would end any other process make it exit
 * with 128 and their number. An execve undoes that.
 */
void sys_signals_exit(void);
