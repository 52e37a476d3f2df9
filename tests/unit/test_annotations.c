/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Annotations by their table: of each row what it allows is in the plan, and what it does not is an
 * error. A new row needs no test of that here.
 */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/scope.h"
#include "base/str.h"
#include "plan/annotations.h"

static void is_taken(const struct plan_annotation_row *row, const char *text, bool flag,
		     int64_t number)
{
	struct plan_value value = { 0 };
	struct err err = { 0 };

	if (plan_annotation_take(row, text, &value, &err) < 0) {
		fail_msg("%s=%s: %s", row->name, text, err.msg);
	}
	assert_string_equal(value.text, text);
	assert_int_equal(value.flag, flag);
	assert_int_equal(value.number, number);
}

static void is_refused(const struct plan_annotation_row *row, const char *text)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct plan_value value = { 0 };
	struct err err = { 0 };

	if (plan_annotation_take(row, text, &value, &err) != -EINVAL) {
		fail_msg("%s=%s is taken", row->name, text);
	}
	assert_string_equal(err.msg, arena_printf(&arena, "/annotations/%s: %s, found \"%s\"",
						  row->name, row->value, text));
	assert_null(value.text);
}

static void try_words(const struct plan_annotation_row *row)
{
	scope_arena struct arena arena = ARENA_INIT;
	char *list = arena_strdup(&arena, row->value);
	char *rest = NULL;
	int n = 0;

	for (char *word = strtok_r(list, ", ", &rest); word; word = strtok_r(NULL, ", ", &rest)) {
		if (str_eq(word, "or")) {
			is_refused(row, word);
			continue;
		}
		n++;
		is_taken(row, word, false, 0);
		is_refused(row, arena_printf(&arena, "%sx", word));
		is_refused(row, arena_printf(&arena, " %s", word));
		is_refused(row, arena_strndup(&arena, word, strlen(word) - 1));
	}
	assert_true(n >= 2);
	is_refused(row, "");
	is_refused(row, row->value);
}

static void try_flag(const struct plan_annotation_row *row)
{
	is_taken(row, "0", false, 0);
	is_taken(row, "false", false, 0);
	is_taken(row, "1", true, 0);
	is_taken(row, "true", true, 0);
	for (int i = 0; i < 4; i++) {
		const char *text = (const char *[]){ "", "no", "yes", "2" }[i];

		if (str_starts(row->name, "org.rootlet.")) {
			is_refused(row, text);
		} else {
			is_taken(row, text, true, 0);
		}
	}
}

static void try_number(const struct plan_annotation_row *row)
{
	scope_arena struct arena arena = ARENA_INIT;

	assert_true(row->min < row->max);
	is_taken(row, arena_printf(&arena, "%" PRIi64, row->min), false, row->min);
	is_taken(row, arena_printf(&arena, "%" PRIi64, row->max), false, row->max);
	if (row->min > INT64_MIN) {
		is_refused(row, arena_printf(&arena, "%" PRIi64, row->min - 1));
	}
	if (row->max < INT64_MAX) {
		is_refused(row, arena_printf(&arena, "%" PRIi64, row->max + 1));
	}
	is_refused(row, "");
	is_refused(row, "x");
	is_refused(row, arena_printf(&arena, "%" PRIi64 "x", row->min));
}

static void try_row(const struct plan_annotation_row *row)
{
	switch (row->kind) {
	case PLAN_ANNOTATION_TEXT:
		is_taken(row, "", false, 0);
		is_taken(row, "any text", false, 0);
		break;
	case PLAN_ANNOTATION_WORD:
		try_words(row);
		break;
	case PLAN_ANNOTATION_FLAG:
		try_flag(row);
		break;
	case PLAN_ANNOTATION_NUMBER:
		try_number(row);
		break;
	}
}

static void each_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < PLAN_ANNOTATION_N; i++) {
		const struct plan_annotation_row *row = &plan_annotations[i];
		struct pair pair = { .key = row->name, .value = "true" };
		struct spec spec = { .annotations = { .v = &pair, .n = 1 } };
		struct plan plan = { 0 };
		struct err err = { 0 };

		try_row(row);
		assert_non_null(row->value);
		assert_non_null(row->reader);
		assert_non_null(row->meaning);
		assert_int_equal(plan_annotations_known(&spec, &err), 0);
		/* A row of the plan is filled by its own annotation, and no other is. */
		if (plan_annotation_take(row, "true", &plan.annotations[i], &err) == 0) {
			memset(&plan, 0, sizeof(plan));
			assert_int_equal(plan_annotations_take(&spec, &plan, &err), 0);
			for (size_t j = 0; j < PLAN_ANNOTATION_N; j++) {
				assert_int_equal(plan.annotations[j].text != NULL, i == j);
			}
			assert_string_equal(plan.annotations[i].where, plan_annotation_path(i));
		} else {
			assert_int_equal(plan_annotations_take(&spec, &plan, &err), -EINVAL);
		}
	}
}

/* Kinds that no annotation has today. */
static void each_kind(void **state)
{
	static const struct plan_annotation_row rows[] = {
		{ .name = "org.rootlet.a", .kind = PLAN_ANNOTATION_FLAG, .value = "0 or 1" },
		{ .name = "run.oci.a", .kind = PLAN_ANNOTATION_FLAG, .value = "0 or 1" },
		{ .name = "a", .kind = PLAN_ANNOTATION_WORD, .value = "one, four or eleven" },
		{ .name = "a", .kind = PLAN_ANNOTATION_TEXT, .value = "a text" },
		{ .name = "a",
		  .kind = PLAN_ANNOTATION_NUMBER,
		  .min = 1,
		  .max = 100,
		  .value = "a number from 1 to 100" },
		{ .name = "a",
		  .kind = PLAN_ANNOTATION_NUMBER,
		  .min = INT64_MIN,
		  .max = 0,
		  .value = "a number that is not positive" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		try_row(&rows[i]);
	}
	is_refused(&rows[2], "o");
	is_refused(&rows[2], "one, four");
	is_refused(&rows[4], "0");
	is_refused(&rows[4], "1.5");
	is_taken(&rows[4], "42", false, 42);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row),
		cmocka_unit_test(each_kind),
	};

	return cmocka_run_group_tests_name("annotations", tests, NULL, NULL);
}
