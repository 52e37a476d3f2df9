/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest/log: warnings. The guest prints nothing itself: the host side shows its words, in the log's
 * format.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "guest/step.h"
#include "wire/wire.h"

void guest_log(const struct guest *g, const char *fmt, ...)
{
	char text[ERR_MSG_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* A host that is gone can't be warned; the next step finds out by itself. */
	(void)wire_send(g->wire, WIRE_LOG, text, (uint32_t)strlen(text), -1);
}
