/* SPDX-License-Identifier: Apache-2.0 */
/* err: building and extending one-line messages in a fixed buffer. */
#include "base/err.h"

#include <stdio.h>
#include <string.h>

int err_set(struct err *err, int code, const char *fmt, ...)
{
	va_list ap;

	err->code = code;
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	return -code;
}

/* Marks where a message was cut. */
#define CUT "..."

/* The cause and the remedy stand at the end: where there is no room for them, what is in front of them is cut. */
static void append(struct err *err, const char *between, const char *text)
{
	size_t more = strlen(between) + strlen(text);
	size_t used = strlen(err->msg);

	if (more < sizeof(err->msg) / 2 && used + more >= sizeof(err->msg)) {
		used = sizeof(err->msg) - 1 - more - strlen(CUT);
		while (used > 0 && (err->msg[used] & 0xc0) == 0x80) {
			used--; /* not in the middle of a character of UTF-8 */
		}
		memcpy(err->msg + used, CUT, sizeof(CUT));
		used += strlen(CUT);
	}
	snprintf(err->msg + used, sizeof(err->msg) - used, "%s%s", between, text);
}

int err_errno(struct err *err, int code, const char *fmt, ...)
{
	va_list ap;

	err->code = code;
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	append(err, ": ", strerror(code));
	return -code;
}

int err_wrap(struct err *err, const char *fmt, ...)
{
	char old[ERR_MSG_MAX];
	va_list ap;

	memcpy(old, err->msg, sizeof(old));
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	append(err, ": ", old);
	return -err->code;
}

int err_hint(struct err *err, const char *fmt, ...)
{
	char text[ERR_MSG_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	append(err, "; ", text);
	return -err->code;
}
