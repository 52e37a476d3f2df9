/* SPDX-License-Identifier: Apache-2.0 */
/* check_mappings: the rules for id mappings; check.c says what is checked and why. */
#include "spec/check_mappings.h"

#include <errno.h>
#include <inttypes.h>

static bool overlap(uint32_t a, uint32_t a_size, uint32_t b, uint32_t b_size)
{
	return a < (uint64_t)b + b_size && b < (uint64_t)a + a_size;
}

/* The kernel refuses ranges that reach (uint32_t)-1, user_namespaces(7). */
static int check_mapping(const struct spec_id_mapping *m, const char *at, const char *key, size_t i,
			 struct err *err)
{
	if (m->size == 0) {
		return err_set(err, EINVAL, "%s/%s/%zu/size: must not be 0", at, key, i);
	}
	if ((uint64_t)m->container_id + m->size > UINT32_MAX ||
	    (uint64_t)m->host_id + m->size > UINT32_MAX) {
		return err_set(err, EINVAL,
			       "%s/%s/%zu: the range goes beyond the highest id, %" PRIu32, at, key,
			       i, UINT32_MAX - 1);
	}
	return 0;
}

static int check_mappings(const struct spec_id_mappings *list, const char *at, const char *key,
			  struct err *err)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct spec_id_mapping *a = &list->v[i];

		TRY(check_mapping(a, at, key, i, err));
		for (size_t j = 0; j < i; j++) {
			const struct spec_id_mapping *b = &list->v[j];

			if (overlap(a->container_id, a->size, b->container_id, b->size)) {
				return err_set(err, EINVAL,
					       "%s/%s/%zu/containerID: the range overlaps that of "
					       "entry %zu",
					       at, key, i, j);
			}
			if (overlap(a->host_id, a->size, b->host_id, b->size)) {
				return err_set(
					err, EINVAL,
					"%s/%s/%zu/hostID: the range overlaps that of entry %zu",
					at, key, i, j);
			}
		}
	}
	return 0;
}

int spec_check_mapping_pair(const struct spec_id_mappings *uids,
			    const struct spec_id_mappings *gids, const char *at, struct err *err)
{
	/* The kernel takes no more; it also keeps the comparison of all with all short. */
	if (uids->n > SPEC_MAPPINGS_MAX || gids->n > SPEC_MAPPINGS_MAX) {
		return err_set(err, EINVAL, "%s/%s: more than %d entries", at,
			       uids->n > SPEC_MAPPINGS_MAX ? "uidMappings" : "gidMappings",
			       SPEC_MAPPINGS_MAX);
	}
	if ((uids->n == 0) != (gids->n == 0)) {
		const char *there = "uidMappings", *missing = "gidMappings";

		if (uids->n == 0) {
			there = "gidMappings";
			missing = "uidMappings";
		}
		return err_set(err, EINVAL, "%s/%s: required beside %s", at, missing, there);
	}
	TRY(check_mappings(uids, at, "uidMappings", err));
	return check_mappings(gids, at, "gidMappings", err);
}
