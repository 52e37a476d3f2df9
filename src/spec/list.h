/* SPDX-License-Identifier: Apache-2.0 */
/* list: lists of numbers such as "0-3,7". */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/*
 * The next entry of a list such as "0-3,7", as cpus, mems and nodes are written (spaces, empty
 * entries and a final newline are taken as the kernel takes them). Moves *rest. Returns 1, 0 at the
 * end, -EINVAL for anything else, also for a range that descends. The numbers are not limited: the
 * caller must before it counts through a range.
 */
int spec_list_next(const char **rest, uint32_t *ret_first, uint32_t *ret_last);

/*
 * Such a list, or absent, or empty; *ret_any (may be NULL): there is a number in it. Errors: EINVAL
 * with the path: at is that of the object, key the member's name.
 */
int spec_check_list(const char *text, const char *at, const char *key, bool *ret_any,
		    struct err *err);
