/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/record: struct cgroup in files: state.json, and what a launch remembers until that. */
#pragma once

#include "cgroup/cgroup.h"

struct json_writer;
struct json_table;

/* Of struct cgroup, as cgroup_write writes it. */
extern const struct json_table cgroup_table;

/* The member "cgroup". */
void cgroup_write(struct json_writer *w, const struct cgroup *cgroup);
