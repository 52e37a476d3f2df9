/* SPDX-License-Identifier: Apache-2.0 */
/* base64: bytes in text, as RFC 4648, section 4, has them. */
#include "base/base64.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

/* The six bits of a character, or -1. */
static int bits_of(char c)
{
	if (c >= 'A' && c <= 'Z') {
		return c - 'A';
	}
	if (c >= 'a' && c <= 'z') {
		return c - 'a' + 26;
	}
	if (c >= '0' && c <= '9') {
		return c - '0' + 52;
	}
	if (c == '+') {
		return 62;
	}
	if (c == '/') {
		return 63;
	}
	return -1;
}

static size_t padding_of(const char *text, size_t len)
{
	if (len < 4 || text[len - 1] != '=') {
		return 0;
	}
	return text[len - 2] == '=' ? 2 : 1;
}

/* Four characters, the last `padding` of them '=', into 3 - padding bytes. */
static int decode_group(const char *text, size_t padding, unsigned char *out)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < 4; i++) {
		int six = i < 4 - padding ? bits_of(text[i]) : 0;

		if (six < 0) {
			return -EINVAL;
		}
		bits = bits << 6 | (uint32_t)six;
	}
	if (bits & ((UINT32_C(1) << 8 * padding) - 1)) {
		return -EINVAL;
	}
	for (size_t i = 0; i < 3 - padding; i++) {
		out[i] = (unsigned char)(bits >> (16 - 8 * i));
	}
	return 0;
}

int base64_decode(struct arena *arena, const char *text, size_t max, const void **ret,
		  size_t *ret_len)
{
	size_t len = strlen(text);
	size_t padding = padding_of(text, len);
	size_t size = len / 4 * 3 - padding;
	unsigned char *bytes;

	if (len % 4) {
		return -EINVAL;
	}
	if (size > max) {
		return -E2BIG;
	}
	bytes = arena_alloc(arena, size);
	for (size_t at = 0; at < len; at += 4) {
		int rc = decode_group(text + at, at + 4 == len ? padding : 0, bytes + at / 4 * 3);

		if (rc < 0) {
			return rc;
		}
	}
	*ret = bytes;
	*ret_len = size;
	return 0;
}
