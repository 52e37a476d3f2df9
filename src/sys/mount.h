/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sys/mount: mounts as descriptors.
 *
 * A mount is made detached (fsopen, open_tree), given its flags (mount_setattr), and only then
 * attached (move_mount) to a descriptor of its target, which openat2(RESOLVE_IN_ROOT) has resolved
 * below the rootfs (sys/fd). So there is no moment at which a path could be exchanged, and no mount
 * is visible half done. Flags that are locked by the mount it was cloned from stay as they are:
 * mount_setattr changes what it is told to, where a remount would replace all of them and fail with
 * "Operation not permitted".
 *
 * The price is Linux 5.2 (fsopen, open_tree). Before 5.12 there is no mount_setattr, and
 * sys_mount_setattr falls back to a remount.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/*
 * A new filesystem, detached. options: "key" or "key=value", n of them. attr: MOUNT_ATTR_*. The
 * kernel's own words (the filesystem's log) become part of the error. For values of more than 255
 * bytes see sys/mount_data.h. Returns the mount's descriptor or -errno.
 */
int sys_mount_fs(const char *fstype, const char *source, const char **options, size_t n,
		 bool readonly, uint64_t attr, struct err *err);

/*
 * Changes the options of the filesystem that fd is the root of a mount of, for all its mounts (a
 * remount).
 */
int sys_mount_reconfigure(int fd, const char **options, size_t n, struct err *err);

/*
 * A detached copy of what stands at path (relative to dirfd; "" is dirfd itself). flags: those of
 * open_tree(2), AT_RECURSIVE for the mounts below too, AT_SYMLINK_NOFOLLOW. Returns the mount's
 * descriptor or -errno.
 */
int sys_mount_clone(int dirfd, const char *path, unsigned flags);

/* These two flags, as a configuration asks for them. */
unsigned sys_mount_clone_flags(bool recursive, bool nofollow);

/*
 * Sets and clears flags (MOUNT_ATTR_*) of the mount that fd is the root of. flags: those of
 * mount_setattr(2), AT_RECURSIVE for the mounts below too (Linux 5.12; -ENOSYS before). Returns 0
 * or -errno.
 */
int sys_mount_setattr(int fd, unsigned flags, uint64_t set, uint64_t clear);

/*
 * Changes the propagation of the mount that fd is the root of: MS_SHARED, MS_SLAVE, MS_PRIVATE or
 * MS_UNBINDABLE, with MS_REC for the mounts below too (Linux 5.12; -ENOSYS before); 0 changes
 * nothing. Returns 0 or -errno.
 */
int sys_mount_propagation(int fd, unsigned long propagation);

/*
 * Maps the owners of a detached mount's files by a user namespace (mount_setattr(2),
 * MOUNT_ATTR_IDMAP, Linux 5.12). Needs CAP_SYS_ADMIN in the user namespace that owns the
 * superblock. Returns 0 or -errno.
 */
int sys_mount_idmap(int mount, int user_namespace, bool recursive);

/* What its errors mean. Returns -err->code. */
int sys_explain_idmap(struct err *err);

/* Attaches a detached mount on top of the file or directory that target is. */
int sys_mount_attach(int mount, int target);
