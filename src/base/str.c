/* SPDX-License-Identifier: Apache-2.0 */
/* str: string lists, growing text, UTF-8, and number parsing that does not guess. */
#include "base/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void text_init(struct text *text, struct arena *arena)
{
	text->arena = arena;
	text->len = 0;
	text->room = 256;
	text->s = arena_alloc(arena, text->room);
}

static void text_reserve(struct text *text, size_t more)
{
	size_t room = text->room;
	char *grown;

	if (text->len + more + 1 <= room) {
		return;
	}
	while (room < text->len + more + 1) {
		room *= 2;
	}
	grown = arena_alloc(text->arena, room);
	memcpy(grown, text->s, text->len + 1);
	text->s = grown;
	text->room = room;
}

void text_addn(struct text *text, const char *bytes, size_t len)
{
	text_reserve(text, len);
	memcpy(text->s + text->len, bytes, len);
	text->len += len;
	text->s[text->len] = '\0';
}

void text_add(struct text *text, const char *fmt, ...)
{
	va_list ap, again;
	int len;

	va_start(ap, fmt);
	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len > 0) {
		text_reserve(text, (size_t)len);
		vsnprintf(text->s + text->len, (size_t)len + 1, fmt, again);
		text->len += (size_t)len;
	}
	va_end(again);
}

bool str_eq(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

bool str_starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

size_t str_utf8(const char *bytes, size_t len)
{
	const unsigned char *b = (const unsigned char *)bytes;
	unsigned char low = 0x80, high = 0xbf;
	size_t n;

	if (len == 0) {
		return 0;
	}
	if (b[0] < 0x80) {
		return 1;
	}
	if (b[0] < 0xc2 || b[0] > 0xf4) {
		return 0;
	}
	if (b[0] < 0xe0) {
		n = 2;
	} else if (b[0] < 0xf0) {
		n = 3;
	} else {
		n = 4;
	}
	if (len < n) {
		return 0;
	}
	/* The second byte rules out overlong forms, surrogates and what lies beyond U+10FFFF. */
	if (b[0] == 0xe0) {
		low = 0xa0;
	} else if (b[0] == 0xed) {
		high = 0x9f;
	} else if (b[0] == 0xf0) {
		low = 0x90;
	} else if (b[0] == 0xf4) {
		high = 0x8f;
	}
	if (b[1] < low || b[1] > high) {
		return 0;
	}
	for (size_t i = 2; i < n; i++) {
		if (b[i] < 0x80 || b[i] > 0xbf) {
			return 0;
		}
	}
	return n;
}

const char *str_or(const char *text, const char *otherwise)
{
	return text ? text : otherwise;
}

const char *str_filled(const char *text)
{
	return text && *text ? text : NULL;
}

bool str_has_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	while (*(text += strspn(text, " \n"))) {
		size_t n = strcspn(text, " \n");

		if (n == len && memcmp(text, word, len) == 0) {
			return true;
		}
		text += n;
	}
	return false;
}

int str_u64(const char *text, uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;

	if (!*text) {
		return -EINVAL;
	}
	for (const char *p = text; *p; p++) {
		if (*p < '0' || *p > '9') {
			return -EINVAL;
		}
		if (__builtin_mul_overflow(value, (uint64_t)10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*p - '0'), &value)) {
			return -ERANGE;
		}
	}
	if (value > max) {
		return -ERANGE;
	}
	*ret = value;
	return 0;
}

int str_i64(const char *text, int64_t min, int64_t max, int64_t *ret)
{
	bool negative = *text == '-';
	uint64_t size;
	int64_t value;
	int rc;

	if (negative) {
		rc = str_u64(text + 1, (uint64_t)INT64_MAX + 1, &size);
	} else {
		rc = str_u64(text, INT64_MAX, &size);
	}
	if (rc < 0) {
		return rc;
	}
	if (negative) {
		size = 0 - size;
	}
	value = (int64_t)size;
	if (value < min || value > max) {
		return -ERANGE;
	}
	*ret = value;
	return 0;
}

int str_u32(const char *text, uint32_t *ret)
{
	uint64_t value;
	int rc = str_u64(text, UINT32_MAX, &value);

	if (rc < 0) {
		return rc;
	}
	*ret = (uint32_t)value;
	return 0;
}

/* The number at the front of text. */
static int front_number(const char **text, uint32_t *ret)
{
	size_t n = strspn(*text, "0123456789");
	char digits[16];

	if (n == 0 || n >= sizeof(digits)) {
		return -EINVAL;
	}
	memcpy(digits, *text, n);
	digits[n] = '\0';
	if (str_u32(digits, ret) < 0) {
		return -EINVAL;
	}
	*text += n;
	return 0;
}

int str_list_next(const char **rest, uint32_t *ret_first, uint32_t *ret_last)
{
	const char *text = *rest + strspn(*rest, ", \n");
	uint32_t first, last;

	if (*text == '\0') {
		*rest = text;
		return 0;
	}
	if (front_number(&text, &first) < 0) {
		return -EINVAL;
	}
	last = first;
	if (*text == '-') {
		text++;
		if (front_number(&text, &last) < 0) {
			return -EINVAL;
		}
	}
	if (last < first || (*text && !strchr(", \n", *text))) {
		return -EINVAL;
	}
	*rest = text;
	*ret_first = first;
	*ret_last = last;
	return 1;
}

unsigned str_code_point(const char *p, size_t len)
{
	static const unsigned char first[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	unsigned code = (unsigned char)p[0] & first[len];

	for (size_t i = 1; i < len; i++) {
		code = code << 6 | ((unsigned char)p[i] & 0x3f);
	}
	return code;
}

bool str_is_control(unsigned code)
{
	return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x061c ||
	       (code >= 0x200e && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069);
}

void text_add_shown(struct text *text, const char *bytes, size_t len)
{
	for (size_t i = 0, n; i<len; i += n> 0 ? n : 1) {
		n = str_utf8(bytes + i, len - i);
		if (n > 0 && !str_is_control(str_code_point(bytes + i, n))) {
			text_addn(text, bytes + i, n);
		} else {
			text_addn(text, "?", 1);
		}
	}
}
