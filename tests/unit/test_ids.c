/* SPDX-License-Identifier: Apache-2.0 */
/* All of a user's ids, as a container without mappings of its own gets them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "plan/ids.h"

static struct facts_range ranges[] = { { .start = 100000, .count = 65536 },
				       { .start = 300000, .count = 1000 } };

static void extent(const struct plan_extents *map, size_t i, uint32_t inside, uint32_t outside,
		   uint32_t count)
{
	assert_true(i < map->n);
	assert_int_equal(map->v[i].inside, inside);
	assert_int_equal(map->v[i].outside, outside);
	assert_int_equal(map->v[i].count, count);
}

static void ranges_by_the_helpers(void **state)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct facts facts = {
		.uid = 1000,
		.gid = 1001,
		.subuids = { .v = ranges, .n = 2 },
		.subgids = { .v = ranges, .n = 1 },
		.newuidmap = "/usr/bin/newuidmap",
		.newgidmap = "/usr/bin/newgidmap",
	};
	struct plan_ids ids;
	struct err err;

	(void)state;
	assert_int_equal(plan_all_ids(&arena, &facts, &ids, &err), 0);
	assert_int_equal(ids.how, PLAN_IDS_HELPERS);
	assert_false(ids.deny_setgroups);
	assert_string_equal(ids.newuidmap, "/usr/bin/newuidmap");
	assert_string_equal(ids.newgidmap, "/usr/bin/newgidmap");
	assert_int_equal(ids.uid.n, 3);
	extent(&ids.uid, 0, 0, 1000, 1);
	extent(&ids.uid, 1, 1, 100000, 65536);
	extent(&ids.uid, 2, 65537, 300000, 1000);
	assert_int_equal(ids.gid.n, 2);
	extent(&ids.gid, 0, 0, 1001, 1);
	extent(&ids.gid, 1, 1, 100000, 65536);
}

static void without_a_range_the_own_id(void **state)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct facts facts = { .uid = 1000, .gid = 1001 };
	struct plan_ids ids;
	struct err err;

	(void)state;
	assert_int_equal(plan_all_ids(&arena, &facts, &ids, &err), 0);
	assert_int_equal(ids.how, PLAN_IDS_DIRECT);
	assert_true(ids.deny_setgroups);
	assert_int_equal(ids.uid.n, 1);
	extent(&ids.uid, 0, 0, 1000, 1);
	assert_int_equal(ids.gid.n, 1);
	extent(&ids.gid, 0, 0, 1001, 1);
}

static void ranges_without_helpers_are_an_error(void **state)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct facts facts = {
		.uid = 1000,
		.gid = 1000,
		.subuids = { .v = ranges, .n = 1 },
		.subgids = { .v = ranges, .n = 1 },
		.newuidmap = "/usr/bin/newuidmap",
	};
	struct plan_ids ids;
	struct err err;

	(void)state;
	assert_int_equal(plan_all_ids(&arena, &facts, &ids, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "newgidmap is not installed"));
	facts.newgidmap = "/usr/bin/newgidmap";
	facts.helper_fault = "newuidmap is not setuid";
	assert_int_equal(plan_all_ids(&arena, &facts, &ids, &err), -EPERM);
	assert_string_equal(err.msg, "newuidmap is not setuid");
}

/* Each id to itself: an extent may not straddle two of the surrounding map. */
static void root_of_a_namespace_what_that_has(void **state)
{
	static struct facts_extent outer[] = { { 0, 1000, 1 }, { 1, 100000, 65536 } };
	scope_arena struct arena arena = ARENA_INIT;
	struct facts facts = {
		.maps_ids = true,
		.in_userns = true,
		.setgroups_denied = true,
		.own_uids = { .v = outer, .n = 2 },
		.own_gids = { .v = outer, .n = 1 },
	};
	struct plan_ids ids;
	struct err err;

	(void)state;
	assert_int_equal(plan_all_ids(&arena, &facts, &ids, &err), 0);
	assert_int_equal(ids.how, PLAN_IDS_DIRECT);
	assert_true(ids.deny_setgroups);
	assert_int_equal(ids.uid.n, 2);
	extent(&ids.uid, 0, 0, 0, 1);
	extent(&ids.uid, 1, 1, 1, 65536);
	assert_int_equal(ids.gid.n, 1);
	extent(&ids.gid, 0, 0, 0, 1);
}

static void real_root_needs_a_range(void **state)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct facts facts = { .maps_ids = true, .privileged = true };
	struct plan_ids ids;
	struct err err;

	(void)state;
	assert_int_equal(plan_all_ids(&arena, &facts, &ids, &err), -EINVAL);
	facts.subuids = facts.subgids = (struct facts_ranges){ .v = ranges, .n = 1 };
	assert_int_equal(plan_all_ids(&arena, &facts, &ids, &err), 0);
	assert_int_equal(ids.how, PLAN_IDS_DIRECT);
	extent(&ids.uid, 0, 0, 0, 1);
	extent(&ids.uid, 1, 1, 100000, 65536);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_by_the_helpers),
		cmocka_unit_test(without_a_range_the_own_id),
		cmocka_unit_test(ranges_without_helpers_are_an_error),
		cmocka_unit_test(root_of_a_namespace_what_that_has),
		cmocka_unit_test(real_root_needs_a_range),
	};

	return cmocka_run_group_tests_name("ids", tests, NULL, NULL);
}
