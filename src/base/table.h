/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table: a name and its value, each stated once.
 *
 * The same table serves decoding, printing, `features`, completion and the manual.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct name {
	const char *name;
	int64_t value;
};

/* Tables end with an entry whose name is NULL. */
#define NAMES_END                                                                                  \
	{                                                                                          \
		NULL, 0                                                                            \
	}

/* The entry of that name, or NULL. Names are compared exactly. */
const struct name *names_find(const struct name *table, const char *name);

/* The first name with that value, or NULL. */
const char *names_of(const struct name *table, int64_t value);
