/* SPDX-License-Identifier: Apache-2.0 */
/* check_mappings: the rules for id mappings. */
#pragma once

#include "base/err.h"
#include "spec/spec.h"

/* How many lines a map file takes, user_namespaces(7). */
#define SPEC_MAPPINGS_MAX 340

/*
 * The two lists of linux or of a mount: both, or none. at: the JSON path of the object. Errors:
 * EINVAL with the path.
 */
int spec_check_mapping_pair(const struct spec_id_mappings *uids,
			    const struct spec_id_mappings *gids, const char *at, struct err *err);
