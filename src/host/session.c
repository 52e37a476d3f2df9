/* SPDX-License-Identifier: Apache-2.0 */
/* host/session: reading /proc/self/uid_map. */
#include "host/session.h"

#include <unistd.h>

#include "base/arena.h"
#include "sys/idmap.h"

uid_t host_session_uid(void)
{
	scope_arena struct arena arena = ARENA_INIT;
	const struct sys_extent *e;
	struct sys_idmap map;
	uid_t uid = geteuid();

	if (sys_idmap_read(&arena, "/proc/self/uid_map", &map) < 0 || !sys_idmap_holds(&map, uid, 1, &e)) {
		return uid;
	}
	return e->outside + (uid - e->inside);
}

bool host_session_is_root(void)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct sys_idmap map;

	if (geteuid() != 0) {
		return false;
	}
	/* No map at all: a kernel without user namespaces. */
	return sys_idmap_read(&arena, "/proc/self/uid_map", &map) < 0 || sys_idmap_is_identity(&map);
}
