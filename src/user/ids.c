/* SPDX-License-Identifier: Apache-2.0 */
/* user/ids: which ids the user has, and what may be done with them. */
#include "user/ids.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/str.h"
#include "plan/ids.h"
#include "sys/caps.h"
#include "sys/fd.h"
#include "sys/idmap.h"
#include "sys/namespaces.h"
#include "sys/program.h"
#include "user/session.h"
#include "user/subid.h"

static bool has_cap(int cap)
{
	return (sys_caps_permitted() >> cap & 1) != 0;
}

/* ---- the namespace that this process is in ---- */

static void read_map(struct arena *arena, const char *path, struct sys_idmap *map,
		     struct facts_extents *ret)
{
	*map = (struct sys_idmap){ .n = 0 };
	*ret = (struct facts_extents){ .n = 0 };
	if (sys_idmap_read(arena, path, map) < 0) {
		return;
	}
	ret->v = arena_array(arena, map->n, sizeof(*ret->v));
	ret->n = map->n;
	for (size_t i = 0; i < map->n; i++) {
		ret->v[i] = (struct facts_extent){
			.inside = map->v[i].inside,
			.outside = map->v[i].outside,
			.count = map->v[i].count,
		};
	}
}

void user_read_map(struct arena *arena, const char *path, struct facts_extents *ret)
{
	struct sys_idmap map;

	read_map(arena, path, &map, ret);
}

bool user_setgroups_denied(struct arena *arena, const char *path)
{
	const char *text;

	return sys_read_file(arena, AT_FDCWD, path, 64, &text) > 0 && str_starts(text, "deny");
}

void user_ids(struct arena *arena, struct facts *ret)
{
	struct sys_idmap map;

	ret->uid = geteuid();
	ret->gid = getegid();
	if (ret->uid != 0) {
		return;
	}
	ret->privileged = has_cap(CAP_SYS_ADMIN);
	read_map(arena, "/proc/self/gid_map", &map, &ret->own_gids);
	read_map(arena, "/proc/self/uid_map", &map, &ret->own_uids);
	ret->in_userns = map.n > 0 && !sys_userns_is_initial();
	/*
	 * user_namespaces(7), "Defining user and group ID mappings"; the third for uid 0, since
	 * Linux 5.12.
	 */
	ret->maps_ids = ret->privileged || (ret->in_userns && has_cap(CAP_SETUID) &&
					    has_cap(CAP_SETGID) && has_cap(CAP_SETFCAP));
	ret->setgroups_denied =
		ret->in_userns && user_setgroups_denied(arena, "/proc/self/setgroups");
}

/* ---- subordinate ids ---- */

/*
 * A helper works only with its setuid bit or file capabilities, on a filesystem and in a process
 * that honour them.
 */
static const char *helper_fault(struct arena *arena, const char *path)
{
	struct statvfs fs;
	struct stat st;
	char caps[64];

	if (stat(path, &st) < 0) {
		return arena_printf(arena, "%s: %s", path, strerror(errno));
	}
	if (!((st.st_mode & S_ISUID) && st.st_uid == 0) &&
	    getxattr(path, "security.capability", caps, sizeof(caps)) < 0) {
		return arena_printf(arena,
				    "%s is not setuid root and has no file capabilities, so it "
				    "can't map your ids; mend it: sudo chmod u+s %s (or sudo "
				    "apt-get install --reinstall uidmap)",
				    path, path);
	}
	if (statvfs(path, &fs) == 0 && (fs.f_flag & ST_NOSUID)) {
		return arena_printf(arena,
				    "%s lies on a filesystem that is mounted nosuid, so it can't "
				    "map your ids; install it elsewhere or remount that filesystem",
				    path);
	}
	return NULL;
}

static void find_helpers(struct arena *arena, struct facts *f)
{
	f->newuidmap = sys_find_program(arena, "newuidmap");
	f->newgidmap = sys_find_program(arena, "newgidmap");
	if (!f->newuidmap || !f->newgidmap) {
		return;
	}
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1) {
		f->helper_fault = "this process runs with no_new_privs, so newuidmap can't map "
				  "your ids; start rootlet outside of what set it (systemd: "
				  "NoNewPrivileges=no; sandboxes and browsers set it too)";
		return;
	}
	f->helper_fault = helper_fault(arena, f->newuidmap);
	if (!f->helper_fault) {
		f->helper_fault = helper_fault(arena, f->newgidmap);
	}
}

int user_ids_ranges(struct arena *arena, struct facts *ret, struct err *err)
{
	ret->user = user_name(arena, ret->uid);
	TRY(user_subid(arena, ret->user, ret->uid, &ret->subuids, &ret->subgids, &ret->subid_source,
		       err));
	if (!ret->maps_ids) {
		find_helpers(arena, ret);
	}
	return 0;
}

int user_all_ids(struct arena *arena, struct plan_ids *ret, struct err *err)
{
	struct facts facts = { .uid = 0 };

	user_ids(arena, &facts);
	/* Root of a user namespace maps what that has. */
	if (!facts.maps_ids || !facts.in_userns) {
		TRY(user_ids_ranges(arena, &facts, err));
	}
	return plan_all_ids(arena, &facts, ret, err);
}
