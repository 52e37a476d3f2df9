/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/systemd_unit: properties, states and jobs of a unit; stopping one, changing one. */
#include "cgroup/systemd_unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"

/* When a signal that should come doesn't, the unit itself is asked this often. */
#define ASK_MS 500

/* Pauses between two looks at a unit that goes away. */
#define GONE_FIRST_NS 1000000
#define GONE_MAX_NS 100000000

/* ---- properties ---- */

static int append_devices(const struct systemd *sd, sd_bus_message *m,
			  const struct plan_property *p)
{
	TRY(sd->f.sd_bus_message_open_container(m, 'a', "(st)"));
	for (size_t i = 0; i < p->devices.n; i++) {
		TRY(sd->f.sd_bus_message_append(m, "(st)", p->devices.v[i].path,
						p->devices.v[i].value));
	}
	return sd->f.sd_bus_message_close_container(m);
}

static int append_strings(const struct systemd *sd, sd_bus_message *m,
			  const struct plan_property *p)
{
	TRY(sd->f.sd_bus_message_open_container(m, 'a', "s"));
	for (size_t i = 0; i < p->texts.n; i++) {
		TRY(sd->f.sd_bus_message_append_basic(m, 's', p->texts.v[i]));
	}
	return sd->f.sd_bus_message_close_container(m);
}

/* The value in the width that its type has on the wire. */
static int append_value(const struct systemd *sd, sd_bus_message *m, const struct plan_property *p)
{
	switch (p->type[0]) {
	case 'b':
		return sd->f.sd_bus_message_append(m, "b", (int)p->boolean);
	case 's':
		return sd->f.sd_bus_message_append_basic(m, 's', p->text);
	case 'i':
		return sd->f.sd_bus_message_append(m, "i", (int32_t)p->integer);
	case 'x':
		return sd->f.sd_bus_message_append(m, "x", p->integer);
	case 'u':
		return sd->f.sd_bus_message_append(m, "u", (uint32_t)p->number);
	case 't':
		return sd->f.sd_bus_message_append(m, "t", p->number);
	case 'd':
		return sd->f.sd_bus_message_append(m, "d", p->real);
	default:
		break;
	}
	if (str_eq(p->type, "as")) {
		return append_strings(sd, m, p);
	}
	if (str_eq(p->type, "ay")) {
		return sd->f.sd_bus_message_append_array(m, 'y', p->bytes.v, p->bytes.n);
	}
	return str_eq(p->type, "a(st)") ? append_devices(sd, m, p) : -EINVAL;
}

static bool is_dropped(const struct systemd_dropped *dropped, const char *name)
{
	for (size_t i = 0; i < dropped->n; i++) {
		if (str_eq(dropped->names[i], name)) {
			return true;
		}
	}
	return false;
}

int systemd_append_property(const struct systemd *sd, sd_bus_message *m,
			    const struct plan_property *property,
			    const struct systemd_dropped *dropped)
{
	if (is_dropped(dropped, property->name)) {
		return 0;
	}
	TRY(sd->f.sd_bus_message_open_container(m, 'r', "sv"));
	TRY(sd->f.sd_bus_message_append_basic(m, 's', property->name));
	TRY(sd->f.sd_bus_message_open_container(m, 'v', property->type));
	TRY(append_value(sd, m, property));
	TRY(sd->f.sd_bus_message_close_container(m));
	return sd->f.sd_bus_message_close_container(m);
}

static bool letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Is name a word of text? "Cannot set property IOWeight, or unknown property." */
static bool names_property(const char *text, const char *name)
{
	const size_t len = strlen(name);

	for (const char *p = strstr(text, name); p; p = strstr(p + 1, name)) {
		if ((p == text || !letter(p[-1])) && !letter(p[len])) {
			return true;
		}
	}
	return false;
}

bool systemd_drop_property(const struct systemd_reply *reply, const char *unit,
			   const struct plan_property *properties, size_t n,
			   struct systemd_dropped *dropped)
{
	if (!str_eq(reply->error, "org.freedesktop.DBus.Error.PropertyReadOnly") &&
	    !str_eq(reply->error, "org.freedesktop.DBus.Error.UnknownProperty")) {
		return false;
	}
	for (size_t i = 0; i < n && dropped->n < SYSTEMD_DROPPED_MAX; i++) {
		const struct plan_property *p = &properties[i];

		if (is_dropped(dropped, p->name) || !names_property(reply->text, p->name)) {
			continue;
		}
		/*
		 * What someone asked for by name is worth a line; a limit is read back by whoever
		 * wants it to hold.
		 */
		if (p->where && str_starts(p->where, "/annotations/") && log_notes_wanted()) {
			log_warning("%s: this systemd knows no property %s of a scope: left out",
				    p->where, p->name);
		} else {
			log_debug("%s: this systemd knows no property %s: left out", unit, p->name);
		}
		dropped->names[dropped->n++] = p->name;
		return true;
	}
	return false;
}

/* ---- units ---- */

int systemd_refused(const char *what, const char *unit, const struct systemd_reply *reply,
		    struct err *err)
{
	int code = str_eq(reply->error, SYSTEMD_NO_SUCH_UNIT) ? ENOENT :
		   str_eq(reply->error, SYSTEMD_UNIT_EXISTS)  ? EEXIST :
								EIO;

	return err_set(err, code, "%s %s: systemd: %s", what, unit, reply->text);
}

/*
 * Calls a method whose arguments are strings. The reply is the caller's to free, where there is
 * one.
 */
static int call_strings(struct systemd *sd, const char *member, const char *unit,
			const char *const *arguments, struct systemd_reply *ret, struct err *err)
{
	const struct systemd_call call = {
		.member = member,
		.unit = unit,
		.fill = systemd_fill_strings,
		.arg = arguments,
	};

	return systemd_call(sd, &call, ret, err);
}

int systemd_unit_string(struct systemd *sd, const char *unit, const char *interface,
			const char *property, const char **ret, struct err *err)
{
	const char *arguments[] = { arena_printf(&sd->arena, "org.freedesktop.systemd1.%s",
						 interface ? interface : "Unit"),
				    property, NULL };
	struct systemd_reply reply = { .m = NULL };
	const char *value = NULL;
	char *path = NULL;
	int rc = sd->f.sd_bus_path_encode("/org/freedesktop/systemd1/unit", unit, &path);
	struct systemd_call call = {
		.interface = "org.freedesktop.DBus.Properties",
		.member = "Get",
		.unit = unit,
		.fill = systemd_fill_strings,
		.arg = arguments,
	};

	if (rc < 0) {
		return err_errno(err, -rc, "unit %s", unit);
	}
	call.path = arena_strdup(&sd->arena, path);
	free(path);
	TRY(systemd_call(sd, &call, &reply, err));
	if (reply.error) {
		rc = systemd_refused("asking about unit", unit, &reply, err);
	} else if (sd->f.sd_bus_message_read(reply.m, "v", "s", &value) < 0) {
		rc = err_set(err, EBADMSG, "unit %s: systemd's answer about %s is not a text", unit,
			     property);
	} else {
		*ret = arena_strdup(&sd->arena, value);
		rc = 0;
	}
	systemd_reply_done(sd, &reply);
	return rc;
}

/* GetUnit first: to ask for the property of a unit that isn't there would make systemd load it. */
int systemd_unit_state(struct systemd *sd, const char *unit, const char **ret, struct err *err)
{
	const char *arguments[] = { unit, NULL };
	struct systemd_reply reply = { .m = NULL };
	int rc = 0;

	TRY(call_strings(sd, "GetUnit", unit, arguments, &reply, err));
	if (!reply.error) {
		systemd_reply_done(sd, &reply);
		return systemd_unit_string(sd, unit, NULL, "ActiveState", ret, err);
	}
	if (str_eq(reply.error, SYSTEMD_NO_SUCH_UNIT)) {
		*ret = NULL;
	} else {
		rc = systemd_refused("asking about unit", unit, &reply, err);
	}
	systemd_reply_done(sd, &reply);
	return rc;
}

int systemd_job_finish(struct systemd *sd, const char *path, bool starts, const char **ret,
		       struct err *err)
{
	while (systemd_left(sd) > 0) {
		const char *state = NULL;

		if (systemd_job_wait(sd, path, ASK_MS) == 0) {
			*ret = sd->job.result;
			return 0;
		}
		/* Late, or never: a manager that was restarted has forgotten whom to tell. */
		TRY(systemd_unit_state(sd, sd->job.unit, &state, err));
		if (!state || str_eq(state, "inactive") || str_eq(state, "failed")) {
			*ret = starts ? state ? state : "gone" : "done";
			return 0;
		}
		if (starts && str_eq(state, "active")) {
			*ret = "done";
			return 0;
		}
	}
	return err_set(err, ETIMEDOUT,
		       "unit %s: systemd was asked to %s it, and did not in %d seconds",
		       sd->job.unit, starts ? "start" : "stop", SYSTEMD_TIMEOUT_MS / 1000);
}

/* A unit that is no longer there, or has not failed, is fine. */
int cgroup_systemd_reset(struct systemd *sd, const char *unit, struct err *err)
{
	const char *arguments[] = { unit, NULL };
	struct systemd_reply reply = { .m = NULL };
	int rc = 0;

	TRY(call_strings(sd, "ResetFailedUnit", unit, arguments, &reply, err));
	if (reply.error && !str_eq(reply.error, SYSTEMD_NO_SUCH_UNIT)) {
		rc = systemd_refused("resetting the failed unit", unit, &reply, err);
	}
	systemd_reply_done(sd, &reply);
	return rc;
}

/* Units are unloaded a moment after they have ended. */
static int wait_gone(struct systemd *sd, const char *unit, struct err *err)
{
	long pause = GONE_FIRST_NS;
	const char *state = NULL;

	for (;;) {
		TRY(systemd_unit_state(sd, unit, &state, err));
		if (!state || str_eq(state, "inactive")) {
			return 0;
		}
		if (str_eq(state, "failed")) {
			TRY(cgroup_systemd_reset(sd, unit, err));
		}
		if (systemd_left(sd) == 0) {
			return err_set(
				err, ETIMEDOUT,
				"unit %s: still %s, %d seconds after systemd was asked to stop it",
				unit, state, SYSTEMD_TIMEOUT_MS / 1000);
		}
		nanosleep(&(struct timespec){ .tv_nsec = pause }, NULL);
		pause = pause * 2 < GONE_MAX_NS ? pause * 2 : GONE_MAX_NS;
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

int cgroup_systemd_stop(struct systemd *sd, const char *unit, struct err *err)
{
	const char *arguments[] = { unit, "replace", NULL };
	struct systemd_reply reply = { .m = NULL };
	const char *path = NULL;
	const char *result;
	int rc = 0;

	TRY(kill_all(sd, unit, err));
	sd->job = (struct systemd_job){ .unit = unit };
	TRY(call_strings(sd, "StopUnit", unit, arguments, &reply, err));
	if (!reply.error && sd->f.sd_bus_message_read(reply.m, "o", &path) >= 0) {
		rc = systemd_job_finish(sd, arena_strdup(&sd->arena, path), false, &result, err);
	} else if (reply.error && !str_eq(reply.error, SYSTEMD_NO_SUCH_UNIT)) {
		rc = systemd_refused("stopping unit", unit, &reply, err);
	}
	systemd_reply_done(sd, &reply);
	TRY(rc);
	return wait_gone(sd, unit, err);
}

int cgroup_systemd_result(struct systemd *sd, struct arena *arena, const char *unit,
			  const char **ret, struct err *err)
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

int cgroup_systemd_set(struct systemd *sd, const char *unit, const struct plan_property *properties,
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

int cgroup_systemd_attach(struct systemd *sd, const char *unit, const char *sub, const pid_t *pids,
			  size_t n, struct err *err)
{
	const struct attach attach = {
		.unit = unit,
		.sub = sub && *sub ? arena_printf(&sd->arena, "/%s", sub) : "",
		.pids = pids,
		.n = n,
	};
	const struct systemd_call call = {
		.member = "AttachProcessesToUnit",
		.unit = unit,
		.fill = fill_attach,
		.arg = &attach,
	};
	struct systemd_reply reply = { .m = NULL };
	int rc = 0;

	TRY(systemd_call(sd, &call, &reply, err));
	if (reply.error) {
		rc = systemd_refused("moving processes into unit", unit, &reply, err);
	}
	systemd_reply_done(sd, &reply);
	return rc;
}
