/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checks: what the files of these checks share.
 *
 * at is the JSON path of the object, key the member's name. All return 0 or -EINVAL with the path
 * in the message.
 */
#pragma once

#include "spec/spec.h"

/* How many lines a map file takes, user_namespaces(7). */
#define SPEC_MAPPINGS_MAX 340

/* check_list.c: "0-3,7", or absent, or empty; *ret_any (may be NULL): there is a number in it. */
int spec_check_list(const char *text, const char *at, const char *key, bool *ret_any,
		    struct err *err);

/* check_mappings.c: the two lists of id mappings of linux or of a mount: both, or none. */
int spec_check_mapping_pair(const struct spec_id_mappings *uids,
			    const struct spec_id_mappings *gids, const char *at, struct err *err);

/* check_linux.c */
int spec_check_linux(const struct spec_linux *linux_, const char *at, struct err *err);
int spec_check_seccomp(const struct spec_seccomp *seccomp, const char *at, struct err *err);
