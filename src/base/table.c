/* SPDX-License-Identifier: Apache-2.0 */
/* table: look-up in both directions. */
#include "base/table.h"

#include <string.h>

const struct name *names_find(const struct name *table, const char *name)
{
	for (const struct name *n = table; n->name; n++) {
		if (strcmp(n->name, name) == 0) {
			return n;
		}
	}
	return NULL;
}

const char *names_of(const struct name *table, int64_t value)
{
	for (const struct name *n = table; n->name; n++) {
		if (n->value == value) {
			return n->name;
		}
	}
	return NULL;
}
