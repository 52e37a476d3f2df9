/* SPDX-License-Identifier: Apache-2.0 */
/* plan/options: the mount option strings of config.md and mount(8). */
#pragma once

#include <stdint.h>

/* What an option string does. One row has one effect, except that atime modes set and clear. */
struct mount_option {
	const char *name;
	uint64_t set; /* MOUNT_ATTR_* */
	uint64_t clear;
	unsigned long propagation; /* MS_PRIVATE …, with MS_REC for the r forms */
	unsigned what;		   /* enum mount_option_what */
};

enum mount_option_what {
	MOUNT_OPT_BIND = 1 << 0,
	MOUNT_OPT_RBIND = 1 << 1,
	MOUNT_OPT_REMOUNT = 1 << 2,
	MOUNT_OPT_RECURSIVE = 1 << 3, /* set and clear apply to the whole tree (AT_RECURSIVE) */
	MOUNT_OPT_COPY_UP = 1 << 4,
	MOUNT_OPT_IDMAP = 1 << 5,
	/* belongs to the filesystem, by this name (sync, dirsync, lazytime) */
	MOUNT_OPT_SUPERBLOCK = 1 << 6,
	MOUNT_OPT_NOTHING = 1 << 7, /* known, and without effect on today's kernels */
	/* crun's src-nofollow: a symlink source is bound itself */
	MOUNT_OPT_NOFOLLOW = 1 << 8,
	MOUNT_OPT_READONLY = 1 << 9, /* "ro": the new filesystem's superblock too */
	/* crun's copy-symlink: a symlink source is made anew in the container */
	MOUNT_OPT_COPY_LINK = 1 << 10,
	/* crun's dest-nofollow: a symlink destination is mounted over */
	MOUNT_OPT_DEST_NOFOLLOW = 1 << 11,
};

/* The row of an option, or NULL: then it is the filesystem's own. */
const struct mount_option *plan_mount_option(const char *name);

/* All rows, for documentation and `features`; ends with a NULL name. */
extern const struct mount_option plan_mount_options[];
