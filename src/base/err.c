/* SPDX-License-Identifier: Apache-2.0 */
/* err: building and extending one-line messages in a fixed buffer. */
#include "base/err.h"

#include <stdio.h>
#include <string.h>

int err_set(struct err *err, int code, const char *fmt, ...)
{
	va_list ap;

	err->code = code;
	err->signal = 0;
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	return -code;
}

/* Marks where a message was cut. */
#define CUT "..."

/*
 * The first place at or after `at`, in a text of len bytes, that is not in the middle of a
 * character of UTF-8.
 */
static size_t character(const char *text, size_t at, size_t len)
{
	while (at < len && (text[at] & 0xc0) == 0x80) {
		at++;
	}
	return at;
}

/*
 * The cause and the remedy stand at the end. So where there is no room, what is there is cut at its
 * end, but keeps half of the room, and then the text at its beginning.
 */
static void append(struct err *err, const char *between, const char *text)
{
	const size_t room = sizeof(err->msg) - 1;
	size_t used = strlen(err->msg), more = strlen(between) + strlen(text);
	const char *mark = "";

	if (used + more > room && used > room / 2) {
		/*
		 * Three bytes are for the rest of a character, and no more: what is cut may be no
		 * UTF-8 at all.
		 */
		size_t keep = room / 2;

		if (more < room / 2) {
			keep = room - more;
		}
		keep -= strlen(CUT) + 3;
		keep = character(err->msg, keep, keep + 3);
		memcpy(err->msg + keep, CUT, sizeof(CUT));
		used = keep + strlen(CUT);
	}
	if (used + more > room) {
		text += character(text, used + more + strlen(CUT) - room, strlen(text));
		mark = CUT;
	}
	snprintf(err->msg + used, sizeof(err->msg) - used, "%s%s%s", between, mark, text);
}

int err_errno(struct err *err, int code, const char *fmt, ...)
{
	va_list ap;

	err->code = code;
	err->signal = 0;
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
