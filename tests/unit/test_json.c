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

static void refused(void **state)
{
	static const struct {
		const char *text;
		const char *msg;
	} cases[] = {
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
		{ "[\"\xc3\xa9\xff\"]", "line 1, column 4: invalid UTF-8" },
		{ "[\"\xc0\x80\"]", "line 1, column 3: invalid UTF-8" },
		{ "[\"\xed\xa0\x80\"]", "line 1, column 3: invalid UTF-8" },
		{ "[\"\\\xff\"]", "line 1, column 4: invalid UTF-8" },
		{ "{\"a\":1,\"b\":2,\n\"a\":3}",
		  "line 2, column 3: the member \"a\" is there twice" },
		{ "{\"a\":1,\"\\u0061\":3}", "line 1, column 15: the member \"a\" is there twice" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scope_arena struct arena arena = ARENA_INIT;
		const struct json *root = NULL;
		struct err err = { 0 };

		assert_int_equal(parse(&arena, cases[i].text, strlen(cases[i].text), &root, &err),
				 -EINVAL);
		assert_string_equal(err.msg, cases[i].msg);
		assert_null(root);
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

static void shown_text(void **state)
{
	char longer[200];

	(void)state;
	assert_string_equal(json_show("a\nb\x1b[31m\xff\xc2\x85\xc3\xa9").s, "a?b?[31m??\xc3\xa9");
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_true(strlen(json_show(longer).s) < sizeof(struct json_shown));
	assert_non_null(strstr(json_show(longer).s, "x..."));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tree),		cmocka_unit_test(exact_numbers),
		cmocka_unit_test(refused),	cmocka_unit_test(raw_nul),
		cmocka_unit_test(depth_cap),	cmocka_unit_test(size_caps),
		cmocka_unit_test(large_object), cmocka_unit_test(shown_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
