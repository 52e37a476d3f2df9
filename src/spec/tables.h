/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tables: the field tables of config.json that one file of spec refers to and another one holds.
 *
 * Each table says where config.md or config-linux.md describes its object. Limits of a single value
 * stand in the tables; what concerns several values is in check.c.
 */
#pragma once

#include "json/decode.h"

extern const struct json_table spec_table;	      /* load.c: the document */
extern const struct json_table spec_process_table;    /* process.c */
extern const struct json_table spec_root_table;	      /* mounts.c */
extern const struct json_table spec_mount_table;      /* mounts.c */
extern const struct json_table spec_id_mapping_table; /* mounts.c; linux.c uses it too */
extern const struct json_table spec_hooks_table;      /* hooks.c */
extern const struct json_table spec_linux_table;      /* linux.c */
extern const struct json_table spec_resources_table;  /* resources.c; `update` reads a bare one */
extern const struct json_table spec_seccomp_table;    /* seccomp.c */
