/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sys/await: waiting, while a signal may ask this process to end.
 *
 * Whoever makes things that must be undone blocks the signals that would end it, so every wait has
 * to listen for them beside what it waits for. Where they are not blocked they end the process as
 * ever, and these functions only wait.
 */
#pragma once

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* How many descriptors sys_await takes. */
#define SYS_AWAIT_MAX 4

/* SIGTERM, SIGINT, SIGHUP and SIGQUIT: does it ask a process to end? */
bool sys_signal_ends(int sig);

/*
 * One of them, and the caller of this program does not have it ignored: who begins it with nohup,
 * or from a script's background, wants it to go on.
 */
bool sys_signal_asks(int sig);

/*
 * For a child that has ended with this status of waitpid(2). A terminal sends its signals to all
 * that run there: where one has ended the child, ours is on its way. Waits for that one a moment,
 * and returns its number; 0 for any other end.
 */
int sys_signal_of_child(int status);

/* The set of those that end a process. */
void sys_signals_ending(sigset_t *ret);

/*
 * As poll(2), but goes on after EINTR. timeout_ms -1: without end. Returns the number of an ending
 * signal that was pending, which is taken, 0 when one of them is ready, -ETIMEDOUT, or another
 * -errno. The signal comes first, for it may be why the other side has ended. A descriptor of -1 is
 * passed over; with n 0 it is a pause.
 */
int sys_await(struct pollfd *fds, size_t n, int timeout_ms);

/* The same for one descriptor. */
int sys_await_fd(int fd, short events, int timeout_ms);

/*
 * As sys_await_fd(fd, POLLIN, -1), by a signalfd that the caller has: it costs one system call
 * instead of three. The other signals that come by it are taken, and lost. -1: it has none.
 */
int sys_await_by(int signals, int fd);

/*
 * Fills err for what a function has returned that waits: as err_errno for -errno, and for the
 * number of a signal the same with the signal as the cause. Returns -err->code.
 */
int sys_await_failed(int rc, struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Fills err for a wait that a signal has ended: "interrupted by signal N WHEN". Returns -EINTR. */
int sys_interrupted(int sig, const char *when, struct err *err);
