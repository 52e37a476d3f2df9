/* SPDX-License-Identifier: Apache-2.0 */
/* systemd/none: in the place of the others where rootlet was built without systemd's headers. */
#include <errno.h>

#include "systemd/manager.h"
#include "systemd/scope.h"
#include "systemd/unit.h"

static int missing(struct err *err)
{
	return err_set(err, ENOTSUP,
		       "this rootlet was built without systemd's headers (libsystemd-dev) and "
		       "can't ask systemd for a cgroup; use --cgroup-manager=cgroupfs or disabled");
}

int systemd_find(struct arena *arena, const char **ret_addresses, struct err *err)
{
	(void)arena;
	(void)ret_addresses;
	return missing(err);
}

int systemd_open(struct systemd **ret, struct err *err)
{
	(void)ret;
	return missing(err);
}

void systemd_connect(struct systemd *sd)
{
	(void)sd;
}

bool systemd_asked(const struct systemd *sd)
{
	(void)sd;
	return false;
}

void systemd_hurry(struct systemd *sd, int ms)
{
	(void)sd;
	(void)ms;
}

void systemd_close(struct systemd **sd)
{
	*sd = NULL;
}

void systemd_scope_ask(struct systemd *sd, const struct systemd_scope *scope)
{
	(void)sd;
	(void)scope;
}

int systemd_scope_start(struct systemd *sd, struct arena *arena, const struct systemd_scope *scope,
			const char **ret_path, struct err *err)
{
	(void)sd;
	(void)arena;
	(void)scope;
	(void)ret_path;
	return missing(err);
}

int systemd_unit_stop(struct systemd *sd, const char *unit, struct err *err)
{
	(void)sd;
	(void)unit;
	return missing(err);
}

int systemd_unit_clear(struct systemd *sd, const char *unit, struct err *err)
{
	(void)sd;
	(void)unit;
	return missing(err);
}

int systemd_unit_attach(struct systemd *sd, const char *unit, const char *sub, const pid_t *pids,
			size_t n, struct err *err)
{
	(void)sd;
	(void)unit;
	(void)sub;
	(void)pids;
	(void)n;
	return missing(err);
}

int systemd_unit_set(struct systemd *sd, const char *unit, const struct plan_property *properties,
		     size_t n, struct err *err)
{
	(void)sd;
	(void)unit;
	(void)properties;
	(void)n;
	return missing(err);
}
