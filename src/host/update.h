/* SPDX-License-Identifier: Apache-2.0 */
/* host/update: new limits for a container that is there. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "container/container.h"
#include "spec/spec.h"

struct update {
	struct spec_resources resources; /* what is to change; what is not set stays as it is */
	const char *l3_cache_schema;	 /* of linux.intelRdt; NULL: stays */
	const char *mem_bw_schema;
};

/* Limits from a file of JSON (host_input_read). Text lives in the arena. */
int host_update_read(struct arena *arena, const char *path, struct spec_resources *ret,
		     struct err *err);

/*
 * Writes the limits to the cgroup of a container that is alive and reads them back. Values that
 * only together say what is meant (quota and period, memory and swap) are completed from what is in
 * force. Changes what update points to.
 * Errors: ESRCH "container not running"; ENOTSUP when it has no cgroup, or not the controller;
 * EINVAL for the values.
 */
int host_update(struct container *c, struct update *update, struct err *err);
