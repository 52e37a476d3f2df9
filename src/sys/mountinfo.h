/* SPDX-License-Identifier: Apache-2.0 */
/* sys/mountinfo: the lines of proc_pid_mountinfo(5). Pure. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"

struct sys_mountinfo {
	const char *device; /* "0:38" */
	const char *root;   /* which part of the filesystem */
	const char *point;
	const char *type;
};

/*
 * The next line of *text, which is moved behind it; false after the last one. The fields are in the
 * arena, with the octal escapes of white space and backslashes undone. A field that a line does not
 * have is "".
 */
bool sys_mountinfo_next(struct arena *arena, const char **text, struct sys_mountinfo *ret);
