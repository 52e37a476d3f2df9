/* SPDX-License-Identifier: Apache-2.0 */
/* host/mount_ids: bind mounts whose ids only a privileged caller may map. */
#pragma once

#include "base/err.h"
#include "plan/plan.h"

/*
 * Where the plan leaves the source of this mount to this side: clones and maps it, and sends it to
 * the guest, which takes them in the plan's order. A guest that is gone already is no error.
 */
int host_mount_ids_give(const struct plan_mount *m, int wire, struct err *err);
