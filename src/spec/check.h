/* SPDX-License-Identifier: Apache-2.0 */
/* check: rules that concern several values, or the inside of a string. */
#pragma once

#include "base/err.h"
#include "spec/spec.h"

/*
 * What the tables can't say: ranges across fields, duplicates, absolute paths, names. Called by
 * spec_load; of its own for a spec that was put together in memory. Errors: EINVAL with the JSON
 * path.
 */
int spec_check(const struct spec *spec, struct err *err);

/* Is the bundle written for version 1.MINOR of the specification, or a later one? */
bool spec_version_from(const struct spec *spec, uint64_t minor);

/*
 * Parts of it, for what `exec` and `mounts` put together. at goes in front of the paths:
 * "/process", or "".
 */
int spec_check_process(const struct spec_process *process, const char *at, struct err *err);
int spec_check_mounts(const struct spec_mount *mounts, size_t n, const char *at, struct err *err);
