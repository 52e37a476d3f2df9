/* SPDX-License-Identifier: Apache-2.0 */
/* sys/program: where the machine has a program. */
#include "sys/program.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* In the first folder of a list separated by colons that has it; relative ones don't count. */
static const char *find_in(struct arena *arena, const char *list, const char *name)
{
	while (*list) {
		size_t len = strcspn(list, ":");

		if (len > 0 && list[0] == '/') {
			const char *path = arena_printf(arena, "%.*s/%s", (int)len, list, name);

			if (access(path, X_OK) == 0) {
				return path;
			}
		}
		list += len + (list[len] == ':');
	}
	return NULL;
}

const char *sys_find_program(struct arena *arena, const char *name)
{
	const char *list = getenv("PATH");
	const char *path = NULL;

	if (list) {
		path = find_in(arena, list, name);
	}
	if (!path) {
		path = find_in(arena, "/usr/bin:/usr/sbin:/bin:/sbin:/usr/local/bin", name);
	}
	return path;
}
