/* SPDX-License-Identifier: Apache-2.0 */
/* list: lists of numbers such as "0-3,7". */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/*
 * Such a list, or absent, or empty; *ret_any (may be NULL): there is a number in it. Errors: EINVAL
 * with the path: at is that of the object, key the member's name.
 */
int spec_check_list(const char *text, const char *at, const char *key, bool *ret_any,
		    struct err *err);
