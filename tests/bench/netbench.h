/* SPDX-License-Identifier: Apache-2.0 */
/* bench/netbench: what its parts have in common. */
#pragma once

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline void netbench_die(const char *what)
{
	fprintf(stderr, "netbench: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Measures the ways that stand on stdin, and prints what came of it. Returns the exit status. */
int netbench_compare(const char *rounds, const char *seconds);
