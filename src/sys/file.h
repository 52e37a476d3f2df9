/* SPDX-License-Identifier: Apache-2.0 */
/* sys/file: replacing a file whole. */
#pragma once

#include <stddef.h>

/*
 * Writes `name` in the directory anew (mode 0600): aside, as .NAME.new, and then by rename(2), so
 * that a reader finds the old bytes or the new ones and never a part. A leftover of a writer that
 * was killed is overwritten, so only one process may write at a time: the caller holds a lock.
 * Returns 0 or -errno, with what was there before untouched; -ENAMETOOLONG: the name has no room
 * for the affixes.
 */
int sys_replace_file(int dir_fd, const char *name, const void *bytes, size_t len);
