/* SPDX-License-Identifier: Apache-2.0 */
/* sys/spawn: running another program to its end, with text on its stdin and a limit on its time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct sys_spawn {
	const char *path;
	const char *const *argv; /* NULL-terminated */
	const char *const *env;	 /* NULL-terminated */
	const char *cwd;	 /* NULL: stay */
	const char *input;	 /* what its stdin holds (a file in memory: it may be read again) */
	int timeout;		 /* seconds, 0: none; then SIGKILL */
	int hurry_ms;		 /* milliseconds, 0: none; the same where we were asked to end */
	int out;		 /* its stdout; -1: /dev/null */
	int err;		 /* its stderr; -1: the end of it is kept in `said` */
	bool inherits;		 /* what is not close-on-exec; otherwise the streams alone */
};

struct sys_spawn_end {
	const char
		*call; /* after an error: the system call that failed; NULL: the program's execve */
	int status;    /* as wait(2) has it */
	bool timed_out;
	int signal;	/* that asked us to end meanwhile; 0: none */
	char said[400]; /* the last of its stderr, on one line */
};

/*
 * Returns 0 when the program ran, however it ended; -errno when it could not be executed or
 * watched; -EINTR after a signal that asks this process to end. It does not outlive us, and after
 * an end before its own nothing is left of its children either, if they still are.
 */
int sys_spawn_wait(const struct sys_spawn *spawn, struct sys_spawn_end *ret);

/*
 * As sys_spawn_wait, but anything else than exit status 0 is an error that says how it ended and
 * its last words.
 */
int sys_spawn_checked(const struct sys_spawn *spawn, struct err *err);

/* Opens a file that output is appended to. A path that is NULL or empty is none: *ret_fd is -1. */
int sys_spawn_output(const char *path, int *ret_fd, struct err *err);
