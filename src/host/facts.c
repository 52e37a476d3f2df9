/* SPDX-License-Identifier: Apache-2.0 */
/* host/facts: the only code that probes the machine for a plan. */
#include "host/facts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/str.h"
#include "host/subid.h"
#include "plan/build.h"
#include "sys/caps.h"
#include "sys/fd.h"

static bool has_cap(int cap)
{
	return (sys_caps_permitted() >> cap & 1) != 0;
}

/* The kernel's three columns: inside, outside, count. */
static void read_map(struct arena *arena, const char *path, struct facts_extents *ret)
{
	const char *text = "";
	unsigned inside, outside, count;
	int used;

	if (sys_read_file(arena, AT_FDCWD, path, 65536, &text) < 0) {
		return;
	}
	ret->v = arena_array(arena, strlen(text) / 4 + 1, sizeof(*ret->v));
	while (sscanf(text, "%u %u %u%n", &inside, &outside, &count, &used) == 3) {
		ret->v[ret->n++] = (struct facts_extent){ .inside = inside, .outside = outside, .count = count };
		text += used;
	}
}

static bool is_identity(const struct facts_extents *map)
{
	return map->n == 1 && map->v[0].inside == 0 && map->v[0].outside == 0 && map->v[0].count == UINT32_MAX;
}

/* Absolute path of a helper: from PATH, else from where distributions put it (clients strip PATH). */
static const char *find_helper(struct arena *arena, const char *name)
{
	const char *lists[] = { getenv("PATH"), "/usr/bin:/usr/sbin:/bin:/sbin:/usr/local/bin" };

	for (size_t i = 0; i < 2; i++) {
		const char *dir = lists[i];

		while (dir && *dir) {
			size_t len = strcspn(dir, ":");

			if (len > 0 && dir[0] == '/') {
				const char *path = arena_printf(arena, "%.*s/%s", (int)len, dir, name);

				if (access(path, X_OK) == 0) {
					return path;
				}
			}
			dir += len + (dir[len] == ':');
		}
	}
	return NULL;
}

/* A helper works only with its setuid bit or file capabilities, on a filesystem and in a process that honour them. */
static const char *helper_fault(struct arena *arena, const char *path)
{
	struct statvfs fs;
	struct stat st;
	char caps[64];

	if (stat(path, &st) < 0) {
		return arena_printf(arena, "%s: %s", path, strerror(errno));
	}
	if (!((st.st_mode & S_ISUID) && st.st_uid == 0) && getxattr(path, "security.capability", caps, sizeof(caps)) < 0) {
		return arena_printf(arena, "%s is not setuid root and has no file capabilities, so it can't map your ids; "
					   "mend it: sudo chmod u+s %s (or sudo apt-get install --reinstall uidmap)",
				    path, path);
	}
	if (statvfs(path, &fs) == 0 && (fs.f_flag & ST_NOSUID)) {
		return arena_printf(arena, "%s lies on a filesystem that is mounted nosuid, so it can't map your ids; install "
					   "it elsewhere or remount that filesystem",
				    path);
	}
	return NULL;
}

static void find_helpers(struct arena *arena, struct facts *f)
{
	f->newuidmap = find_helper(arena, "newuidmap");
	f->newgidmap = find_helper(arena, "newgidmap");
	if (!f->newuidmap || !f->newgidmap) {
		return;
	}
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1) {
		f->helper_fault = "this process runs with no_new_privs, so newuidmap can't map your ids; start rootlet outside of "
				  "what set it (systemd: NoNewPrivileges=no; sandboxes and browsers set it too)";
		return;
	}
	f->helper_fault = helper_fault(arena, f->newuidmap);
	if (!f->helper_fault) {
		f->helper_fault = helper_fault(arena, f->newgidmap);
	}
}

/* 40 is CAP_CHECKPOINT_RESTORE, the last one known here; asking the kernel costs no file. */
static unsigned last_cap(void)
{
	unsigned cap = 40;

	while (cap < 63 && prctl(PR_CAPBSET_READ, cap + 1, 0, 0, 0) >= 0) {
		cap++;
	}
	while (cap > 0 && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) < 0) {
		cap--;
	}
	return cap;
}

static void read_oom_score(struct arena *arena, struct facts *f)
{
	const char *text;
	ssize_t len = sys_read_file(arena, AT_FDCWD, "/proc/self/oom_score_adj", 64, &text);

	if (len > 0) {
		f->oom_score_adj = strtol(text, NULL, 10);
	}
}

int host_facts(struct arena *arena, const struct spec *spec, struct facts *ret, struct err *err)
{
	struct facts f = {
		.uid = geteuid(),
		.gid = getegid(),
		.last_cap = last_cap(),
	};

	if (f.uid == 0) {
		f.privileged = has_cap(CAP_SYS_ADMIN);
		read_map(arena, "/proc/self/uid_map", &f.own_uids);
		read_map(arena, "/proc/self/gid_map", &f.own_gids);
		f.in_userns = !is_identity(&f.own_uids);
		f.may_raise_rlimits = !f.in_userns && has_cap(CAP_SYS_RESOURCE);
	}
	for (int i = 0; i < FACTS_RLIMITS; i++) {
		struct rlimit limit = { 0, RLIM_INFINITY };

		getrlimit((__rlimit_resource_t)i, &limit);
		f.rlimit_hard[i] = limit.rlim_max;
	}
	if (spec->process && spec->process->oom_score_adj.set) {
		read_oom_score(arena, &f);
	}
	if (plan_needs_subids(spec, &f)) {
		struct passwd *pw = getpwuid(f.uid);

		f.user = pw ? arena_strdup(arena, pw->pw_name) : NULL;
		TRY(host_subid(arena, f.user, f.uid, &f.subuids, &f.subgids, &f.subid_source, err));
		f.subids_known = true;
		if (!f.privileged) {
			find_helpers(arena, &f);
		}
	}
	*ret = f;
	return 0;
}
