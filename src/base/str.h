/* SPDX-License-Identifier: Apache-2.0 */
/* str: string lists, growing text, UTF-8, and number parsing that does not guess. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/* n strings; v is NULL-terminated when n > 0, and NULL when n is 0. */
struct strs {
	const char **v;
	size_t n;
};

/* Text that grows in an arena: what it held before stays there until the arena ends. */
struct text {
	struct arena *arena;
	char *s;
	size_t len;
	size_t room;
};

void text_init(struct text *text, struct arena *arena);
void text_add(struct text *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void text_addn(struct text *text, const char *bytes, size_t len);

bool str_eq(const char *a, const char *b);
bool str_starts(const char *text, const char *prefix);

/* text, or `otherwise` where it is NULL. */
const char *str_or(const char *text, const char *otherwise);

/* text, or NULL where it is empty. */
const char *str_filled(const char *text);

/*
 * How many of the len bytes form the UTF-8 character at their front; 0 when they begin none (RFC
 * 3629).
 */
size_t str_utf8(const char *bytes, size_t len);

/* The code point that these bytes of UTF-8 are, as str_utf8 has counted them (not 0). */
unsigned str_code_point(const char *bytes, size_t len);

/*
 * Is it one that a terminal acts on: C0, DEL and C1 (ECMA-48), or one that sets the direction of
 * text (Unicode, UAX #9)?
 */
bool str_is_control(unsigned code);

/* Adds bytes that somebody else has chosen, with a `?` for what is no UTF-8 or str_is_control. */
void text_add_shown(struct text *text, const char *bytes, size_t len);

/* Is it one of the words of text, between spaces and newlines? */
bool str_has_word(const char *text, const char *word);

/*
 * The whole of text as a decimal number between min and max. No white space, no sign for the
 * unsigned form, no octal, no trailing bytes: "1 " and "0x1" are refused (CVE-2026-30892 came of
 * leniency here). Return 0, or -EINVAL / -ERANGE with *ret untouched.
 */
int str_u64(const char *text, uint64_t max, uint64_t *ret);
int str_i64(const char *text, int64_t min, int64_t max, int64_t *ret);
int str_u32(const char *text, uint32_t *ret);

/*
 * The next entry of a list such as "0-3,7", as cpus, mems and nodes are written (spaces, empty
 * entries and a final newline are taken as the kernel takes them). Moves *rest. Returns 1, 0 at the
 * end, -EINVAL for anything else, also for a range that descends. The numbers are not limited: the
 * caller must before it counts through a range.
 */
int str_list_next(const char **rest, uint32_t *ret_first, uint32_t *ret_last);
