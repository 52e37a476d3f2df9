/* SPDX-License-Identifier: Apache-2.0 */
/* systemd/manager: a connection to the systemd manager that a container's scope is asked of. */
#include "systemd/manager.h"

#include "sys/clock.h"
#include "systemd/address.h"
#include "systemd/bus.h"
#include "systemd/library.h"
#include "user/session.h"

int systemd_find(struct arena *arena, const char **ret_addresses, struct err *err)
{
	struct systemd_addresses addresses;
	const char *between = "";
	struct text all;

	systemd_addresses_look(arena, user_of_system(), &addresses);
	if (addresses.n == 0) {
		return systemd_addresses_none(&addresses, "", err);
	}
	text_init(&all, arena);
	for (size_t i = 0; i < addresses.n; i++) {
		text_add(&all, "%s%s", between, systemd_address_text(arena, &addresses.v[i]));
		between = ";";
	}
	*ret_addresses = all.s;
	return 0;
}

int systemd_open(struct systemd **ret, struct err *err)
{
	struct arena arena = ARENA_INIT;
	struct systemd *sd = arena_alloc(&arena, sizeof(*sd));
	int rc;

	sd->deadline = sys_now_ms() + SYSTEMD_TIMEOUT_MS;
	systemd_addresses_look(&arena, user_of_system(), &sd->addresses);
	if (sd->addresses.n == 0) {
		rc = systemd_addresses_none(&sd->addresses, "", err);
	} else {
		rc = systemd_library_load(&sd->f, err);
	}
	if (rc < 0) {
		arena_done(&arena);
		return rc;
	}
	sd->arena = arena;
	text_init(&sd->failures, &sd->arena);
	*ret = sd;
	return 0;
}

void systemd_connect(struct systemd *sd)
{
	struct err ignored;

	(void)systemd_reach(sd, &ignored);
}

bool systemd_asked(const struct systemd *sd)
{
	return sd && sd->asked;
}

void systemd_hurry(struct systemd *sd, int ms)
{
	sd->deadline = sys_now_ms() + ms;
}

void systemd_close(struct systemd **sd)
{
	struct arena arena;

	if (!*sd) {
		return;
	}
	systemd_disconnect(*sd);
	/* It lives in its own arena. */
	arena = (*sd)->arena;
	*sd = NULL;
	arena_done(&arena);
}
