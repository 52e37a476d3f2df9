/* SPDX-License-Identifier: Apache-2.0 */
/* test_json: what becomes a tree, what is refused, and where the message points. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "json/tree.h"

/* A copy of exactly len bytes, so that a sanitizer sees every read behind them. */
static int parse(struct arena *arena, const char *text, size_t len, const struct json **ret,
		 struct err *err)
{
	char *copy = malloc(len ? len : 1);
	int rc;

	assert_non_null(copy);
	memcpy(copy, text, len);
	rc = json_parse(arena, copy, len, ret, err);
	free(copy);
	return rc;
}

static void tree(void **state)
{
	static const char text[] = " {\"a\": [1, -2.50e+1, true, null], \"b/~c\": {\"d\": "
				   "\"\\u00e9\\ud83d\\ude00x\"}}\n";
	scope_arena struct arena arena = ARENA_INIT;
	const struct json *root, *a, *d;
	struct err err;

	(void)state;
	assert_int_equal(parse(&arena, text, sizeof(text) - 1, &root, &err), 0);
	assert_int_equal(root->type, JSON_OBJECT);
	assert_int_equal(root->count, 2);
	assert_null(root->parent);
	assert_null(root->key);
	a = json_member(root, "a");
	assert_int_equal(a->type, JSON_ARRAY);
	assert_int_equal(a->count, 4);
	assert_string_equal(a->first->text, "1");
	assert_string_equal(a->first->next->text, "-2.50e+1");
	assert_true(a->first->next->next->boolean);
	assert_int_equal(a->first->next->next->next->type, JSON_NULL);
	assert_null(a->first->next->next->next->next);
	assert_string_equal(json_path(&arena, a->first->next), "/a/1");
	d = json_member(json_member(root, "b/~c"), "d");
	assert_string_equal(d->text, "\xc3\xa9\xf0\x9f\x98\x80x");
	assert_string_equal(json_path(&arena, d), "/b~1~0c/d");
	assert_string_equal(json_path(&arena, root), "");
	assert_null(json_member(root, "c"));
	assert_null(json_member(a, "a"));
	assert_string_equal(json_type_name(JSON_NUMBER), "number");
}

/* RFC 8259, 8.1: one at the beginning may be ignored, and nothing else in its place. */
static void byte_order_mark(void **state)
{
	static const char marked[] = "\xef\xbb\xbf{\"a\": 1}";
	static const char twice[] = "\xef\xbb\xbf\xef\xbb\xbf{}";
	static const char utf16[] = "\xff\xfe{}";
	static const char alone[] = "\xef\xbb\xbf";
	scope_arena struct arena arena = ARENA_INIT;
	const struct json *root;
	struct err err;

	(void)state;
	assert_int_equal(parse(&arena, marked, sizeof(marked) - 1, &root, &err), 0);
	assert_string_equal(json_member(root, "a")->text, "1");
	assert_int_equal(parse(&arena, twice, sizeof(twice) - 1, &root, &err), -EINVAL);
	assert_int_equal(parse(&arena, utf16, sizeof(utf16) - 1, &root, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "invalid UTF-8"));
	assert_int_equal(parse(&arena, alone, sizeof(alone) - 1, &root, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "empty"));
}

static void exact_numbers(void **state)
{
	static const char text[] = "[18446744073709551615, -9223372036854775808, 0.10, 1E5]";
	scope_arena struct arena arena = ARENA_INIT;
	const struct json *root;
	struct err err;

	(void)state;
	assert_int_equal(parse(&arena, text, strlen(text), &root, &err), 0);
	assert_string_equal(root->first->text, "18446744073709551615");
	assert_string_equal(root->first->next->text, "-9223372036854775808");
	assert_string_equal(root->first->next->next->text, "0.10");
	assert_string_equal(root->first->next->next->next->text, "1E5");
}

static const struct {
	const char *text;
	const char *msg;
} refusals[] = {
	{ "", "line 1, column 1: the text is empty" },
	{ " \n ", "line 2, column 2: the text is empty" },
	{ "tr", "line 1, column 3: the text ends too early" },
	{ "{", "line 1, column 2: the text ends too early" },
	{ "{\"a\":", "line 1, column 6: the text ends too early" },
	{ "{\"a\": \"b", "line 1, column 9: the text ends too early" },
	{ "[tru", "line 1, column 5: the text ends too early" },
	{ "{}}", "line 1, column 3: text behind the end of the document" },
	{ "{} {}", "line 1, column 4: text behind the end of the document" },
	{ "{} tru", "line 1, column 4: text behind the end of the document" },
	{ "{} \"abc", "line 1, column 4: text behind the end of the document" },
	{ "[1,\n  2,\n  ]", "line 3, column 3: expected a value here" },
	{ "{\"a\": 1,}", "line 1, column 9: expected a member's name in double quotes" },
	{ "{\"a\" 1}", "line 1, column 6: expected ':' behind the member's name" },
	{ "{\"a\": 1 \"b\"}", "line 1, column 10: expected ',' or '}' here" },
	{ "[1 2]", "line 1, column 4: expected ',' or ']' here" },
	{ "{'a': 1}", "line 1, column 2: a character that is not JSON" },
	{ "/* c */ {}", "line 1, column 1: comments are not allowed" },
	{ "[trux]", "line 1, column 5: neither true, false nor null" },
	{ "[1.]", "line 1, column 4: a number needs a digit behind the point" },
	{ "[-]", "line 1, column 3: a number needs a digit behind the minus" },
	{ "[1e]", "line 1, column 4: a number needs a digit in its exponent" },
	{ "[\"\\x\"]", "line 1, column 4: an unknown escape behind '\\'" },
	{ "[\"\\u12g4\"]", "line 1, column 7: \\u needs four hexadecimal digits" },
	{ "[\"a\tb\"]", "line 1, column 4: a control character inside a string" },
	{ "{\"a\": \"x\\u0000y\"}", "line 1, column 9: a string contains a NUL byte" },
	{ "{\"a\\u0000\": 1}", "line 1, column 4: a string contains a NUL byte" },
	{ "[\"\\ud800\"]", "line 1, column 3: \\ud800 is half a surrogate pair" },
	{ "[\"\\udc00\"]", "line 1, column 3: \\udc00 is half a surrogate pair" },
	{ "[\"\\ud800\\u0041\"]", "line 1, column 3: \\ud800 is half a surrogate pair" },
	{ "[\"\\udfff\"]", "line 1, column 3: \\udfff is half a surrogate pair" },
	{ "[\"\\udbff\\ue000\"]", "line 1, column 3: \\udbff is half a surrogate pair" },
	{ "[\"\\udbff\\udbff\"]", "line 1, column 3: \\udbff is half a surrogate pair" },
	{ "[\"\\udc00\\udc00\"]", "line 1, column 3: \\udc00 is half a surrogate pair" },
	{ "[\"\\ud800\\xdc00\"]", "line 1, column 3: \\ud800 is half a surrogate pair" },
	{ "[\"\\ud800xudc00\"]", "line 1, column 3: \\ud800 is half a surrogate pair" },
	{ "[\"\\ud800\\udc0", "line 1, column 3: \\ud800 is half a surrogate pair" },
	{ "[\"\\u12", "line 1, column 7: the text ends too early" },
	{ "[\"\\ud800\\udc00", "line 1, column 15: the text ends too early" },
	{ "[\"\\u", "line 1, column 5: the text ends too early" },
	{ "[\"\\", "line 1, column 4: the text ends too early" },
	{ "[\"\xc3\xa9\\u0000\"]", "line 1, column 4: a string contains a NUL byte" },
	{ "[--1]", "line 1, column 3: a number needs a digit behind the minus" },
	{ "{1: 2}", "line 1, column 2: expected a member's name in double quotes" },
	{ "\xff", "line 1, column 1: invalid UTF-8" },
	{ "[\"\xc3\xa9\xff\"]", "line 1, column 4: invalid UTF-8" },
	{ "[\"\xc0\x80\"]", "line 1, column 3: invalid UTF-8" },
	{ "[\"\xed\xa0\x80\"]", "line 1, column 3: invalid UTF-8" },
	{ "[\"\\\xff\"]", "line 1, column 4: invalid UTF-8" },
	{ "{\"a\":1,\"b\":2,\n\"a\":3}", "line 2, column 3: the member \"a\" is there twice" },
	{ "{\"a\":1,\"\\u0061\":3}", "line 1, column 15: the member \"a\" is there twice" },
};

static void refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		scope_arena struct arena arena = ARENA_INIT;
		const struct json *root = NULL;
		struct err err = { 0 };

		assert_int_equal(
			parse(&arena, refusals[i].text, strlen(refusals[i].text), &root, &err),
			-EINVAL);
		assert_string_equal(err.msg, refusals[i].msg);
		assert_null(root);
	}
}

/* A character is cut off where the text ends, whatever stands behind it in memory. */
static void a_character_cut_off(void **state)
{
	static const char text[] = "[\"\xe2\x82\xac\"]";
	scope_arena struct arena arena = ARENA_INIT;
	const struct json *root = NULL;
	struct err err = { 0 };

	(void)state;
	for (size_t len = 3; len < 5; len++) {
		assert_int_equal(parse(&arena, text, len, &root, &err), -EINVAL);
		assert_string_equal(err.msg, "line 1, column 3: invalid UTF-8");
	}
}

/* What may stand beside what is refused above. */
static void escapes_taken(void **state)
{
	static const char *const cases[][2] = {
		{ "[\"\\ud7ff\"]", "\xed\x9f\xbf" },
		{ "[\"\\ue000\"]", "\xee\x80\x80" },
		{ "[\"\\ud800\\udc00\"]", "\xf0\x90\x80\x80" },
		{ "[\"\\uDBFF\\uDFFF\"]", "\xf4\x8f\xbf\xbf" },
		{ "[\"\\u0001\"]", "\x01" },
		{ "[\"\\u00e9\\u00E9\\\\u0000\"]", "\xc3\xa9\xc3\xa9\\u0000" },
		{ "[\"\\n\\\"\\\\\\/\"]", "\n\"\\/" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scope_arena struct arena arena = ARENA_INIT;
		const struct json *root = NULL;
		struct err err = { 0 };

		if (parse(&arena, cases[i][0], strlen(cases[i][0]), &root, &err) < 0) {
			fail_msg("%s: %s", cases[i][0], err.msg);
		}
		assert_string_equal(root->first->text, cases[i][1]);
	}
}

/* RFC 3629 by another way: the number of the character, and the length that it should have. */
static size_t reference_utf8(const unsigned char *b, size_t len)
{
	static const uint32_t first_of[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = 0;
	uint32_t c = 0;

	if (b[0] < 0x80) {
		n = 1;
		c = b[0];
	} else if ((b[0] & 0xe0) == 0xc0) {
		n = 2;
		c = b[0] & 0x1f;
	} else if ((b[0] & 0xf0) == 0xe0) {
		n = 3;
		c = b[0] & 0x0f;
	} else if ((b[0] & 0xf8) == 0xf0) {
		n = 4;
		c = b[0] & 0x07;
	}
	if (n == 0 || n > len) {
		return 0;
	}
	for (size_t i = 1; i < n; i++) {
		if ((b[i] & 0xc0) != 0x80) {
			return 0;
		}
		c = c << 6 | (b[i] & 0x3f);
	}
	return c < first_of[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) ? 0 : n;
}

static void utf8(void **state)
{
	static const unsigned char ends[] = { 0x41, 0x7f, 0x80, 0xbf, 0xc0 };
	unsigned char b[4];

	(void)state;
	assert_int_equal(str_utf8("", 0), 0);
	for (unsigned first = 0; first < 256; first++) {
		for (unsigned second = 0; second < 256; second++) {
			for (size_t tail = 0; tail < 25; tail++) {
				b[0] = (unsigned char)first;
				b[1] = (unsigned char)second;
				b[2] = ends[tail / 5];
				b[3] = ends[tail % 5];
				for (size_t len = 1; len <= 4; len++) {
					if (str_utf8((char *)b, len) != reference_utf8(b, len)) {
						fail_msg("%02x %02x %02x %02x, %zu", b[0], b[1],
							 b[2], b[3], len);
					}
				}
			}
		}
	}
}

static void raw_nul(void **state)
{
	scope_arena struct arena arena = ARENA_INIT;
	const struct json *root;
	struct err err;

	(void)state;
	assert_int_equal(parse(&arena, "[\"a\0b\"]", 7, &root, &err), -EINVAL);
	assert_int_equal(parse(&arena, "{}\0", 3, &root, &err), -EINVAL);
}

static void depth_cap(void **state)
{
	scope_arena struct arena arena = ARENA_INIT;
	char text[4 * JSON_DEPTH_MAX];
	const struct json *root;
	struct err err;

	(void)state;
	memset(text, '[', JSON_DEPTH_MAX);
	memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
	assert_int_equal(parse(&arena, text, 2 * JSON_DEPTH_MAX, &root, &err), 0);
	memset(text, '[', JSON_DEPTH_MAX + 1);
	memset(text + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
	assert_int_equal(parse(&arena, text, 2 * JSON_DEPTH_MAX + 2, &root, &err), -E2BIG);
	assert_string_equal(err.msg, "line 1, column 65: nested deeper than 64 levels");
}

static void size_caps(void **state)
{
	scope_arena struct arena arena = ARENA_INIT;
	size_t len = 2 * (size_t)JSON_NODES_MAX;
	char *text = malloc(JSON_TEXT_MAX + 1);
	char number[JSON_NUMBER_MAX + 4] = "[";
	const struct json *root;
	struct err err;

	(void)state;
	assert_non_null(text);
	memset(text, ' ', JSON_TEXT_MAX + 1);
	assert_int_equal(json_parse(&arena, text, JSON_TEXT_MAX + 1, &root, &err), -E2BIG);
	assert_string_equal(err.msg, "larger than 16 MiB");

	/* "[1,1,...,1]": JSON_NODES_MAX values with the array, then one more. */
	for (size_t i = 1; i < len; i += 2) {
		text[i] = '1';
		text[i + 1] = ',';
	}
	text[0] = '[';
	text[len - 2] = ']';
	text[len - 1] = ' ';
	assert_int_equal(json_parse(&arena, text, len, &root, &err), 0);
	text[len - 2] = ',';
	text[len - 1] = '1';
	text[len] = ']';
	assert_int_equal(json_parse(&arena, text, len + 1, &root, &err), -E2BIG);
	free(text);

	memset(number + 1, '1', JSON_NUMBER_MAX);
	number[JSON_NUMBER_MAX + 1] = ']';
	assert_int_equal(parse(&arena, number, JSON_NUMBER_MAX + 2, &root, &err), 0);
	number[JSON_NUMBER_MAX + 1] = '1';
	number[JSON_NUMBER_MAX + 2] = ']';
	assert_int_equal(parse(&arena, number, JSON_NUMBER_MAX + 3, &root, &err), -E2BIG);
}

/* Many members: a duplicate is found, and finding none is not quadratic. */
static void large_object(void **state)
{
	scope_arena struct arena arena = ARENA_INIT;
	const struct json *root;
	struct text text;
	struct err err;

	(void)state;
	text_init(&text, &arena);
	text_add(&text, "{\"k\":0");
	for (int i = 0; i < 200000; i++) {
		text_add(&text, ",\"k%d\":%d", i, i);
	}
	text_add(&text, "}");
	assert_int_equal(parse(&arena, text.s, text.len, &root, &err), 0);
	assert_int_equal(root->count, 200001);
	text.s[text.len - 1] = ',';
	text_add(&text, "\"k77\":1}");
	assert_int_equal(parse(&arena, text.s, text.len, &root, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "the member \"k77\" is there twice"));
}

/* Around the number of members up to which each new one is compared with all before it. */
static void members(void **state)
{
	(void)state;
	for (int n = 1; n <= 40; n++) {
		for (int twin = -1; twin < n; twin++) {
			scope_arena struct arena arena = ARENA_INIT;
			const struct json *root;
			struct text text;
			struct err err;

			text_init(&text, &arena);
			text_add(&text, "{");
			for (int i = 0; i < n; i++) {
				text_add(&text, "\"k%d\":%d,", i, i);
			}
			if (twin >= 0) {
				text_add(&text, "\"k%d\":0}", twin);
			} else {
				text_add(&text, "\"other\":0}");
			}
			assert_int_equal(parse(&arena, text.s, text.len, &root, &err),
					 twin >= 0 ? -EINVAL : 0);
		}
	}
}

static void shown_text(void **state)
{
	char longer[200];

	(void)state;
	assert_string_equal(json_show("a\nb\x1b[31m\xff\xc2\x85\xc3\xa9").s, "a?b?[31m??\xc3\xa9");
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(strlen(json_show(longer).s), sizeof(struct json_shown) - 4);
	assert_non_null(strstr(json_show(longer).s, "x..."));
	/* As long as can be shown whole, then one more. */
	longer[sizeof(struct json_shown) - 7] = '\0';
	assert_string_equal(json_show(longer).s, longer);
	longer[sizeof(struct json_shown) - 7] = 'x';
	longer[sizeof(struct json_shown) - 6] = '\0';
	assert_non_null(strstr(json_show(longer).s, "x..."));
	assert_string_equal(json_show("\x7f\x1f\xc2\x80\xc2\x9f\xc2\xa0 ~\xc3\x80").s,
			    "????\xc2\xa0 ~\xc3\x80");
	assert_string_equal(json_show("").s, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tree),		 cmocka_unit_test(byte_order_mark),
		cmocka_unit_test(exact_numbers), cmocka_unit_test(refused),
		cmocka_unit_test(raw_nul),	 cmocka_unit_test(depth_cap),
		cmocka_unit_test(size_caps),	 cmocka_unit_test(large_object),
		cmocka_unit_test(shown_text),	 cmocka_unit_test(a_character_cut_off),
		cmocka_unit_test(escapes_taken), cmocka_unit_test(utf8),
		cmocka_unit_test(members),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
