/* SPDX-License-Identifier: Apache-2.0 */
/* user/explain: why the kernel said no to a rootless container, and the remedy. */
#include "user/explain.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/str.h"
#include "sys/fd.h"
#include "sys/idmap.h"

/* A sysctl's number, or -1 where this kernel has no such switch. */
static long sysctl_value(struct arena *arena, const char *path)
{
	const char *text;

	if (sys_read_file(arena, AT_FDCWD, path, 64, &text) <= 0) {
		return -1;
	}
	return strtol(text, NULL, 10);
}

/*
 * Is "/" something else than the root of the mount namespace? Then user namespaces are refused
 * (user_namespaces(7)).
 */
static int in_chroot(void)
{
	struct stat ours, inits;

	return stat("/", &ours) == 0 && stat("/proc/1/root/.", &inits) == 0 &&
	       (ours.st_ino != inits.st_ino || ours.st_dev != inits.st_dev);
}

void user_explain_userns(struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *profile = "";

	if (sysctl_value(&arena, "/proc/sys/user/max_user_namespaces") == 0) {
		err_hint(err, "user namespaces are switched off: sudo sysctl "
			      "user.max_user_namespaces=28633");
	} else if (err->code == ENOSPC || err->code == EUSERS) {
		err_hint(err,
			 "the limit on nested or simultaneous namespaces is reached: see sysctl "
			 "user.max_user_namespaces and its kin (32 levels of nesting at most)");
	} else if (sysctl_value(&arena, "/proc/sys/kernel/unprivileged_userns_clone") == 0) {
		err_hint(err, "they are reserved to root here: sudo sysctl "
			      "kernel.unprivileged_userns_clone=1");
	} else if (sysctl_value(&arena, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns") ==
		   1) {
		/* The rest stays zero. */
		char self[256] = "";

		if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0) {
			self[0] = '\0';
		}
		err_hint(err,
			 "AppArmor allows user namespaces only to programs with a profile: put "
			 "\"abi <abi/4.0>, include <tunables/global> profile rootlet %s "
			 "flags=(unconfined) { userns, }\" into /etc/apparmor.d/rootlet and run "
			 "sudo systemctl reload apparmor",
			 self);
	} else if (in_chroot()) {
		err_hint(
			err,
			"this process runs in a chroot, where the kernel makes no user namespaces: "
			"enter it with pivot_root (systemd-nspawn, unshare --root) instead");
	} else if (err->code == EPERM &&
		   sys_read_file(&arena, AT_FDCWD, "/proc/self/status", 65536, &profile) > 0 &&
		   strstr(profile, "Seccomp:\t2")) {
		err_hint(err, "a seccomp filter around this process probably forbids it (in a "
			      "container: run it with a profile that allows clone and unshare, or "
			      "seccomp=unconfined)");
	}
}

/*
 * Does this namespace know every id that is to be mapped? Without that even root's helper is
 * refused.
 */
static bool known_here(struct arena *arena, const char *path, const struct plan_extents *map,
		       uint32_t *ret_missing)
{
	struct sys_idmap here;

	if (sys_idmap_read(arena, path, &here) < 0) {
		return true;
	}
	for (size_t i = 0; i < map->n; i++) {
		if (!sys_idmap_holds(&here, map->v[i].outside, map->v[i].count, NULL)) {
			*ret_missing = map->v[i].outside;
			return false;
		}
	}
	return true;
}

static bool is_setuid(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && (st.st_mode & S_ISUID);
}

void user_explain_helper(const struct plan_ids *ids, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct passwd *pw = getpwuid(geteuid());
	uint32_t missing = 0;

	if (pw && pw->pw_gid != getegid()) {
		err_hint(err,
			 "your group is %u now, but %u by login, and the helpers insist on the "
			 "login group: leave the newgrp (or sg) shell",
			 (unsigned)getegid(), (unsigned)pw->pw_gid);
	} else if (!pw) {
		err_hint(err,
			 "uid %u has no entry in the password database, and the helpers insist on "
			 "one",
			 (unsigned)geteuid());
	} else if (!known_here(&arena, "/proc/self/uid_map", &ids->uid, &missing)) {
		err_hint(err,
			 "the ids from %u on do not exist in the user namespace that this runs in: "
			 "give the outer container a larger map, or a range in /etc/subuid here "
			 "that it has",
			 missing);
	} else if (!known_here(&arena, "/proc/self/gid_map", &ids->gid, &missing)) {
		err_hint(err,
			 "the group ids from %u on do not exist in the user namespace that this "
			 "runs in: give the outer container a larger map, or a range in "
			 "/etc/subgid here that it has",
			 missing);
	} else if (ids->newuidmap && is_setuid(ids->newuidmap) &&
		   prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN, 0, 0, 0) == 0) {
		/*
		 * user_namespaces(7): who opens the map must have CAP_SYS_ADMIN over the new
		 * namespace. A helper with the user's own effective uid has, as its owner; as root
		 * it has only what the bounding set leaves.
		 */
		err_hint(err,
			 "%s is setuid root, and root lacks CAP_SYS_ADMIN in this container: give "
			 "the helpers file capabilities in the place of that bit (chmod u-s %s %s; "
			 "setcap cap_setuid+ep %s; setcap cap_setgid+ep %s), or the container "
			 "CAP_SYS_ADMIN",
			 ids->newuidmap, ids->newuidmap, ids->newgidmap, ids->newuidmap,
			 ids->newgidmap);
	} else {
		user_explain_userns(err);
	}
}
