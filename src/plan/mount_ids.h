/* SPDX-License-Identifier: Apache-2.0 */
/* plan/mount_ids: idmapped mounts: which map, written by whom. */
#pragma once

struct builder;
struct err;
struct plan_mount;
struct spec_mount;

/* text: what stands behind "idmap=" in the options; NULL: nothing. */
int plan_mount_ids(struct builder *b, const struct spec_mount *want, const char *text,
		   struct plan_mount *m, struct err *err);
