/* SPDX-License-Identifier: Apache-2.0 */
/* Subordinate ranges: every line, by name and by number, unsigned, and nothing of others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "user/subid.h"

static struct arena arena = ARENA_INIT;

static struct facts_ranges parse(const char *text)
{
	struct facts_ranges ranges;

	user_subid_parse(&arena, "/etc/subuid", text, "alice", 1000, &ranges);
	return ranges;
}

static void by_name_and_number(void **state)
{
	struct facts_ranges r =
		parse("alice:100000:65536\nbob:200000:65536\n1000:300000:10\nalice:400000:1");

	(void)state;
	assert_int_equal(r.n, 3);
	assert_int_equal(r.v[0].start, 100000);
	assert_int_equal(r.v[0].count, 65536);
	assert_int_equal(r.v[1].start, 300000);
	assert_int_equal(r.v[1].count, 10);
	assert_int_equal(r.v[2].start, 400000);
}

static void above_two_to_the_thirty_one(void **state)
{
	struct facts_ranges r = parse("alice:2147483648:65536\nalice:4294901759:65536\n");

	(void)state;
	assert_int_equal(r.n, 2);
	assert_int_equal(r.v[0].start, 2147483648u);
	assert_int_equal(r.v[1].start, 4294901759u);
}

/* Whose line it is shows the name; each of the user's is told of, with its number. */
static void tells_of_what_is_malformed(void **state)
{
	static const struct {
		const char *line;
		const char *why;
	} cases[] = {
		{ "alice", "does not have the form" },
		{ "alice:", "does not have the form" },
		{ "alice:1", "does not have the form" },
		{ "alice:x:5", "two decimal numbers" },
		{ "alice:-5:5", "two decimal numbers" },
		{ "alice:+5:5", "two decimal numbers" },
		{ "alice: 5:5", "two decimal numbers" },
		{ "alice:5:5 ", "two decimal numbers" },
		{ "alice:5:0x10", "two decimal numbers" },
		{ "alice:0100000:65536", "two decimal numbers" },
		{ "alice:99999999999999999999999:5", "two decimal numbers" },
		{ "alice::", "two decimal numbers" },
		{ "alice:5:9223372036854775808", "two decimal numbers" },
		{ "alice:5:0", "gives no ids" },
		{ "alice:4294967295:2", "beyond the highest id" },
		{ "alice:100000:65536\r", "carriage return" },
		{ "1000:100000:65536\r", "carriage return" },
		{ "alice\r", "does not have the form" },
		{ " alice:5:5", "before or behind the name" },
		{ "alice :5:5", "before or behind the name" },
		{ "\xef\xbb\xbf"
		  "alice:5:5",
		  "before or behind the name" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct facts_ranges r =
			parse(arena_printf(&arena, "bob:1:1\n\n%s\nalice:7:7", cases[i].line));

		assert_int_equal(r.n, 1);
		assert_int_equal(r.v[0].start, 7);
		assert_int_equal(r.v[0].line, 4);
		assert_int_equal(r.faults.n, 1);
		assert_ptr_equal(strstr(r.faults.v[0], "line 3 of /etc/subuid"), r.faults.v[0]);
		assert_non_null(strstr(r.faults.v[0], cases[i].line));
		assert_non_null(strstr(r.faults.v[0], cases[i].why));
	}
}

static void says_nothing_of_others(void **state)
{
	struct facts_ranges r = parse("alicex:1:1\nalic:x:1\n10000:1\n# alice:x:7\n\n:1:1\n"
				      " # alice\nbob:1:1\r\nalice:10:10:extra\n\r\n::\n:\n");

	(void)state;
	assert_int_equal(r.n, 1);
	assert_int_equal(r.v[0].start, 10);
	assert_int_equal(r.v[0].count, 10);
	assert_int_equal(r.faults.n, 0);
}

static void all_that_there_is(void **state)
{
	struct facts_ranges r = parse("alice:100000:4294967295\nalice:0:9223372036854775807");

	(void)state;
	assert_int_equal(r.n, 2);
	assert_int_equal(r.v[0].count, 4294967295u - 100000);
	assert_int_equal(r.v[1].count, 4294967295u);
}

static void few_faults(void **state)
{
	(void)state;
	assert_int_equal(parse("alice\nalice\nalice\nalice\nalice\n").faults.n, 3);
}

static void nothing_of_nothing(void **state)
{
	(void)state;
	assert_int_equal(parse("").n, 0);
	assert_int_equal(parse("\n\n").n, 0);
}

static int free_arena(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_name_and_number),
		cmocka_unit_test(above_two_to_the_thirty_one),
		cmocka_unit_test(tells_of_what_is_malformed),
		cmocka_unit_test(says_nothing_of_others),
		cmocka_unit_test(all_that_there_is),
		cmocka_unit_test(few_faults),
		cmocka_unit_test(nothing_of_nothing),
	};

	return cmocka_run_group_tests_name("subid", tests, NULL, free_arena);
}
