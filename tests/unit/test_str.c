/* SPDX-License-Identifier: Apache-2.0 */
/* test_str: the ground floor: numbers, growing text, errors, arenas, name tables. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/table.h"

static void unsigned_numbers(void **state)
{
	static const char *const refused[] = { "",    " 1",  "1 ",  "+1",  "-1",
					       "0x1", "1_0", "1.0", "1e3", "a" };
	uint64_t value = 7;

	(void)state;
	assert_int_equal(str_u64("0", UINT64_MAX, &value), 0);
	assert_true(value == 0);
	assert_int_equal(str_u64("18446744073709551615", UINT64_MAX, &value), 0);
	assert_true(value == UINT64_MAX);
	assert_int_equal(str_u64("18446744073709551616", UINT64_MAX, &value), -ERANGE);
	assert_int_equal(str_u64("99999999999999999999999", UINT64_MAX, &value), -ERANGE);
	assert_int_equal(str_u64("11", 10, &value), -ERANGE);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		assert_int_equal(str_u64(refused[i], UINT64_MAX, &value), -EINVAL);
	}
	assert_true(value == UINT64_MAX); /* untouched by failures */
}

static void signed_numbers(void **state)
{
	int64_t value = 7;
	uint32_t small = 7;

	(void)state;
	assert_int_equal(str_i64("-9223372036854775808", INT64_MIN, INT64_MAX, &value), 0);
	assert_true(value == INT64_MIN);
	assert_int_equal(str_i64("9223372036854775807", INT64_MIN, INT64_MAX, &value), 0);
	assert_true(value == INT64_MAX);
	assert_int_equal(str_i64("9223372036854775808", INT64_MIN, INT64_MAX, &value), -ERANGE);
	assert_int_equal(str_i64("-9223372036854775809", INT64_MIN, INT64_MAX, &value), -ERANGE);
	assert_int_equal(str_i64("-21", -20, 19, &value), -ERANGE);
	assert_int_equal(str_i64("-", INT64_MIN, INT64_MAX, &value), -EINVAL);
	assert_int_equal(str_i64("--1", INT64_MIN, INT64_MAX, &value), -EINVAL);
	assert_true(value == INT64_MAX);
	assert_int_equal(str_u32("4294967295", &small), 0);
	assert_true(small == UINT32_MAX);
	assert_int_equal(str_u32("4294967296", &small), -ERANGE);
}

static void growing_text(void **state)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct text text;

	(void)state;
	text_init(&text, &arena);
	assert_string_equal(text.s, "");
	for (int i = 0; i < 1000; i++) {
		text_add(&text, "%d,", i % 10);
	}
	text_addn(&text, "end...", 3);
	assert_int_equal(text.len, 2003);
	assert_int_equal(strlen(text.s), 2003);
	assert_string_equal(text.s + 1996, "8,9,end");
	assert_true(str_starts(text.s, "0,1,2,"));
	assert_false(str_starts("ab", "abc"));
	assert_true(str_has_word("cpu io\n", "io"));
	assert_true(str_has_word(" cpu", "cpu"));
	assert_false(str_has_word("cpuset io", "cpu"));
	assert_false(str_has_word("cpu", "cpuset"));
	assert_false(str_has_word("", "cpu"));
	assert_true(str_eq("", ""));
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), wanted = strlen(end);

	return len >= wanted && strcmp(text + len - wanted, end) == 0;
}

static void errors(void **state)
{
	struct err err;
	char longer[2 * ERR_MSG_MAX];

	(void)state;
	assert_int_equal(err_set(&err, EINVAL, "bad %s", "thing"), -EINVAL);
	assert_int_equal(err.code, EINVAL);
	assert_string_equal(err.msg, "bad thing");
	assert_int_equal(err_wrap(&err, "config.json"), -EINVAL);
	assert_string_equal(err.msg, "config.json: bad thing");
	assert_int_equal(err_hint(&err, "try %d", 2), -EINVAL);
	assert_string_equal(err.msg, "config.json: bad thing; try 2");
	assert_int_equal(err_errno(&err, ENOENT, "open %s", "/x"), -ENOENT);
	assert_string_equal(err.msg, "open /x: No such file or directory");
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(err_set(&err, EIO, "%s", longer), -EIO);
	assert_int_equal(strlen(err.msg), ERR_MSG_MAX - 1);
	/*
	 * However long the object is: the cause and the remedy are there, and so is what was put in
	 * front.
	 */
	err_errno(&err, ENOENT, "open %s", longer);
	assert_true(str_starts(err.msg, "open xxx"));
	assert_true(ends_with(err.msg, "xxx...: No such file or directory"));
	err_hint(&err, "try another");
	assert_true(ends_with(err.msg, "...; try another"));
	err_errno(&err, ENOENT, "%.990s", longer);
	err_wrap(&err, "%s", "config.json");
	assert_true(str_starts(err.msg, "config.json: "));
	err_wrap(&err, "%s", "/a/longer/path");
	assert_true(str_starts(err.msg, "/a/longer/path: ..."));
	assert_true(ends_with(err.msg, "xxx: No such file or directory"));
	assert_true(strlen(err.msg) <= ERR_MSG_MAX - 1);
	/*
	 * Parts of every length, also both longer than the whole: the beginning of the one and the
	 * end of the other are there.
	 */
	for (size_t first = 1; first < ERR_MSG_MAX; first += 31) {
		for (size_t last = 1; last < ERR_MSG_MAX; last += 29) {
			err_set(&err, EIO, "%.*s>", (int)last, longer);
			err_wrap(&err, "<%.*s", (int)first, longer);
			assert_true(err.msg[0] == '<');
			assert_true(ends_with(err.msg, last < ERR_MSG_MAX - 2 ? ">" : "x"));
		}
	}
	/* No character of UTF-8 is cut in two: three bytes each, cut at any of them. */
	for (size_t i = 0; i < 3; i++) {
		for (size_t at = i; at + 3 < sizeof(longer); at += 3) {
			memcpy(longer + at, "\xe2\x82\xac", 3);
		}
		err_errno(&err, ENOENT, "%s", longer);
		assert_true(ends_with(err.msg, "\xe2\x82\xac...: No such file or directory"));
	}
	/* Nor is it trusted to be any. */
	memset(longer, 0x80, sizeof(longer) - 1);
	err_errno(&err, ENOENT, "%s", longer);
	err_wrap(&err, "%s", longer);
	assert_true(ends_with(err.msg, ": No such file or directory"));
	assert_true(strlen(err.msg) < ERR_MSG_MAX);
}

static void arenas(void **state)
{
	struct arena arena = ARENA_INIT;
	char *big;

	(void)state;
	assert_non_null(arena_alloc(&arena, 0));
	big = arena_alloc(&arena, 100000);
	assert_int_equal(big[0], 0);
	assert_int_equal(big[99999], 0);
	memset(big, 1, 100000);
	for (size_t size = 1; size < 2000; size += 7) {
		char *p = arena_alloc(&arena, size);

		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++) {
			assert_int_equal(p[i], 0);
		}
		memset(p, 0xff, size);
	}
	assert_string_equal(arena_strdup(&arena, "abc"), "abc");
	assert_string_equal(arena_strndup(&arena, "abc", 2), "ab");
	assert_string_equal(arena_printf(&arena, "%d-%s", 5, "x"), "5-x");
	arena_done(&arena);
	assert_string_equal(arena_strdup(&arena, "again"), "again");
	arena_done(&arena);
}

/* What lies behind the elements is zero; a list that is somebody else's is copied. */
static void lists_that_grow(void **state)
{
	scope_arena struct arena arena = ARENA_INIT;
	const int theirs[] = { 7, 8, 9 };
	size_t room = 0;
	int *v = NULL;

	(void)state;
	for (int n = 0; n < 100; n++) {
		int *grown = arena_grow(&arena, v, (size_t)n, &room, sizeof(*v));

		assert_true(room >= (size_t)n + 2);
		assert_int_equal(grown[n], 0);
		assert_int_equal(grown[n + 1], 0);
		grown[n] = n;
		v = grown;
	}
	for (int n = 0; n < 100; n++) {
		assert_int_equal(v[n], n);
	}
	room = 0;
	v = arena_grow(&arena, (void *)(uintptr_t)theirs, 3, &room, sizeof(*v));
	assert_true(v != theirs);
	v[3] = 10;
	assert_memory_equal(v, theirs, sizeof(theirs));
	assert_int_equal(v[4], 0);
}

static void texts_that_lack(void **state)
{
	(void)state;
	assert_string_equal(str_or("a", "b"), "a");
	assert_string_equal(str_or("", "b"), "");
	assert_string_equal(str_or(NULL, "b"), "b");
	assert_null(str_or(NULL, NULL));
	assert_string_equal(str_filled("a"), "a");
	assert_null(str_filled(""));
	assert_null(str_filled(NULL));
}

static void tables(void **state)
{
	static const struct name table[] = { { "one", 1 }, { "uno", 1 }, { "two", 2 }, NAMES_END };

	(void)state;
	assert_true(names_find(table, "uno") == &table[1]);
	assert_null(names_find(table, "One"));
	assert_null(names_find(table, ""));
	assert_string_equal(names_of(table, 1), "one");
	assert_null(names_of(table, 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unsigned_numbers), cmocka_unit_test(signed_numbers),
		cmocka_unit_test(growing_text),	    cmocka_unit_test(errors),
		cmocka_unit_test(arenas),	    cmocka_unit_test(lists_that_grow),
		cmocka_unit_test(texts_that_lack),  cmocka_unit_test(tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
