/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/remember: what a launch notes of its cgroup until state.json is there. */
#pragma once

#include "cgroup/cgroup.h"

/*
 * Notes it in the state folder dir, in place of what was noted before. path: the folder's, for the
 * message.
 */
int cgroup_remember(int dir, const char *path, const struct cgroup *cgroup, struct err *err);

/*
 * Removes what the launch that had this folder before noted, and did not live to remove. 0, also
 * where nothing was noted; else the note is still needed.
 */
int cgroup_forget(int dir, struct err *err);
