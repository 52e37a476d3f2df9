/* SPDX-License-Identifier: Apache-2.0 */
/* state/walk: a folder by a path in which no link of another user is followed. */
#pragma once

#include "base/err.h"

enum state_walk {
	STATE_WALK_MAKE = 1 << 0,     /* what is missing is made, with mode 0700 */
	STATE_WALK_NOFOLLOW = 1 << 1, /* the last component may not be a link at all */
};

/*
 * Opens the folder for reading. Links are followed if they are ours or root's: another user's may
 * lead to any folder of ours, and would have it used as if we had named it. `flags`: of enum
 * state_walk. Returns a descriptor (close-on-exec), -ENOENT without a message when the folder is
 * missing, or another -errno with err filled.
 */
int state_walk(const char *path, unsigned flags, struct err *err);
