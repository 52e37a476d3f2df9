/* SPDX-License-Identifier: Apache-2.0 */
/* user/session: reading /proc/self/uid_map, and what logind keeps of a user. */
#include "user/session.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/scope.h"
#include "sys/idmap.h"
#include "sys/namespaces.h"

/* As seen in this namespace: what belongs to root outside of it does not to us. */
static bool is_own(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_uid == geteuid();
}

uid_t user_uid(void)
{
	scope_arena struct arena arena = ARENA_INIT;
	const struct sys_extent *e;
	struct sys_idmap map;
	uid_t uid = geteuid();

	/* A container with a systemd and users of its own: their numbers are those in here. */
	if (is_own(arena_printf(&arena, "/run/user/%u", uid))) {
		return uid;
	}
	if (sys_idmap_read(&arena, "/proc/self/uid_map", &map) < 0 ||
	    !sys_idmap_holds(&map, uid, 1, &e)) {
		return uid;
	}
	return e->outside + (uid - e->inside);
}

bool user_is_root(void)
{
	return geteuid() == 0 && sys_userns_is_initial();
}

bool user_of_system(void)
{
	return user_is_root() || (geteuid() == 0 && is_own("/run/systemd/private"));
}

/*
 * The user's name. First from /etc/passwd itself: the name service behind getpwuid(3) costs ten
 * times as much (nscd's socket, nsswitch.conf, its modules), and is needed only for users that are
 * not local.
 */
const char *user_name(struct arena *arena, uid_t uid)
{
	scope_file FILE *file = fopen("/etc/passwd", "re");
	struct passwd *pw = NULL;

	while (file && (pw = fgetpwent(file)) && pw->pw_uid != uid) {
	}
	if (!pw) {
		pw = getpwuid(uid);
	}
	if (!pw) {
		return NULL;
	}
	return arena_strdup(arena, pw->pw_name);
}

/* logind(8) keeps a file for each user that lingers. */
bool user_session_ends(struct arena *arena)
{
	uid_t uid = user_uid();
	const char *name;

	if (user_of_system() || access("/run/systemd/system", F_OK) < 0 ||
	    access(arena_printf(arena, "/run/user/%u", uid), F_OK) < 0) {
		return false;
	}
	name = user_name(arena, uid);
	return name && access(arena_printf(arena, "/var/lib/systemd/linger/%s", name), F_OK) < 0;
}
