/* SPDX-License-Identifier: Apache-2.0 */
/* plan/mounts: the root filesystem and the mounts of the bundle. */
#pragma once

#include <stddef.h>

struct builder;
struct err;
struct plan_mount;

int plan_fs(struct builder *b, struct err *err);
int plan_mounts(struct builder *b, struct err *err);

/* Only where: fills in where and target of the spec's mount of that index. */
int plan_mount_target(struct builder *b, size_t index, struct plan_mount *m, struct err *err);

/* How the container's mounts and the host's see each other (linux.rootfsPropagation). */
void plan_host_propagation(struct builder *b);
