/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scratch: a folder of its own for a unit test, under $TMPDIR where that is set.
 *
 * tests/run.sh removes what is under its TMPDIR even if a test died and could not.
 */
#ifndef TESTS_UNIT_SCRATCH_H
#define TESTS_UNIT_SCRATCH_H

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

/* Makes the folder and writes its path. 0, or -1 with errno. */
static inline int scratch_make(char ret_path[PATH_MAX])
{
	const char *parent = getenv("TMPDIR");

	snprintf(ret_path, PATH_MAX, "%s/rootlet-test.XXXXXX", parent && *parent ? parent : "/tmp");
	return mkdtemp(ret_path) ? 0 : -1;
}

#endif
