/* SPDX-License-Identifier: Apache-2.0 */
/* base64: bytes in text, as RFC 4648, section 4, has them. */
#pragma once

#include <stddef.h>

#include "base/arena.h"

/*
 * Decodes the whole of text, strictly: no white space, padding where it belongs, no bits set behind
 * the last byte, so that every sequence of bytes has exactly one text. *ret lives in the arena,
 * aligned for any type.
 * Returns 0, or -EINVAL / -E2BIG (more than max bytes) with the outputs untouched.
 */
int base64_decode(struct arena *arena, const char *text, size_t max, const void **ret,
		  size_t *ret_len);
