/* SPDX-License-Identifier: Apache-2.0 */
/* plan/options: the mount option strings of config.md and mount(8). */
#include "plan/options.h"

#include <linux/mount.h>
#include <string.h>

#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif

#define RECURSIVE MOUNT_OPT_RECURSIVE
#define NOTHING MOUNT_OPT_NOTHING
#define SUPER MOUNT_OPT_SUPERBLOCK

const struct mount_option plan_mount_options[] = {
	{ .name = "_netdev", .what = NOTHING },
	{ .name = "async", .what = NOTHING },
	{ .name = "atime", .clear = MOUNT_ATTR_NOATIME },
	{ .name = "auto", .what = NOTHING },
	{ .name = "bind", .what = MOUNT_OPT_BIND },
	{ .name = "defaults", .what = NOTHING },
	{ .name = "dev", .clear = MOUNT_ATTR_NODEV },
	{ .name = "diratime", .clear = MOUNT_ATTR_NODIRATIME },
	{ .name = "dirsync", .what = SUPER },
	{ .name = "exec", .clear = MOUNT_ATTR_NOEXEC },
	/* as mount(8), and the three below */
	{ .name = "group", .set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV },
	/*
	 * Filesystems that count versions do so by themselves, and fsconfig(2) has no name for it.
	 */
	{ .name = "iversion", .what = NOTHING },
	{ .name = "lazytime", .what = SUPER },
	{ .name = "loud", .what = NOTHING },
	{ .name = "mand", .what = NOTHING }, /* gone since Linux 5.15 */
	{ .name = "noatime", .set = MOUNT_ATTR_NOATIME },
	{ .name = "noauto", .what = NOTHING },
	{ .name = "nodev", .set = MOUNT_ATTR_NODEV },
	{ .name = "nodiratime", .set = MOUNT_ATTR_NODIRATIME },
	{ .name = "noexec", .set = MOUNT_ATTR_NOEXEC },
	{ .name = "nofail", .what = NOTHING },
	{ .name = "noiversion", .what = NOTHING },
	{ .name = "nolazytime", .what = NOTHING },
	{ .name = "nomand", .what = NOTHING },
	{ .name = "norelatime", .clear = MOUNT_ATTR_STRICTATIME },
	{ .name = "nostrictatime", .clear = MOUNT_ATTR_STRICTATIME },
	{ .name = "nosuid", .set = MOUNT_ATTR_NOSUID },
	{ .name = "nosymfollow", .set = MOUNT_ATTR_NOSYMFOLLOW },
	{ .name = "nouser", .what = NOTHING },
	{ .name = "owner", .set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV },
	{ .name = "private", .propagation = MS_PRIVATE },
	{ .name = "rbind", .what = MOUNT_OPT_BIND | MOUNT_OPT_RBIND },
	{ .name = "relatime", .clear = MOUNT_ATTR_STRICTATIME | MOUNT_ATTR_NOATIME },
	{ .name = "remount", .what = MOUNT_OPT_REMOUNT },
	{ .name = "ro", .set = MOUNT_ATTR_RDONLY, .what = MOUNT_OPT_READONLY },
	{ .name = "rprivate", .propagation = MS_REC | MS_PRIVATE },
	{ .name = "rshared", .propagation = MS_REC | MS_SHARED },
	{ .name = "rslave", .propagation = MS_REC | MS_SLAVE },
	{ .name = "runbindable", .propagation = MS_REC | MS_UNBINDABLE },
	{ .name = "rw", .clear = MOUNT_ATTR_RDONLY },
	{ .name = "shared", .propagation = MS_SHARED },
	{ .name = "silent", .what = NOTHING },
	{ .name = "slave", .propagation = MS_SLAVE },
	{ .name = "strictatime", .set = MOUNT_ATTR_STRICTATIME },
	{ .name = "suid", .clear = MOUNT_ATTR_NOSUID },
	{ .name = "symfollow", .clear = MOUNT_ATTR_NOSYMFOLLOW },
	{ .name = "sync", .what = SUPER },
	{ .name = "unbindable", .propagation = MS_UNBINDABLE },
	{ .name = "user", .set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC },
	{ .name = "users", .set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC },

	/* The whole tree, mount_setattr(AT_RECURSIVE). */
	{ .name = "ratime", .clear = MOUNT_ATTR_NOATIME, .what = RECURSIVE },
	{ .name = "rdev", .clear = MOUNT_ATTR_NODEV, .what = RECURSIVE },
	{ .name = "rdiratime", .clear = MOUNT_ATTR_NODIRATIME, .what = RECURSIVE },
	{ .name = "rexec", .clear = MOUNT_ATTR_NOEXEC, .what = RECURSIVE },
	{ .name = "rnoatime", .set = MOUNT_ATTR_NOATIME, .what = RECURSIVE },
	{ .name = "rnodev", .set = MOUNT_ATTR_NODEV, .what = RECURSIVE },
	{ .name = "rnodiratime", .set = MOUNT_ATTR_NODIRATIME, .what = RECURSIVE },
	{ .name = "rnoexec", .set = MOUNT_ATTR_NOEXEC, .what = RECURSIVE },
	{ .name = "rnorelatime", .clear = MOUNT_ATTR_STRICTATIME, .what = RECURSIVE },
	{ .name = "rnostrictatime", .clear = MOUNT_ATTR_STRICTATIME, .what = RECURSIVE },
	{ .name = "rnosuid", .set = MOUNT_ATTR_NOSUID, .what = RECURSIVE },
	{ .name = "rnosymfollow", .set = MOUNT_ATTR_NOSYMFOLLOW, .what = RECURSIVE },
	{ .name = "rrelatime",
	  .clear = MOUNT_ATTR_STRICTATIME | MOUNT_ATTR_NOATIME,
	  .what = RECURSIVE },
	{ .name = "rro", .set = MOUNT_ATTR_RDONLY, .what = RECURSIVE },
	{ .name = "rrw", .clear = MOUNT_ATTR_RDONLY, .what = RECURSIVE },
	{ .name = "rstrictatime", .set = MOUNT_ATTR_STRICTATIME, .what = RECURSIVE },
	{ .name = "rsuid", .clear = MOUNT_ATTR_NOSUID, .what = RECURSIVE },
	{ .name = "rsymfollow", .clear = MOUNT_ATTR_NOSYMFOLLOW, .what = RECURSIVE },

	/* Neither flags nor the filesystem's: done by the runtime. */
	{ .name = "tmpcopyup", .what = MOUNT_OPT_COPY_UP },
	{ .name = "idmap", .what = MOUNT_OPT_IDMAP },
	{ .name = "ridmap", .what = MOUNT_OPT_IDMAP | RECURSIVE },
	{ .name = "copy-symlink", .what = MOUNT_OPT_COPY_LINK },
	{ .name = "dest-nofollow", .what = MOUNT_OPT_DEST_NOFOLLOW },
	{ .name = "src-nofollow", .what = MOUNT_OPT_NOFOLLOW },
	{ .name = NULL },
};

const struct mount_option *plan_mount_option(const char *name)
{
	for (const struct mount_option *o = plan_mount_options; o->name; o++) {
		if (strcmp(o->name, name) == 0) {
			return o;
		}
	}
	return NULL;
}
