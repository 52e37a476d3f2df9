/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan/annotations: the one table of the annotations that have an effect. Whoever reads one names
 * its row; the manual, docs/config-support.md and `features` are made of the rows.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "spec/spec.h"

enum plan_annotation {
	PLAN_ANNOTATION_NET,
	PLAN_ANNOTATION_PUBLISH,
	PLAN_ANNOTATION_PROC,
	PLAN_ANNOTATION_SESSION,
	PLAN_ANNOTATION_CONTEXT_TYPE,
	PLAN_ANNOTATION_CRIU_CONFIG,
	PLAN_ANNOTATION_HOOKS_STDOUT,
	PLAN_ANNOTATION_HOOKS_STDERR,
	PLAN_ANNOTATION_KEEP_GROUPS,
	PLAN_ANNOTATION_PIDFD_RECEIVER,
	PLAN_ANNOTATION_HANDLER,
	PLAN_ANNOTATION_SECCOMP_RECEIVER,
	PLAN_ANNOTATION_SECCOMP_BPF,
	PLAN_ANNOTATION_SECCOMP_STRICT,
	PLAN_ANNOTATION_SUBGROUP,
	PLAN_ANNOTATION_DELEGATE,
	PLAN_ANNOTATION_UNIT_PROPERTY,
	PLAN_ANNOTATION_N,
};

struct plan_annotation_row {
	const char *name;   /* ends with '.': every name that begins so */
	const char *value;  /* what it takes, for people */
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

/* Is it there, and neither "0" nor "false"? */
bool plan_annotation_flag(const struct spec *spec, enum plan_annotation which);

/* "/annotations/org.rootlet.net", for messages. */
const char *plan_annotation_path(enum plan_annotation which);

/* Errors: EINVAL: one of org.rootlet.* that is not known, with its path and those that are. */
int plan_annotations_known(struct arena *arena, const struct spec *spec, struct err *err);
