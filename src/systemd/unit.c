/* SPDX-License-Identifier: Apache-2.0 */
/* systemd/unit: what is done to a unit that is there. */
#include "systemd/unit.h"

#include <errno.h>

#include "base/log.h"
#include "systemd/manager.h"
#include "systemd/property.h"
#include "systemd/query.h"

/* Pauses between two looks at a unit that goes away. */
#define GONE_FIRST_MS 1
#define GONE_MAX_MS 100

/* A unit that is no longer there, or has not failed, is fine. */
int systemd_unit_reset(struct systemd *sd, const char *unit, struct err *err)
{
	const char *arguments[] = { unit, NULL };
	struct systemd_reply reply = { .m = NULL };
	int rc = 0;

	TRY(systemd_call_strings(sd, "ResetFailedUnit", unit, arguments, &reply, err));
	if (reply.error && !str_eq(reply.error, SYSTEMD_NO_SUCH_UNIT)) {
		rc = systemd_refused("resetting the failed unit", unit, &reply, err);
	}
	systemd_reply_done(sd, &reply);
	return rc;
}

/* Units are unloaded a moment after they have ended. */
static int wait_gone(struct systemd *sd, const char *unit, struct err *err)
{
	int pause = GONE_FIRST_MS;
	const char *state = NULL;

	for (;;) {
		TRY(systemd_unit_state(sd, unit, &state, err));
		if (!state || str_eq(state, "inactive")) {
			return 0;
		}
		if (str_eq(state, "failed")) {
			TRY(systemd_unit_reset(sd, unit, err));
		}
		if (systemd_left(sd) == 0) {
			return err_set(
				err, ETIMEDOUT,
				"unit %s: still %s, %d seconds after systemd was asked to stop it",
				unit, state, SYSTEMD_TIMEOUT_MS / 1000);
		}
		systemd_pause(sd, pause);
		pause *= 2;
		if (pause > GONE_MAX_MS) {
			pause = GONE_MAX_MS;
		}
	}
}

static int fill_kill(const struct systemd *sd, sd_bus_message *m, const void *arg)
{
	return sd->f.sd_bus_message_append(m, "ssi", (const char *)arg, "all", 9);
}

/* Whatever its answer is, StopUnit follows, which tells more. */
static int kill_all(struct systemd *sd, const char *unit, struct err *err)
{
	const struct systemd_call call = {
		.member = "KillUnit", .unit = unit, .fill = fill_kill, .arg = unit
	};
	struct systemd_reply reply = { .m = NULL };

	TRY(systemd_call(sd, &call, &reply, err));
	systemd_reply_done(sd, &reply);
	return 0;
}

int systemd_unit_stop(struct systemd *sd, const char *unit, struct err *err)
{
	const char *arguments[] = { unit, "replace", NULL };
	struct systemd_reply reply = { .m = NULL };
	const char *path = NULL;
	const char *result;
	int rc = 0;

	TRY(kill_all(sd, unit, err));
	sd->job = (struct systemd_job){ .unit = unit };
	TRY(systemd_call_strings(sd, "StopUnit", unit, arguments, &reply, err));
	if (!reply.error && sd->f.sd_bus_message_read(reply.m, "o", &path) >= 0) {
		rc = systemd_job_finish(sd, arena_strdup(&sd->arena, path), false, &result, err);
	} else if (reply.error && !str_eq(reply.error, SYSTEMD_NO_SUCH_UNIT)) {
		rc = systemd_refused("stopping unit", unit, &reply, err);
	}
	systemd_reply_done(sd, &reply);
	TRY(rc);
	return wait_gone(sd, unit, err);
}

int systemd_unit_clear(struct systemd *sd, const char *unit, struct err *err)
{
	const char *state;
	const char *process;
	const char *result;

	TRY(systemd_unit_state(sd, unit, &state, err));
	if (!state) {
		return 0;
	}
	TRY(systemd_unit_process(sd, unit, &process, err));
	if (process && !str_eq(state, "deactivating")) {
		return err_set(err, EEXIST, "systemd has a unit %s already, and it is %s (%s)",
			       unit, state, process);
	}
	if (str_eq(state, "failed")) {
		TRY(systemd_unit_string(sd, unit, "Scope", "Result", &result, err));
		state = arena_printf(&sd->arena, "%s, %s", state, result);
	}
	log_debug("unit %s is left from before (%s): stopped and reset", unit, state);
	return systemd_unit_stop(sd, unit, err);
}

int systemd_unit_result(struct systemd *sd, struct arena *arena, const char *unit, const char **ret,
			struct err *err)
{
	const char *state = NULL;
	const char *result = NULL;

	TRY(systemd_unit_state(sd, unit, &state, err));
	if (!state) {
		return err_set(err, ENOENT, "systemd knows no unit %s", unit);
	}
	TRY(systemd_unit_string(sd, unit, "Scope", "Result", &result, err));
	*ret = arena_strdup(arena, result);
	return 0;
}

/* ---- changes ---- */

struct change {
	const char *unit;
	const struct plan_property *properties;
	size_t n;
	struct systemd_dropped dropped;
};

static int fill_change(const struct systemd *sd, sd_bus_message *m, const void *arg)
{
	const struct change *change = arg;

	/* true: until the unit goes, not in a file. */
	TRY(sd->f.sd_bus_message_append(m, "sb", change->unit, 1));
	TRY(sd->f.sd_bus_message_open_container(m, 'a', "(sv)"));
	for (size_t i = 0; i < change->n; i++) {
		TRY(systemd_append_property(sd, m, &change->properties[i], &change->dropped));
	}
	return sd->f.sd_bus_message_close_container(m);
}

int systemd_unit_set(struct systemd *sd, const char *unit, const struct plan_property *properties,
		     size_t n, struct err *err)
{
	struct change change = { .unit = unit, .properties = properties, .n = n };
	const struct systemd_call call = {
		.member = "SetUnitProperties",
		.unit = unit,
		.fill = fill_change,
		.arg = &change,
	};

	for (;;) {
		struct systemd_reply reply = { .m = NULL };
		bool again;
		int rc = 0;

		TRY(systemd_call(sd, &call, &reply, err));
		again = reply.error &&
			systemd_drop_property(&reply, unit, properties, n, &change.dropped);
		if (reply.error && !again) {
			rc = systemd_refused("changing unit", unit, &reply, err);
		}
		systemd_reply_done(sd, &reply);
		if (!again) {
			return rc;
		}
	}
}

struct attach {
	const char *unit;
	const char *sub;
	const pid_t *pids;
	size_t n;
};

static int fill_attach(const struct systemd *sd, sd_bus_message *m, const void *arg)
{
	const struct attach *attach = arg;

	if (sd->foreign) {
		return -EREMOTE;
	}
	TRY(sd->f.sd_bus_message_append(m, "ss", attach->unit, attach->sub));
	TRY(sd->f.sd_bus_message_open_container(m, 'a', "u"));
	for (size_t i = 0; i < attach->n; i++) {
		TRY(sd->f.sd_bus_message_append(m, "u", (uint32_t)attach->pids[i]));
	}
	return sd->f.sd_bus_message_close_container(m);
}

int systemd_unit_attach(struct systemd *sd, const char *unit, const char *sub, const pid_t *pids,
			size_t n, struct err *err)
{
	struct attach attach = { .unit = unit, .sub = "", .pids = pids, .n = n };
	const struct systemd_call call = {
		.member = "AttachProcessesToUnit",
		.unit = unit,
		.fill = fill_attach,
		.arg = &attach,
	};
	struct systemd_reply reply = { .m = NULL };
	int rc = 0;

	if (sub && *sub) {
		attach.sub = arena_printf(&sd->arena, "/%s", sub);
	}
	TRY(systemd_call(sd, &call, &reply, err));
	if (reply.error) {
		rc = systemd_refused("moving processes into unit", unit, &reply, err);
	}
	systemd_reply_done(sd, &reply);
	return rc;
}
