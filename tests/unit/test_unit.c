/* SPDX-License-Identifier: Apache-2.0 */
/* From cgroupsPath to a unit's name, and from annotations to its properties. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "plan/unit.h"
#include "plan/unit_property.h"

/* "SLICE UNIT", or the error's message. */
static const char *name_of(struct arena *arena, const char *path, const char *id, bool system)
{
	const char *unit = "untouched";
	const char *slice = "untouched";
	struct err err;

	if (plan_unit_name(arena, path, id, system, &unit, &slice, &err) < 0) {
		assert_int_equal(err.code, EINVAL);
		assert_string_equal(unit, "untouched");
		assert_string_equal(slice, "untouched");
		assert_true(str_starts(err.msg, "/linux/cgroupsPath: "));
		return arena_strdup(arena, err.msg);
	}
	assert_true(strlen(unit) <= 255);
	return arena_printf(arena, "%s %s", slice, unit);
}

static void names(void **state)
{
	static const struct {
		const char *path;
		const char *id;
		const char *want;
	} rows[] = {
		{ NULL, "web", "app.slice rootlet-web.scope" },
		{ "", "web", "app.slice rootlet-web.scope" },
		{ "", "a+b", "app.slice rootlet-a\\x2bb.scope" },
		{ "user.slice:libpod:0123abcd", "x", "user.slice libpod-0123abcd.scope" },
		{ ":libpod:x", "x", "app.slice libpod-x.scope" },
		{ "::x", "x", "app.slice x.scope" },
		{ "::x.scope", "x", "app.slice x.scope" },
		{ "a-b.slice:p:x.scope", "x", "a-b.slice p-x.scope" },
		{ "-.slice:p:x", "x", "-.slice p-x.scope" },
		{ "::a b%c@d", "x", "app.slice a\\x20b\\x25c\\x40d.scope" },
		{ "::\xc3\xa9", "x", "app.slice \\xc3\\xa9.scope" },
		{ "::azAZ09:-_.\\", "x", NULL },
		{ "::`{@[/", "x", NULL },
		{ "::azAZ09-_.\\", "x", "app.slice azAZ09-_.\\.scope" },
		{ "::`{@[;", "x", "app.slice \\x60\\x7b\\x40\\x5b\\x3b.scope" },
		{ "::x.x", "x", "app.slice x.x.scope" },
		{ "::.", "x", "app.slice \\x2e.scope" },
		{ "azAZ09_.slice:p:x", "x", "azAZ09_.slice p-x.scope" },
		{ "a/b", "x", "app.slice a-b.scope" },
		{ "a.slice/b/c.slice/d", "x", "c.slice d.scope" },
		{ "a:b/c", "x", "app.slice a:b-c.scope" },
		{ "/.../x", "x", "app.slice \\x2e..-x.scope" },
		{ "/a/...", "x", "app.slice a-....scope" },
		{ "::.x", "x", "app.slice \\x2ex.scope" },
		{ "/libpod_parent/libpod-abc", "x", "app.slice libpod_parent-libpod-abc.scope" },
		{ "/machine.slice/other/libpod-abc.scope", "x",
		  "machine.slice other-libpod-abc.scope" },
		{ "/user.slice/user-1000.slice/a", "x", "user-1000.slice a.scope" },
		{ "a", "x", "app.slice a.scope" },
		{ "/a/b//", "x", "app.slice a-b.scope" },
		{ "/default/same", "x", "app.slice default-same.scope" },
		{ "/k8s.io/same", "x", "app.slice k8s.io-same.scope" },
		{ "a.slice/b.slice", "x", "a.slice b.slice.scope" },
		{ "/user.slice", "x", "app.slice user.slice.scope" },
	};
	scope_arena struct arena arena = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].want) {
			assert_string_equal(name_of(&arena, rows[i].path, rows[i].id, false),
					    rows[i].want);
		}
	}
	assert_string_equal(name_of(&arena, NULL, "web", true), "system.slice rootlet-web.scope");
}

static void names_refused(void **state)
{
	static const char *const rows[][2] = {
		{ "user.slice:x", "not of the form slice:prefix:name" },
		{ "a:b:c:d", "not of the form slice:prefix:name" },
		{ ":p:", "names no cgroup" },
		{ "/.", "names no cgroup" },
		{ "/a/.", "names no cgroup" },
		{ "/a--b.slice/x", "has no name" },
		{ "slice:p:x", "is no slice" },
		{ "a:b", "not of the form slice:prefix:name" },
		{ ".a.slice:p:x", "systemd takes in no unit's name" },
		{ "::.scope", "names no cgroup" },
		{ "/", "names no cgroup" },
		{ "/a/..", "names no cgroup" },
		{ "user:p:x", "is no slice" },
		{ ".slice:p:x", "is no slice" },
		{ "a b.slice:p:x", "systemd takes in no unit's name" },
		{ "a--b.slice:p:x", "has no name" },
		{ "-a.slice:p:x", "has no name" },
		{ "a-.slice:p:x", "has no name" },
		{ "/a%.slice/x", "systemd takes in no unit's name" },
	};
	scope_arena struct arena arena = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *got = name_of(&arena, rows[i][0], "x", false);

		if (!strstr(got, rows[i][1])) {
			fail_msg("%s: %s", rows[i][0], got);
		}
	}
}

static void long_names(void **state)
{
	scope_arena struct arena arena = ARENA_INIT;
	char a[256], b[256];
	const char *name;

	(void)state;
	memset(a, 'x', 255);
	a[255] = '\0';
	memcpy(b, a, sizeof(b));
	b[254] = 'y';
	name = name_of(&arena, NULL, a, false);
	assert_int_equal(strlen(name), strlen("app.slice ") + 255);
	assert_true(str_starts(name, "app.slice rootlet-xxxxxx"));
	assert_string_equal(name + strlen(name) - 6, ".scope");
	assert_string_not_equal(name, name_of(&arena, NULL, b, false));
	a[241] = '\0'; /* just fits: rootlet- and .scope are 14 */
	assert_string_equal(name_of(&arena, NULL, a, false),
			    arena_printf(&arena, "app.slice rootlet-%s.scope", a));
	name = name_of(&arena, arena_printf(&arena, "::%s1234567890", a), "x", false);
	assert_non_null(strstr(name, "would have 257 characters, and systemd takes 255"));
}

static struct plan_property property(struct arena *arena, const char *name, const char *text)
{
	const char *key = arena_printf(arena, "org.systemd.property.%s", name);
	struct plan_property ret;
	struct err err;

	if (plan_unit_property(arena, key, text, &ret, &err) < 0) {
		fail_msg("%s = %s: %s", name, text, err.msg);
	}
	assert_string_equal(ret.where, arena_printf(arena, "/annotations/%s", key));
	return ret;
}

static void scalars(void **state)
{
	static const struct {
		const char *text;
		const char *type;
		int64_t value;
	} integers[] = {
		{ "5", "i", 5 },
		{ " -5 ", "i", -5 },
		{ "0", "i", 0 },
		{ "0x1F", "i", 31 },
		{ "2147483647", "i", INT32_MAX },
		{ "-2147483648", "i", INT32_MIN },
		{ "int32 7", "i", 7 },
		{ "int64 -9223372036854775808", "x", INT64_MIN },
		{ "@x 9223372036854775807", "x", INT64_MAX },
	};
	static const struct {
		const char *text;
		const char *type;
		uint64_t value;
	} numbers[] = {
		{ "uint64 90000000", "t", 90000000 },
		{ "uint64 18446744073709551615", "t", UINT64_MAX },
		{ "@t 1", "t", 1 },
		{ "uint32 4294967295", "u", UINT32_MAX },
		{ "@u\t0xffffffff", "u", UINT32_MAX },
	};
	scope_arena struct arena arena = ARENA_INIT;
	struct plan_property p;

	(void)state;
	for (size_t i = 0; i < sizeof(integers) / sizeof(integers[0]); i++) {
		p = property(&arena, "KillSignal", integers[i].text);
		assert_string_equal(p.type, integers[i].type);
		assert_true(p.integer == integers[i].value);
	}
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		p = property(&arena, "TasksMax", numbers[i].text);
		assert_string_equal(p.name, "TasksMax");
		assert_string_equal(p.type, numbers[i].type);
		assert_true(p.number == numbers[i].value);
	}
}

static void booleans_and_reals(void **state)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct plan_property p;

	(void)state;
	p = property(&arena, "SendSIGHUP", "true");
	assert_string_equal(p.type, "b");
	assert_true(p.boolean);
	p = property(&arena, "SendSIGHUP", "boolean false");
	assert_string_equal(p.type, "b");
	assert_false(p.boolean);
	p = property(&arena, "Real", "-1.25");
	assert_string_equal(p.type, "d");
	assert_true(p.real > -1.2500001 && p.real < -1.2499999);
	p = property(&arena, "Real", "double -0.5");
	assert_true(p.real > -0.5000001 && p.real < -0.4999999);
	p = property(&arena, "Real", "19.999");
	assert_true(p.real > 19.9989999 && p.real < 19.9990001);
	p = property(&arena, "Real", "9.09");
	assert_true(p.real > 9.0899999 && p.real < 9.0900001);
	p = property(&arena, "Real", "double 3");
	assert_string_equal(p.type, "d");
	assert_true(p.real > 2.9999999 && p.real < 3.0000001);
}

static void spellings(void **state)
{
	scope_arena struct arena arena = ARENA_INIT;

	(void)state;
	assert_int_equal(property(&arena, "abZ", "0X1f").integer, 31);
	assert_int_equal(property(&arena, "zAZ", "0xABCDEF").integer, 0xabcdef);
	assert_int_equal(property(&arena, "aaa", "-0xabcdef").integer, -0xabcdef);
	assert_int_equal(property(&arena, "aaa", "9").integer, 9);
	assert_int_equal(property(&arena, "aaa", "-9").integer, -9);
	assert_int_equal(property(&arena, "aaa", "10").integer, 10);
	assert_true(property(&arena, "aaa", "@b true").boolean);
	assert_string_equal(property(&arena, "aaa", "@i 5").type, "i");
	assert_string_equal(property(&arena, "aaa", "@d 5").type, "d");
	assert_string_equal(property(&arena, "aaa", "\r\n\t uint32\r\n\t 5\r\n\t ").type, "u");
}

static void texts(void **state)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct plan_property p;

	(void)state;
	p = property(&arena, "CollectMode", "'inactive-or-failed'");
	assert_string_equal(p.type, "s");
	assert_string_equal(p.text, "inactive-or-failed");
	assert_string_equal(property(&arena, "Description", "\"it's\"").text, "it's");
	assert_string_equal(property(&arena, "Description", "'it\\'s \\\\ \\n\\t\\\"'").text,
			    "it's \\ \n\t\"");
	assert_string_equal(
		property(&arena, "Description", "'\\u00e9\\u20ac\\U0001F600z\\u0041'").text,
		"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80zA");
	assert_string_equal(property(&arena, "Description", "@s ''").text, "");
	assert_string_equal(property(&arena, "Description", "'\\a\\b\\f\\n\\r\\t\\v'").text,
			    "\a\b\f\n\r\t\v");
	assert_string_equal(property(&arena, "Description", "'\\u007f\\u0080\\u07ff\\u0800'").text,
			    "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80");
	assert_string_equal(
		property(&arena, "Description", "'\\uffff\\U00010000\\U0010ffff\\uD7fF\\uE000'")
			.text,
		"\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80"
		"\x80");
	assert_string_equal(property(&arena, "Description", "'\\u0001\\U0001F4a9'").text,
			    "\x01\xf0\x9f\x92\xa9");
	assert_string_equal(property(&arena, "Description", "string \"a'b\"").text, "a'b");
	assert_string_equal(property(&arena, "Description", "'a\"b'").text, "a\"b");
	assert_string_equal(property(&arena, "Description", "'\\-\\/\\'\\`\\{\\@\\['").text,
			    "-/'`{@[");
	p = property(&arena, "Before", "[\r\n\t \"a\"]");
	assert_string_equal(p.type, "as");
	assert_int_equal(p.texts.n, 1);
	p = property(&arena, "Bytes", "[ byte 0]");
	assert_string_equal(p.type, "ay");
	assert_int_equal(p.bytes.n, 1);
	assert_int_equal(p.bytes.v[0], 0);
	p = property(&arena, "Bytes", "@ay [1,2,3,4]");
	assert_int_equal(p.bytes.n, 4);
	assert_int_equal(p.bytes.v[3], 4);
	p = property(&arena, "Before", "@as ['a', 'b', 'c', 'd', 'e']");
	assert_int_equal(p.texts.n, 5);
	assert_string_equal(p.texts.v[4], "e");
	p = property(&arena, "Before", "['a.service', \"b, c\" ,'']");
	assert_string_equal(p.type, "as");
	assert_int_equal(p.texts.n, 3);
	assert_string_equal(p.texts.v[0], "a.service");
	assert_string_equal(p.texts.v[1], "b, c");
	assert_string_equal(p.texts.v[2], "");
	assert_null(p.texts.v[3]);
	p = property(&arena, "Before", "@as []");
	assert_string_equal(p.type, "as");
	assert_int_equal(p.texts.n, 0);
	p = property(&arena, "AllowedCPUs", "[byte 0x03, 255]");
	assert_string_equal(p.type, "ay");
	assert_int_equal(p.bytes.n, 2);
	assert_int_equal(p.bytes.v[0], 3);
	assert_int_equal(p.bytes.v[1], 255);
	assert_int_equal(property(&arena, "AllowedCPUs", "@ay []").bytes.n, 0);
}

static void seconds(void **state)
{
	static const struct {
		const char *text;
		uint64_t micro;
	} rows[] = {
		{ "90", 90000000 },
		{ "uint64 90", 90000000 },
		{ "1.5", 1500000 },
		{ "double 0.000001", 1 },
		{ "0.0000019", 1 },
		{ "int32 0", 0 },
		{ "18446744073709", UINT64_C(18446744073709000000) },
		{ "'infinity'", UINT64_MAX },
		{ "\"infinity\"", UINT64_MAX },
		{ "string 'infinity'", UINT64_MAX },
		{ "9.9", 9900000 },
		{ "0.9", 900000 },
		{ "1.050009", 1050009 },
		{ "18446744073709.551614", UINT64_MAX - 1 },
	};
	scope_arena struct arena arena = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct plan_property p = property(&arena, "TimeoutStopSec", rows[i].text);

		assert_string_equal(p.name, "TimeoutStopUSec");
		assert_string_equal(p.type, "t");
		assert_true(p.number == rows[i].micro);
	}
	/* Three letters and no more are a name of their own. */
	assert_string_equal(property(&arena, "Sec", "5").name, "Sec");
	assert_string_equal(property(&arena, "aSec", "5").name, "aUSec");
	/* Already in microseconds. */
	assert_string_equal(property(&arena, "TimeoutStopUSec", "uint64 5").name,
			    "TimeoutStopUSec");
	assert_true(property(&arena, "TimeoutStopUSec", "uint64 5").number == 5);
}

static const char *const refused_properties[][3] = {
	{ "Ab", "1", "no name of a unit's property" },
	{ "", "1", "no name of a unit's property" },
	{ "Abc@", "1", "no name of a unit's property" },
	{ "Abc[", "1", "no name of a unit's property" },
	{ "Abc`", "1", "no name of a unit's property" },
	{ "Abc{", "1", "no name of a unit's property" },
	{ "Abc1", "1", "no name of a unit's property" },
	{ "Controller", "'x'", "set by rootlet itself" },
	{ "Delegate", "true", "set by rootlet itself" },
	{ "PIDFDs", "@as []", "set by rootlet itself" },
	{ "TasksMax", "0x1G", "expected a number at character 1 of" },
	{ "TasksMax", "uint32 1a", "expected a number at character 8 of" },
	{ "TasksMax", "00", "may not begin with 0" },
	{ "TasksMax", "1./", "expected a digit at character 3 of" },
	{ "TasksMax", "1.:", "expected a digit" },
	{ "TasksMax", "/", "expected a value" },
	{ "TasksMax", ":", "expected a value" },
	{ "TasksMax", "int64 9223372036854775808", "does not fit its type" },
	{ "TasksMax", "int64 -9223372036854775809", "does not fit its type" },
	{ "TasksMax", "uint32 -1", "expected a number" },
	{ "TasksMax", "@as1 []", "a type that is none of" },
	{ "TasksMax", "@asx []", "a type that is none of" },
	{ "TasksMax", "@a []", "a type that is none of" },
	{ "Text", "'\\udfff'", "no character has the number" },
	{ "Text", "'\\U0000004'", "a hexadecimal digit is missing" },
	{ "Text", "'\\u123g'", "a hexadecimal digit is missing at character 7 of" },
	{ "Text", "'\\Z'", "unknown escape" },
	{ "Text", "'\\z'", "unknown escape" },
	{ "Text", "'\\A'", "unknown escape" },
	{ "Text", "'\\0'", "unknown escape" },
	{ "Text", "'\\9'", "unknown escape" },
	{ "Text", "'\\_'", "unknown escape" },
	{ "Text", "'\\", "unknown escape at character 3 of" },
	{ "Text", "\"abc'", "does not end at character 6 of" },
	{ "List", "@ay 5", "expected a list of bytes" },
	{ "List", "@ay [1 2]", "expected , or ]" },
	{ "List", "@ay [1", "expected , or ]" },
	{ "List", "[bytes 1]", "expected a value" },
	{ "List", "@as [", "expected a string" },
	{ "StopSec", "'infinite'", "a time is a number of seconds" },
	{ "StopSec", "boolean true", "a time is a number of seconds" },
	{ "StopSec", "uint64 'infinity'", "expected a number" },
	{ "StopSec", "5 5", "something is left over at character 3 of" },
	{ "Tasks Max", "1", "no name of a unit's property" },
	{ "TasksMax=", "1", "no name of a unit's property" },
	{ "PIDs", "@as []", "set by rootlet itself" },
	{ "Slice", "'x.slice'", "set by rootlet itself" },
	{ "TasksMax", "", "expected a value in GVariant's text format" },
	{ "TasksMax", "yes", "expected a value in GVariant's text format" },
	{ "TasksMax", "tru", "expected true or false at character 1 of \"tru\"" },
	{ "TasksMax", "True", "expected a value" },
	{ "TasksMax", "truee", "expected true or false" },
	{ "TasksMax", "true false", "something is left over at character 6" },
	{ "TasksMax", "5x", "expected a number" },
	{ "TasksMax", "010", "may not begin with 0" },
	{ "TasksMax", "2147483648", "does not fit its type" },
	{ "TasksMax", "-2147483649", "does not fit its type" },
	{ "TasksMax", "uint32 4294967296", "does not fit its type" },
	{ "TasksMax", "uint64 18446744073709551616", "does not fit its type" },
	{ "TasksMax", "uint64 99999999999999999999999", "does not fit its type" },
	{ "TasksMax", "uint64 99999999999999999999999x", "expected a number" },
	{ "TasksMax", "uint64 -1", "expected a number" },
	{ "TasksMax", "uint64", "expected a number" },
	{ "TasksMax", "uint64 0x", "expected a number" },
	{ "TasksMax", "uint64 'a'", "expected a number" },
	{ "TasksMax", "uint16 1", "expected a value" },
	{ "TasksMax", "@q 1", "a type that is none of" },
	{ "TasksMax", "@ 1", "a type that is none of" },
	{ "TasksMax", "1.", "expected a digit" },
	{ "TasksMax", "--1", "expected a value" },
	{ "Text", "'abc", "does not end" },
	{ "Text", "'abc\\", "unknown escape" },
	{ "Text", "'\\x41'", "unknown escape" },
	{ "Text", "'\\u00'", "a hexadecimal digit is missing" },
	{ "Text", "'\\u0000'", "no character has the number" },
	{ "Text", "'\\ud800'", "no character has the number" },
	{ "Text", "'\\U00110000'", "no character has the number" },
	{ "Text", "'a' 'b'", "something is left over" },
	{ "Text", "string 5", "expected a string" },
	{ "List", "[]", "expected a value" },
	{ "List", "['a'", "expected , or ]" },
	{ "List", "['a',]", "expected a string" },
	{ "List", "['a', 5]", "expected a string" },
	{ "List", "['a' 'b']", "expected , or ]" },
	{ "List", "@as 'a'", "expected a list of strings" },
	{ "List", "[byte 256]", "does not fit its type" },
	{ "List", "@ay [", "expected a number" },
	{ "List", "(1, 2)", "expected a value" },
	{ "StopSec", "-1", "expected a number" },
	{ "StopSec", "'5min'", "a time is a number of seconds" },
	{ "StopSec", "true", "expected a number" },
	{ "StopSec", "@as []", "a time is a number of seconds" },
	{ "StopSec", "18446744073710", "too large" },
	{ "StopSec", "18446744073709.551615", "too large" },
	{ "StopSec", "5s", "expected a number" },
};

static void properties_refused(void **state)
{
	scope_arena struct arena arena = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(refused_properties) / sizeof(refused_properties[0]); i++) {
		const char *key =
			arena_printf(&arena, "org.systemd.property.%s", refused_properties[i][0]);
		struct plan_property p = { .name = "untouched" };
		struct err err;

		if (plan_unit_property(&arena, key, refused_properties[i][1], &p, &err) !=
		    -EINVAL) {
			fail_msg("taken: %s = %s", refused_properties[i][0],
				 refused_properties[i][1]);
		}
		assert_string_equal(p.name, "untouched");
		assert_true(str_starts(err.msg, "/annotations/org.systemd.property."));
		if (!strstr(err.msg, refused_properties[i][2])) {
			fail_msg("%s = %s: %s", refused_properties[i][0], refused_properties[i][1],
				 err.msg);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(names_refused),
		cmocka_unit_test(long_names),
		cmocka_unit_test(scalars),
		cmocka_unit_test(booleans_and_reals),
		cmocka_unit_test(spellings),
		cmocka_unit_test(texts),
		cmocka_unit_test(seconds),
		cmocka_unit_test(properties_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
