/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan/limits: the weight that shares become. The files and properties of whole configurations are
 * golden plans.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/scope.h"
#include "base/str.h"
#include "plan/limits.h"

/*
 * Values of ceil(10^((l² + 125 l)/612 − 7/34)), l = log2(shares), computed with more digits than
 * here.
 */
static void known_weights(void **state)
{
	static const struct {
		uint64_t shares;
		uint64_t weight;
	} cases[] = {
		{ 0, 0 },	   { 1, 1 },	      { 2, 1 },
		{ 3, 2 },	   { 10, 4 },	      { 102, 17 },
		{ 512, 59 },	   { 1023, 100 },     { 1024, 100 },
		{ 1025, 101 },	   { 2048, 174 },     { 8192, 532 },
		{ 262143, 10000 }, { 262144, 10000 }, { UINT64_MAX, 10000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(plan_cpu_weight(cases[i].shares), cases[i].weight);
	}
}

static void weights_never_fall(void **state)
{
	uint64_t before = 0, sum = 0;

	(void)state;
	for (uint64_t shares = 1; shares <= 262144; shares++) {
		uint64_t weight = plan_cpu_weight(shares);

		assert_true(weight >= before && weight >= 1 && weight <= 10000);
		before = weight;
		sum += weight;
	}
	/*
	 * As libm's log2 and pow have it: ceil(10^((l^2 + 125 l) / 612 - 7/34)), l = log2(shares).
	 */
	assert_int_equal(sum, UINT64_C(1405378461));
}

static void controllers(void **state)
{
	scope_arena struct arena arena = ARENA_INIT;

	(void)state;
	assert_string_equal(plan_limit_controller(&arena, "memory.swap.max"), "memory");
	assert_string_equal(plan_limit_controller(&arena, "hugetlb.2MB.max"), "hugetlb");
	assert_null(plan_limit_controller(&arena, "cgroup.max.depth"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_weights),
		cmocka_unit_test(weights_never_fall),
		cmocka_unit_test(controllers),
	};

	return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
