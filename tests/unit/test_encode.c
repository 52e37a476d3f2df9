/* SPDX-License-Identifier: Apache-2.0 */
/* test_encode: the text that the writer makes, and that it is always JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "json/encode.h"

static void put_sample(struct json_writer *w)
{
	const char *const words[] = { "x", "y", NULL };
	struct strs strs = { (const char **)words, 2 }, none = { NULL, 0 };

	json_object_begin(w, NULL);
	json_string(w, "id", "c1");
	json_int(w, "low", INT64_MIN);
	json_uint(w, "high", UINT64_MAX);
	json_bool(w, "on", true);
	json_strings(w, "words", &strs);
	json_strings(w, "none", &none);
	json_object_begin(w, "empty");
	json_object_end(w);
	json_array_begin(w, "list");
	json_object_begin(w, NULL);
	json_bool(w, "off", false);
	json_object_end(w);
	json_int(w, NULL, -1);
	json_array_end(w);
	json_object_end(w);
}

static void indented(void **state)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct json_writer w;
	struct text out;

	(void)state;
	text_init(&out, &arena);
	json_writer_init(&w, &out, false);
	put_sample(&w);
	assert_string_equal(
		out.s,
		"{\n\t\"id\": \"c1\",\n\t\"low\": -9223372036854775808,\n"
		"\t\"high\": 18446744073709551615,\n\t\"on\": true,\n"
		"\t\"words\": [\n\t\t\"x\",\n\t\t\"y\"\n\t],\n\t\"none\": [],\n\t\"empty\": {},\n"
		"\t\"list\": [\n\t\t{\n\t\t\t\"off\": false\n\t\t},\n\t\t-1\n\t]\n}");
}

static void compact(void **state)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct json_writer w;
	struct text out;

	(void)state;
	text_init(&out, &arena);
	json_writer_init(&w, &out, true);
	put_sample(&w);
	assert_string_equal(out.s, "{\"id\":\"c1\",\"low\":-9223372036854775808,\"high\":"
				   "18446744073709551615,\"on\":true,\"words\":[\"x\",\"y\"],"
				   "\"none\":[],\"empty\":{},\"list\":[{\"off\":false},-1]}");
}

static const char *quoted(struct arena *arena, const char *value)
{
	struct json_writer w;
	struct text out;

	text_init(&out, arena);
	json_writer_init(&w, &out, true);
	json_string(&w, NULL, value);
	return out.s;
}

static void escapes(void **state)
{
	scope_arena struct arena arena = ARENA_INIT;

	(void)state;
	assert_string_equal(quoted(&arena, ""), "\"\"");
	assert_string_equal(quoted(&arena, "a\"b\\c/d"), "\"a\\\"b\\\\c/d\"");
	assert_string_equal(quoted(&arena, "\b\f\n\r\t\x01\x1f\x7f"),
			    "\"\\b\\f\\n\\r\\t\\u0001\\u001f\\u007f\"");
	/* C1, and what turns text round; the neighbours stay. */
	assert_string_equal(quoted(&arena, "\xc2\x80\xc2\x9f\xc2\xa0\xe2\x80\xae"),
			    "\"\\u0080\\u009f\xc2\xa0\\u202e\"");
	assert_string_equal(quoted(&arena, "\xc3\xa9\xf0\x9f\x98\x80"),
			    "\"\xc3\xa9\xf0\x9f\x98\x80\"");
	assert_string_equal(quoted(&arena, "a\xff\xc3"), "\"a\xef\xbf\xbd\xef\xbf\xbd\"");
	assert_string_equal(quoted(&arena, "\xed\xa0\x80!"),
			    "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd!\"");
}

/* Every pair of bytes comes out as JSON; what was UTF-8 comes back as it was. */
static void every_pair(void **state)
{
	(void)state;
	for (int a = 1; a < 256; a++) {
		for (int b = 1; b < 256; b++) {
			scope_arena struct arena arena = ARENA_INIT;
			const char value[] = { (char)a, (char)b, '\0' };
			const char *text = quoted(&arena, value);
			const struct json *back;
			struct err err;

			assert_int_equal(json_parse(&arena, text, strlen(text), &back, &err), 0);
			if ((a < 0x80 && b < 0x80) || str_utf8(value, 2) == 2) {
				assert_string_equal(back->text, value);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(indented),
		cmocka_unit_test(compact),
		cmocka_unit_test(escapes),
		cmocka_unit_test(every_pair),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
