/* SPDX-License-Identifier: Apache-2.0 */
/*
 * err: one failure, told to one person.
 *
 * The caller owns the struct and its size is fixed, so an error needs no allocation, survives
 * running out of memory, and crosses from the guest to the host as it is.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#define ERR_MSG_MAX 1024

/*
 * code is a positive errno value (0: no error); msg is one line, without a trailing full stop. Of
 * one that is too long, with a path of thousands of bytes, the middle is left out: what err_errno
 * and err_hint put at the end stays. signal: the one that ended what was under way, 0 for any other
 * cause; only sys_interrupted sets it.
 */
struct err {
	int code;
	int signal;
	char msg[ERR_MSG_MAX];
};

/* Sets err. Returns -code, so that a function may end with `return err_set(...)`. */
int err_set(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* As err_set, with ": " and strerror(code) at the end. Pass errno as code. */
int err_errno(struct err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "text: " in front of the message that err holds. Returns -err->code. */
int err_wrap(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Puts "; text" behind the message that err holds: the remedy. Returns -err->code. */
int err_hint(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * Leaves the function with the callee's negative result. The one control-flow macro of this
 * project.
 */
#define TRY(call)                                                                                  \
	do {                                                                                       \
		int try_result_ = (call);                                                          \
		if (try_result_ < 0) {                                                             \
			return try_result_;                                                        \
		}                                                                                  \
	} while (0)
