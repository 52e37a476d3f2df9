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
	{ "_netdev", 0, 0, 0, NOTHING },
	{ "async", 0, 0, 0, NOTHING },
	{ "atime", 0, MOUNT_ATTR_NOATIME, 0, 0 },
	{ "auto", 0, 0, 0, NOTHING },
	{ "bind", 0, 0, 0, MOUNT_OPT_BIND },
	{ "defaults", 0, 0, 0, NOTHING },
	{ "dev", 0, MOUNT_ATTR_NODEV, 0, 0 },
	{ "diratime", 0, MOUNT_ATTR_NODIRATIME, 0, 0 },
	{ "dirsync", 0, 0, 0, SUPER },
	{ "exec", 0, MOUNT_ATTR_NOEXEC, 0, 0 },
	/* as mount(8), and the three below */
	{ "group", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, 0, 0, 0 },
	/*
	 * Filesystems that count versions do so by themselves, and fsconfig(2) has no name for it.
	 */
	{ "iversion", 0, 0, 0, NOTHING },
	{ "lazytime", 0, 0, 0, SUPER },
	{ "loud", 0, 0, 0, NOTHING },
	{ "mand", 0, 0, 0, NOTHING }, /* gone since Linux 5.15 */
	{ "noatime", MOUNT_ATTR_NOATIME, 0, 0, 0 },
	{ "noauto", 0, 0, 0, NOTHING },
	{ "nodev", MOUNT_ATTR_NODEV, 0, 0, 0 },
	{ "nodiratime", MOUNT_ATTR_NODIRATIME, 0, 0, 0 },
	{ "noexec", MOUNT_ATTR_NOEXEC, 0, 0, 0 },
	{ "nofail", 0, 0, 0, NOTHING },
	{ "noiversion", 0, 0, 0, NOTHING },
	{ "nolazytime", 0, 0, 0, NOTHING },
	{ "nomand", 0, 0, 0, NOTHING },
	{ "norelatime", 0, MOUNT_ATTR_STRICTATIME, 0, 0 },
	{ "nostrictatime", 0, MOUNT_ATTR_STRICTATIME, 0, 0 },
	{ "nosuid", MOUNT_ATTR_NOSUID, 0, 0, 0 },
	{ "nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0, 0, 0 },
	{ "nouser", 0, 0, 0, NOTHING },
	{ "owner", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, 0, 0, 0 },
	{ "private", 0, 0, MS_PRIVATE, 0 },
	{ "rbind", 0, 0, 0, MOUNT_OPT_BIND | MOUNT_OPT_RBIND },
	{ "relatime", 0, MOUNT_ATTR_STRICTATIME | MOUNT_ATTR_NOATIME, 0, 0 },
	{ "remount", 0, 0, 0, MOUNT_OPT_REMOUNT },
	{ "ro", MOUNT_ATTR_RDONLY, 0, 0, MOUNT_OPT_READONLY },
	{ "rprivate", 0, 0, MS_REC | MS_PRIVATE, 0 },
	{ "rshared", 0, 0, MS_REC | MS_SHARED, 0 },
	{ "rslave", 0, 0, MS_REC | MS_SLAVE, 0 },
	{ "runbindable", 0, 0, MS_REC | MS_UNBINDABLE, 0 },
	{ "rw", 0, MOUNT_ATTR_RDONLY, 0, 0 },
	{ "shared", 0, 0, MS_SHARED, 0 },
	{ "silent", 0, 0, 0, NOTHING },
	{ "slave", 0, 0, MS_SLAVE, 0 },
	{ "strictatime", MOUNT_ATTR_STRICTATIME, 0, 0, 0 },
	{ "suid", 0, MOUNT_ATTR_NOSUID, 0, 0 },
	{ "symfollow", 0, MOUNT_ATTR_NOSYMFOLLOW, 0, 0 },
	{ "sync", 0, 0, 0, SUPER },
	{ "unbindable", 0, 0, MS_UNBINDABLE, 0 },
	{ "user", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, 0, 0, 0 },
	{ "users", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, 0, 0, 0 },

	/* The whole tree, mount_setattr(AT_RECURSIVE). */
	{ "ratime", 0, MOUNT_ATTR_NOATIME, 0, RECURSIVE },
	{ "rdev", 0, MOUNT_ATTR_NODEV, 0, RECURSIVE },
	{ "rdiratime", 0, MOUNT_ATTR_NODIRATIME, 0, RECURSIVE },
	{ "rexec", 0, MOUNT_ATTR_NOEXEC, 0, RECURSIVE },
	{ "rnoatime", MOUNT_ATTR_NOATIME, 0, 0, RECURSIVE },
	{ "rnodev", MOUNT_ATTR_NODEV, 0, 0, RECURSIVE },
	{ "rnodiratime", MOUNT_ATTR_NODIRATIME, 0, 0, RECURSIVE },
	{ "rnoexec", MOUNT_ATTR_NOEXEC, 0, 0, RECURSIVE },
	{ "rnorelatime", 0, MOUNT_ATTR_STRICTATIME, 0, RECURSIVE },
	{ "rnostrictatime", 0, MOUNT_ATTR_STRICTATIME, 0, RECURSIVE },
	{ "rnosuid", MOUNT_ATTR_NOSUID, 0, 0, RECURSIVE },
	{ "rnosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0, 0, RECURSIVE },
	{ "rrelatime", 0, MOUNT_ATTR_STRICTATIME | MOUNT_ATTR_NOATIME, 0, RECURSIVE },
	{ "rro", MOUNT_ATTR_RDONLY, 0, 0, RECURSIVE },
	{ "rrw", 0, MOUNT_ATTR_RDONLY, 0, RECURSIVE },
	{ "rstrictatime", MOUNT_ATTR_STRICTATIME, 0, 0, RECURSIVE },
	{ "rsuid", 0, MOUNT_ATTR_NOSUID, 0, RECURSIVE },
	{ "rsymfollow", 0, MOUNT_ATTR_NOSYMFOLLOW, 0, RECURSIVE },

	/* Neither flags nor the filesystem's: done by the runtime. */
	{ "tmpcopyup", 0, 0, 0, MOUNT_OPT_COPY_UP },
	{ "idmap", 0, 0, 0, MOUNT_OPT_IDMAP },
	{ "ridmap", 0, 0, 0, MOUNT_OPT_IDMAP | RECURSIVE },
	{ "copy-symlink", 0, 0, 0, MOUNT_OPT_COPY_LINK },
	{ "dest-nofollow", 0, 0, 0, MOUNT_OPT_DEST_NOFOLLOW },
	{ "src-nofollow", 0, 0, 0, MOUNT_OPT_NOFOLLOW },
	{ NULL, 0, 0, 0, 0 },
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
