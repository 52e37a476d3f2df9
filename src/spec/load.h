/* SPDX-License-Identifier: Apache-2.0 */
/* load: from the bytes of config.json to a checked struct spec. */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "spec/spec.h"

/*
 * Parses, decodes and checks a configuration. Everything lives in the arena.
 * Errors: EINVAL and one line with the JSON path of the fault.
 */
int spec_load(struct arena *arena, const char *bytes, size_t len, struct spec **ret,
	      struct err *err);

/* The same for a bare `process` object, as exec's process file has it. */
int spec_load_process(struct arena *arena, const char *bytes, size_t len, struct spec_process **ret,
		      struct err *err);

/*
 * The same for a bare array of mounts, as `mounts add` reads it. Paths in errors begin with the
 * index: "/0/destination".
 */
int spec_load_mounts(struct arena *arena, const char *bytes, size_t len, struct spec_mount **ret,
		     size_t *ret_n, struct err *err);

/* The same for a bare `resources` object, as `update` reads it. */
int spec_load_resources(struct arena *arena, const char *bytes, size_t len,
			struct spec_resources **ret, struct err *err);
