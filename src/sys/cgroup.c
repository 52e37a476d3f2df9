/* SPDX-License-Identifier: Apache-2.0 */
/* sys/cgroup: see sys/cgroup.h. */
#include "sys/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/scope.h"
#include "sys/fd.h"

/*
 * What may be given away; before Linux 4.15 there is no such file, and config-linux.md has the
 * list.
 */
#define DELEGATE "/sys/kernel/cgroup/delegate"
#define DELEGATE_DEFAULT "cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n"

/* name "": the directory itself. Written, and read back. */
static int give_one(int dir, const char *name, uid_t uid, struct err *err)
{
	const int flags = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH;
	const char *what = *name ? name : "directory";
	struct stat st;
	int rc;

	if (fstatat(dir, name, &st, flags) < 0) {
		if (errno == ENOENT) {
			return 0;
		}
		return err_errno(err, errno, "the cgroup's %s", name);
	}
	if (st.st_uid == uid) {
		return 0;
	}
	if (fchownat(dir, name, uid, (gid_t)-1, flags) < 0) {
		return err_errno(err, errno, "giving the cgroup's %s to user %u", what, uid);
	}
	if (fstatat(dir, name, &st, flags) < 0 || st.st_uid != uid) {
		return err_set(err, EIO, "the cgroup's %s did not become user %u's", what, uid);
	}
	/* The group is of the user who made the cgroup, and who will exec and delete. */
	if (*name) {
		rc = fchmodat(dir, name, st.st_mode | S_IWGRP, 0);
	} else {
		rc = fchmod(dir, st.st_mode | S_IWGRP);
	}
	if (rc < 0) {
		return err_errno(err, errno, "the mode of the cgroup's %s", what);
	}
	return 0;
}

int sys_cgroup_give(int dir, uid_t uid, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *list;

	if (sys_read_file(&arena, AT_FDCWD, DELEGATE, 65536, &list) < 0) {
		list = DELEGATE_DEFAULT;
	}
	TRY(give_one(dir, "", uid, err));
	while (*list) {
		size_t len = strcspn(list, "\n");

		if (len > 0 && !memchr(list, '/', len)) {
			TRY(give_one(dir, arena_strndup(&arena, list, len), uid, err));
		}
		list += len + (list[len] == '\n');
	}
	return 0;
}
