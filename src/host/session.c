/* SPDX-License-Identifier: Apache-2.0 */
/* host/session: reading /proc/self/uid_map. */
#include "host/session.h"

#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "base/scope.h"

struct extent {
	uint32_t inside;
	uint32_t outside;
	uint32_t count;
};

/* The extent that holds uid. */
static bool find_extent(uid_t uid, struct extent *ret)
{
	scope_file FILE *map = fopen("/proc/self/uid_map", "re");
	struct extent e;

	if (!map) {
		return false;
	}
	while (fscanf(map, "%u %u %u", &e.inside, &e.outside, &e.count) == 3) {
		if (uid >= e.inside && uid - e.inside < e.count) {
			*ret = e;
			return true;
		}
	}
	return false;
}

uid_t host_session_uid(void)
{
	uid_t uid = geteuid();
	struct extent e;

	if (!find_extent(uid, &e)) {
		return uid;
	}
	return e.outside + (uid - e.inside);
}

bool host_session_is_root(void)
{
	struct extent e;

	if (geteuid() != 0) {
		return false;
	}
	/* No map at all: a kernel without user namespaces. */
	return !find_extent(0, &e) || (e.outside == 0 && e.count == UINT32_MAX);
}
