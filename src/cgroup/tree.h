/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/tree: a cgroup with all that is below it. */
#pragma once

/* Removes the directory and all below it; no process may be left in it. 0, or -errno. */
int cgroup_remove_tree(const char *path);
