/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log: where warnings, debugging and the one final error go.
 *
 * Formats: text ("rootlet: warning: …" on stderr) or json (one object a line with level, msg, time,
 * as clients parse it). In JSON a run logs one object on failure and nothing on success, so notes
 * stay out of it unless --debug was given. With a log file the final error is repeated as text on
 * stderr.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_DEBUG,
};

enum log_format {
	LOG_TEXT,
	LOG_JSON,
};

/*
 * target: NULL or "" for stderr; PATH or "file:PATH"; "journald:IDENT"; "syslog:IDENT" (these two
 * have a form of their own, so `format` only says how much is logged). Errors: the file can't be
 * opened, the daemon's socket is not there.
 */
int log_open(const char *target, enum log_format format, enum log_level level, struct err *err);

/* From now on no reader of a log is waited for: this process was asked to end. */
void log_hurry(void);

/* Whether notes and warnings may be shown without breaking what a client parses or captures. */
bool log_notes_wanted(void);

/* Whether --debug is on: for what costs something to find out. */
bool log_debug_wanted(void);

void log_warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The one final error. */
void log_error(const struct err *err);
