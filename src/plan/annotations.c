/* SPDX-License-Identifier: Apache-2.0 */
/* plan/annotations: what a configuration annotates, read by the one table. */
#include "plan/annotations.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/str.h"

#define OWN "org.rootlet."
#define PATH "/annotations/"

/* The name stands behind its path, so that a message needs no memory of its own. */
#define ROW(which, text, ...) [which] = { .name = &(PATH text)[sizeof(PATH) - 1], __VA_ARGS__ },

const struct plan_annotation_row plan_annotations[PLAN_ANNOTATION_N] = {
#include "plan/annotation_rows.h"
};
#undef ROW

static bool is_beginning(const char *name)
{
	return name[strlen(name) - 1] == '.';
}

const char *plan_annotation(const struct spec *spec, enum plan_annotation which)
{
	const char *name = plan_annotations[which].name;

	assert(!is_beginning(name));
	return spec_annotation(spec, name);
}

static bool is_true(const char *text)
{
	return !str_eq(text, "0") && !str_eq(text, "false");
}

bool plan_annotation_flag(const struct spec *spec, enum plan_annotation which)
{
	const char *value = plan_annotation(spec, which);

	assert(plan_annotations[which].kind == PLAN_ANNOTATION_FLAG);
	return value && is_true(value);
}

/* Is text one of "a, b or c"? No word is "or". */
static bool is_one_of(const char *words, const char *text)
{
	size_t len = strlen(text);

	while (*words) {
		size_t word = strcspn(words, ", ");

		if (word == len && strncmp(words, text, len) == 0) {
			return !str_eq(text, "or");
		}
		words += word;
		words += strspn(words, ", ");
	}
	return false;
}

int plan_annotation_take(const struct plan_annotation_row *row, const char *text,
			 struct plan_value *ret, struct err *err)
{
	struct plan_value value = { .text = text };
	bool good = true;

	switch (row->kind) {
	case PLAN_ANNOTATION_TEXT:
		break;
	case PLAN_ANNOTATION_WORD:
		good = is_one_of(row->value, text);
		break;
	case PLAN_ANNOTATION_FLAG:
		value.flag = is_true(text);
		good = !value.flag || !str_starts(row->name, OWN) || str_eq(text, "1") ||
		       str_eq(text, "true");
		break;
	case PLAN_ANNOTATION_NUMBER:
		good = str_i64(text, row->min, row->max, &value.number) == 0;
		break;
	}
	if (!good) {
		return err_set(err, EINVAL, PATH "%s: %s, found \"%s\"", row->name, row->value,
			       text);
	}
	*ret = value;
	return 0;
}

int plan_annotations_take(const struct spec *spec, struct plan *plan, struct err *err)
{
	for (size_t i = 0; i < PLAN_ANNOTATION_N; i++) {
		const struct plan_annotation_row *row = &plan_annotations[i];
		const char *text = spec_annotation(spec, row->name);

		if (text) {
			TRY(plan_annotation_take(row, text, &plan->annotations[i], err));
			plan->annotations[i].where = plan_annotation_path(i);
		}
	}
	return 0;
}

const char *plan_annotation_path(enum plan_annotation which)
{
	return plan_annotations[which].name - strlen(PATH);
}

static bool is_known(const char *key)
{
	for (size_t i = 0; i < PLAN_ANNOTATION_N; i++) {
		if (str_eq(plan_annotations[i].name, key)) {
			return true;
		}
	}
	return false;
}

int plan_annotations_known(const struct spec *spec, struct err *err)
{
	for (size_t i = 0; i < spec->annotations.n; i++) {
		const char *key = spec->annotations.v[i].key;

		if (str_starts(key, OWN) && !is_known(key)) {
			return err_set(err, EINVAL,
				       PATH "%.100s: there is no such annotation; "
					    "rootlet-bundle(5) has those that there are",
				       key);
		}
	}
	return 0;
}
