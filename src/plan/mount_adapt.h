/* SPDX-License-Identifier: Apache-2.0 */
/* plan/mount_adapt: new filesystems, adapted to what an ordinary user may mount. */
#pragma once

#include "spec/spec.h"

struct builder;
struct err;
struct plan_mount;

/* Is a control group mounted in it? Then it has to be known what of the caller's it would show. */
bool plan_mounts_cgroup(const struct spec *spec);

int plan_mount_adapt(struct builder *b, struct plan_mount *m, struct err *err);
