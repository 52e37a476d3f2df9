/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan/annotations: the table of plan/annotation_rows.h, and the values of a configuration by it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "plan/plan.h"
#include "spec/spec.h"

enum plan_annotation_kind {
	PLAN_ANNOTATION_TEXT, /* whoever reads it says what it may be */
	PLAN_ANNOTATION_WORD, /* one of those of .value: "a, b or c" */
	/*
	 * "0" and "false" are false, "1" and "true" are true. Of org.rootlet.* there is nothing
	 * else; with the others everything else is true too, as crun has it.
	 */
	PLAN_ANNOTATION_FLAG,
	PLAN_ANNOTATION_NUMBER, /* from .min to .max */
};

struct plan_annotation_row {
	const char *name; /* ends with '.': every name that begins so */
	enum plan_annotation_kind kind;
	int64_t min;
	int64_t max;
	const char *value;  /* what it takes, for people; of a WORD the words */
	const char *reader; /* the file, or the beginning of its path, whose decision it is */
	const char *meaning;
	/*
	 * It makes the runtime act on paths or programs of the host, should a configuration come
	 * from elsewhere: the name or its beginning, for `features`.
	 */
	const char *unsafe;
};

extern const struct plan_annotation_row plan_annotations[PLAN_ANNOTATION_N];

/* The value of an annotation that is no beginning, or NULL. */
const char *plan_annotation(const struct spec *spec, enum plan_annotation which);

/* The same of a FLAG: is it there, and true? For where there is no plan yet. */
bool plan_annotation_flag(const struct spec *spec, enum plan_annotation which);

/* "/annotations/org.rootlet.net", for messages. */
const char *plan_annotation_path(enum plan_annotation which);

/* The value that this text is. Errors: EINVAL: it is none, with the path and what there may be. */
int plan_annotation_take(const struct plan_annotation_row *row, const char *text,
			 struct plan_value *ret, struct err *err);

/* Fills plan->annotations with what the configuration has. Errors: see plan_annotation_take. */
int plan_annotations_take(const struct spec *spec, struct plan *plan, struct err *err);

/* Errors: EINVAL: one of org.rootlet.* that is not known, with its path. */
int plan_annotations_known(const struct spec *spec, struct err *err);
