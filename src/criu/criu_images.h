/* SPDX-License-Identifier: Apache-2.0 */
/*
 * criu/criu_images: what lies beside CRIU's images: which of the container's mounts and streams belong
 * to the host.
 *
 *	descriptors.json	for the descriptors 0 to 2 of init the name that CRIU knows it
 *				by ("pipe:[4711]"), as crun has it
 *	mounts.json		mounts of filesystems that the host has too, and where they
 *				are found there
 */
#pragma once

#include "cgroup/cgroup.h"
#include "criu/criu.h"
#include "plan/plan.h"
#include "state/state.h"

/* Tells CRIU what is external to a running container and writes both files. */
int criu_images_describe(struct criu *c, const struct state *state, struct err *err);

/*
 * Tells CRIU where the external mounts are now: by the plan's bind mounts and the container's
 * cgroup, else where they were.
 */
int criu_images_mounts(struct criu *c, const struct plan *plan, const struct cgroup *cgroup,
		       struct err *err);

/* Tells CRIU that the external streams are this process's 0 to 2, of which it inherits copies. */
int criu_images_streams(struct criu *c, struct err *err);
