/* SPDX-License-Identifier: Apache-2.0 */
/* Subordinate ranges: every line, by name and by number, unsigned, and nothing of others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "user/subid.h"

static struct arena arena = ARENA_INIT;

static struct facts_ranges parse(const char *text)
{
	struct facts_ranges ranges;

	user_subid_parse(&arena, text, "alice", 1000, &ranges);
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

static void passes_over_what_is_malformed(void **state)
{
	struct facts_ranges r = parse(
		"alice\nalice:\nalice:1\nalice:x:5\nalice:5:0\nalice:-5:5\nalice:4294967295:2\n"
		"alicex:1:1\nalic:1:1\n10000:1:1\n# alice:7:7\n\nalice:9:9 \nalice:10:10:extra\n");

	(void)state;
	assert_int_equal(r.n, 2);
	assert_int_equal(r.v[0].start, 9);
	assert_int_equal(r.v[1].start, 10);
	assert_int_equal(r.v[1].count, 10);
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
		cmocka_unit_test(passes_over_what_is_malformed),
		cmocka_unit_test(nothing_of_nothing),
	};

	return cmocka_run_group_tests_name("subid", tests, NULL, free_arena);
}
