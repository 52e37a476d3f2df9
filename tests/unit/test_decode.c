/* SPDX-License-Identifier: Apache-2.0 */
/* test_decode: every kind of field, and the message of every way to get it wrong. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "json/decode.h"

/* More names than a message lists. */
#define FORTY "0123456789012345678901234567890123456789"
/* With six names of 41 before it, "g" and this fill the list of names in a message. */
#define THIRTY5 "01234567890123456789012345678901234"
static const struct name many[] = {
	{ "a" FORTY, 1 }, { "b" FORTY, 2 },   { "c" FORTY, 3 }, { "d" FORTY, 4 }, { "e" FORTY, 5 },
	{ "f" FORTY, 6 }, { "g" THIRTY5, 7 }, { "h" FORTY, 8 }, { "i" FORTY, 9 }, NAMES_END,
};

static const struct name colours[] = { { "red", 1 }, { "green", 2 }, { "blue", 4 }, NAMES_END };

struct inner {
	const char *name;
	uint32_t size;
};

struct outer {
	bool flag;
	struct opt_bool maybe;
	uint32_t small;
	uint32_t from_five;
	int crowd;
	struct opt_i64 level;
	struct opt_u64 limit;
	const char *path;
	const char *title;
	struct strs words;
	struct {
		uint32_t *v;
		size_t n;
	} ids;
	struct pairs labels;
	int colour;
	struct {
		int *v;
		size_t n;
	} palette;
	uint64_t bits;
	struct inner one;
	struct inner *other;
	struct {
		struct inner *v;
		size_t n;
	} list;
	struct {
		struct inner *v;
		size_t n;
	} map;
};

static const struct json_field inner_fields[] = {
	JSON_F_STR(struct inner, name, "name", 0),
	JSON_F_U32(struct inner, size, "size", JSON_REQUIRED, 1000),
	JSON_F_END,
};

static const struct json_table inner_table = { .name = "inner",
					       .size = sizeof(struct inner),
					       .fields = inner_fields };

static const struct json_table closed_table = {
	.name = "inner",
	.size = sizeof(struct inner),
	.fields = inner_fields,
	.closed = true,
};

static const struct json_field map_fields[] = {
	JSON_F_U32(struct inner, size, "size", 0, 1000),
	JSON_F_END,
};

static const struct json_table map_table = { .name = "map",
					     .size = sizeof(struct inner),
					     .fields = map_fields };

static const struct json_field outer_fields[] = {
	JSON_F_BOOL(struct outer, flag, "flag", 0),
	JSON_F_OPT_BOOL(struct outer, maybe, "maybe", 0),
	JSON_F_U32(struct outer, small, "small", 0, UINT32_MAX),
	{
		.key = "fromFive",
		.kind = JSON_K_U32,
		.offset = offsetof(struct outer, from_five),
		.min = 5,
		.max = 7,
	},
	JSON_F_NAME(struct outer, crowd, "crowd", 0, many),
	JSON_F_INT(struct outer, level, "level", 0, -20, 19),
	JSON_F_UINT(struct outer, limit, "limit", 0, UINT64_MAX),
	JSON_F_STR(struct outer, path, "path", JSON_ABSOLUTE),
	JSON_F_STR(struct outer, title, "title", JSON_NONEMPTY),
	JSON_F_STRS(struct outer, words, "words", JSON_NONEMPTY),
	JSON_F_U32S(struct outer, ids, "ids", 0),
	JSON_F_PAIRS(struct outer, labels, "labels", 0),
	JSON_F_NAME(struct outer, colour, "colour", 0, colours),
	{
		.key = "palette",
		.kind = JSON_K_NAMES,
		.offset = offsetof(struct outer, palette),
		.names = colours,
	},
	JSON_F_BITS(struct outer, bits, "bits", 0, colours),
	JSON_F_STRUCT(struct outer, one, "one", 0, &inner_table),
	JSON_F_PTR(struct outer, other, "other", 0, &closed_table),
	JSON_F_LIST(struct outer, list, "list", 0, &inner_table),
	JSON_F_MAP(struct outer, map, "map", 0, &map_table),
	JSON_F_END,
};

static const struct json_table outer_table = { .name = "",
					       .size = sizeof(struct outer),
					       .fields = outer_fields };

static int decode(struct arena *arena, const char *text, struct outer *out, struct err *err)
{
	const struct json *root;

	memset(out, 0, sizeof(*out));
	assert_int_equal(json_parse(arena, text, strlen(text), &root, err), 0);
	return json_decode(arena, &outer_table, root, out, err);
}

static void all_kinds(void **state)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct outer o;
	struct err err;

	(void)state;
	assert_int_equal(
		decode(&arena,
		       "{\"unknown\": [{}], \"flag\": true, \"maybe\": false, \"small\": "
		       "4294967295, \"level\": -20, \"limit\": 18446744073709551615, \"path\": "
		       "\"/x\", \"title\": \"t\", \"words\": [\"a\", \"\"], \"ids\": [5, "
		       "4294967295], \"labels\": {\"k\": \"v\", \"gone\": null, \"k2\": \"\"}, "
		       "\"colour\": \"blue\", \"palette\": [\"green\", \"red\"], \"bits\": "
		       "[\"red\", \"blue\"], \"one\": {\"size\": 1}, \"other\": {\"name\": \"n\", "
		       "\"size\": -0}, \"list\": [{\"size\": 2}, {\"size\": 3}], \"map\": "
		       "{\"first\": {\"size\": 4}, \"x\": null}}",
		       &o, &err),
		0);
	assert_true(o.flag);
	assert_true(o.maybe.set && !o.maybe.value);
	assert_true(o.small == UINT32_MAX);
	assert_true(o.level.set && o.level.value == -20);
	assert_true(o.limit.set && o.limit.value == UINT64_MAX);
	assert_string_equal(o.path, "/x");
	assert_int_equal(o.words.n, 2);
	assert_string_equal(o.words.v[0], "a");
	assert_null(o.words.v[2]);
	assert_int_equal(o.ids.n, 2);
	assert_true(o.ids.v[1] == UINT32_MAX);
	assert_int_equal(o.labels.n, 2);
	assert_string_equal(o.labels.v[1].key, "k2");
	assert_string_equal(o.labels.v[1].value, "");
	assert_int_equal(o.colour, 4);
	assert_int_equal(o.palette.n, 2);
	assert_int_equal(o.palette.v[0], 2);
	assert_true(o.bits == 5);
	assert_int_equal(o.one.size, 1);
	assert_string_equal(o.other->name, "n");
	assert_int_equal(o.other->size, 0);
	assert_int_equal(o.list.n, 2);
	assert_int_equal(o.list.v[1].size, 3);
	assert_int_equal(o.map.n, 1);
	assert_string_equal(o.map.v[0].name, "first");
	assert_int_equal(o.map.v[0].size, 4);
}

static void absent(void **state)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct outer o, nothing;
	struct err err;

	(void)state;
	memset(&nothing, 0, sizeof(nothing));
	assert_int_equal(decode(&arena, "{}", &o, &err), 0);
	assert_memory_equal(&o, &nothing, sizeof(o));
	assert_int_equal(decode(&arena,
				"{\"flag\": null, \"maybe\": null, \"small\": null, \"level\": "
				"null, \"path\": null, \"words\": null, \"ids\": [], \"labels\": "
				"{}, \"colour\": null, \"bits\": [], \"one\": null, \"other\": "
				"null, \"list\": [], \"map\": {}}",
				&o, &err),
			 0);
	assert_memory_equal(&o, &nothing, sizeof(o));
}

static void limits(void **state)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct outer o;
	struct err err;

	(void)state;
	assert_int_equal(decode(&arena,
				"{\"fromFive\": 5, \"level\": 19, \"crowd\": \"i" FORTY
				"\", \"other\": {\"size\": 1000, \"extra\": null}, \"bits\": "
				"[\"green\", \"green\"]}",
				&o, &err),
			 0);
	assert_int_equal(o.from_five, 5);
	assert_int_equal(o.level.value, 19);
	assert_int_equal(o.crowd, 9);
	assert_int_equal(o.other->size, 1000);
	assert_true(o.bits == 2);
	assert_int_equal(decode(&arena, "{\"fromFive\": 7}", &o, &err), 0);
	assert_int_equal(o.from_five, 7);
	assert_int_equal(decode(&arena, "{\"palette\": [], \"title\": null}", &o, &err), 0);
	assert_null(o.palette.v);
}

static const struct {
	const char *text;
	const char *msg;
} refused[] = {
	{ "[]", "/: expected an object, found an array" },
	{ "{\"flag\": 1}", "/flag: expected a boolean, found a number" },
	{ "{\"small\": \"1\"}", "/small: expected an integer, found a string" },
	{ "{\"small\": 1.5}", "/small: expected an integer, found 1.5" },
	{ "{\"small\": 1e3}", "/small: expected an integer, found 1e3" },
	{ "{\"small\": 1.0}", "/small: expected an integer, found 1.0" },
	{ "{\"small\": -1}", "/small: -1 is out of range (0 to 4294967295)" },
	{ "{\"small\": 4294967296}", "/small: 4294967296 is out of range (0 to 4294967295)" },
	{ "{\"fromFive\": 4}", "/fromFive: 4 is out of range (5 to 7)" },
	{ "{\"fromFive\": 8}", "/fromFive: 8 is out of range (0 to 7)" },
	{ "{\"crowd\": \"x\"}",
	  "/crowd: unknown value \"x\" (one of: a" FORTY ", b" FORTY ", c" FORTY ", d" FORTY
	  ", e" FORTY ", f" FORTY ", g" THIRTY5 ", ...)" },
	{ "{\"maybe\": \"true\"}", "/maybe: expected a boolean, found a string" },
	{ "{\"level\": -21}", "/level: -21 is out of range (-20 to 19)" },
	{ "{\"level\": \"1\"}", "/level: expected an integer, found a string" },
	{ "{\"limit\": 1E3}", "/limit: expected an integer, found 1E3" },
	{ "{\"ids\": {}}", "/ids: expected an array, found an object" },
	{ "{\"ids\": [4294967296]}", "/ids/0: 4294967296 is out of range (0 to 4294967295)" },
	{ "{\"labels\": []}", "/labels: expected an object, found an array" },
	{ "{\"words\": {}}", "/words: expected an array, found an object" },
	{ "{\"palette\": {}}", "/palette: expected an array, found an object" },
	{ "{\"bits\": [\"red\", \"x\"]}",
	  "/bits/1: unknown value \"x\" (one of: red, green, blue)" },
	{ "{\"colour\": 1}", "/colour: expected a string, found a number" },
	{ "{\"one\": []}", "/one: expected an object, found an array" },
	{ "{\"one\": {\"size\": 1001}}", "/one/size: 1001 is out of range (0 to 1000)" },
	{ "{\"other\": {\"extra\": 1}}", "/other/extra: nothing of that name is known here" },
	{ "{\"other\": {\"name\": 1, \"size\": 1}}",
	  "/other/name: expected a string, found a number" },
	{ "{\"level\": 20}", "/level: 20 is out of range (-20 to 19)" },
	{ "{\"limit\": 18446744073709551616}",
	  "/limit: 18446744073709551616 is out of range (0 to 18446744073709551615)" },
	{ "{\"path\": \"x/y\"}", "/path: must be an absolute path, found \"x/y\"" },
	{ "{\"path\": {}}", "/path: expected a string, found an object" },
	{ "{\"title\": \"\"}", "/title: must not be empty" },
	{ "{\"words\": []}", "/words: at least one entry is required" },
	{ "{\"words\": [\"a\", null]}", "/words/1: expected a string, found null" },
	{ "{\"ids\": [1, true]}", "/ids/1: expected an integer, found a boolean" },
	{ "{\"labels\": {\"a/b\": 1}}", "/labels/a~1b: expected a string, found a number" },
	{ "{\"colour\": \"pink\"}", "/colour: unknown value \"pink\" (one of: red, green, blue)" },
	{ "{\"colour\": \"\\u001b[0m\"}",
	  "/colour: unknown value \"?[0m\" (one of: red, green, blue)" },
	{ "{\"palette\": [\"x\"]}", "/palette/0: unknown value \"x\" (one of: red, green, blue)" },
	{ "{\"bits\": \"red\"}", "/bits: expected an array, found a string" },
	{ "{\"one\": {}}", "/one/size: required, but missing" },
	{ "{\"one\": {\"size\": null}}", "/one/size: required, but missing" },
	{ "{\"list\": [{\"size\": 1}, {}]}", "/list/1/size: required, but missing" },
	{ "{\"list\": {}}", "/list: expected an array, found an object" },
	{ "{\"other\": {\"size\": 1, \"extra\": 1}}",
	  "/other/extra: nothing of that name is known here" },
	{ "{\"map\": {\"k\": {\"size\": 1001}}}", "/map/k/size: 1001 is out of range (0 to 1000)" },
	{ "{\"map\": []}", "/map: expected an object, found an array" },
};

static void messages(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		scope_arena struct arena arena = ARENA_INIT;
		struct outer o;
		struct err err = { 0 };

		assert_int_equal(decode(&arena, refused[i].text, &o, &err), -EINVAL);
		assert_string_equal(err.msg, refused[i].msg);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_kinds),
		cmocka_unit_test(absent),
		cmocka_unit_test(limits),
		cmocka_unit_test(messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
