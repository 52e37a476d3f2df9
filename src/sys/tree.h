/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sys/tree: reading a file of a container's tree, where anything may stand in a file's place.
 *
 * To open alone has effects: a FIFO keeps who opens it waiting, a device may rewind or reboot. So
 * the place is looked at first, by an O_PATH descriptor, and what is opened then is what was looked
 * at. Only the guest reads here: on a filesystem that does not answer (FUSE, NFS) the guest hangs,
 * and the host side, which waits for it, can be interrupted. tests/layers.sh holds both.
 */
#pragma once

#include <sys/types.h>

#include "base/arena.h"

/*
 * Reads the regular file at path, below root (sys_open_in_root), of at most max bytes, into the
 * arena. Returns its length or -errno; -EISDIR, -EINVAL: it is another kind of file; -EFBIG: it is
 * longer; -ESTALE: without a /proc to open it by, another one stood there the second time.
 */
ssize_t sys_tree_read(struct arena *arena, int root, const char *path, size_t max,
		      const char **ret);
