/* SPDX-License-Identifier: Apache-2.0 */
/* sys/environ: the environment of a process that stays. */
#include "sys/environ.h"

#include <stddef.h>
#include <string.h>

extern char **environ;

void sys_environ_forget(void)
{
	for (char **s = environ; s && *s; s++) {
		explicit_bzero(*s, strlen(*s));
		*s = NULL;
	}
}
