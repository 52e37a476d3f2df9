/* SPDX-License-Identifier: Apache-2.0 */
/* host/mount_ids: bind mounts whose ids only a privileged caller may map. */
#pragma once

#include "base/err.h"
#include "plan/plan.h"

/*
 * Clones and maps the sources that the plan leaves to this side, and sends them to the guest, in
 * the plan's order.
 * Returns 0 or -errno; a guest that is gone already is no error.
 */
int host_mount_ids(const struct plan_fs *fs, int wire, struct err *err);
