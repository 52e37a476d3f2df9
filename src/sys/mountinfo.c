/* SPDX-License-Identifier: Apache-2.0 */
/* sys/mountinfo: see sys/mountinfo.h. */
#include "sys/mountinfo.h"

#include <string.h>

#include "base/str.h"

static const char *unescape(struct arena *arena, const char *text, size_t len)
{
	char *out = arena_strndup(arena, text, len);
	char *to = out;

	for (const char *p = out; *p; p++) {
		if (p[0] == '\\' && p[1] >= '0' && p[1] <= '3' && strspn(p + 2, "01234567") >= 2) {
			*to++ = (char)((p[1] - '0') * 64 + (p[2] - '0') * 8 + (p[3] - '0'));
			p += 3;
		} else {
			*to++ = *p;
		}
	}
	*to = '\0';
	return out;
}

/* The field behind `skip` others of the line. */
static const char *field(struct arena *arena, const char *line, int skip)
{
	for (; skip > 0; skip--) {
		line += strcspn(line, " \n");
		line += *line == ' ';
	}
	return unescape(arena, line, strcspn(line, " \n"));
}

/* Behind " - ", which follows fields of any number. */
static const char *type_of(struct arena *arena, const char *line, size_t len)
{
	const char *separator = memmem(line, len, " - ", 3);

	if (!separator) {
		return "";
	}
	return field(arena, separator + 3, 0);
}

bool sys_mountinfo_next(struct arena *arena, const char **text, struct sys_mountinfo *ret)
{
	const char *line = *text;
	size_t len = strcspn(line, "\n");

	if (!*line) {
		return false;
	}
	*ret = (struct sys_mountinfo){
		.device = field(arena, line, 2),
		.root = field(arena, line, 3),
		.point = field(arena, line, 4),
		.type = type_of(arena, line, len),
	};
	*text = line + len + (line[len] == '\n');
	return true;
}
