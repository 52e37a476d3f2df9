/* SPDX-License-Identifier: Apache-2.0 */
/* hosts: lines of words, as hosts(5) and resolv.conf(5) have them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

/* The next line of *rest, without its end; false when there is none. Moves *rest. */
bool hosts_line(const char **rest, const char **ret, size_t *ret_len);

/* The n-th word of a line, from 0; its length is 0 when there is none. */
const char *hosts_word(const char *line, size_t len, unsigned n, size_t *ret_len);

/*
 * What `image` has, and then the lines of `own` whose first name has no address of the same family
 * there: who made the image may have had reasons. Each of the two may be empty.
 */
const char *hosts_merge(struct arena *arena, const char *image, const char *own);
