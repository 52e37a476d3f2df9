/* SPDX-License-Identifier: Apache-2.0 */
/* systemd/query: what a manager tells about a unit. */
#include "systemd/query.h"

#include <errno.h>
#include <stdlib.h>

#include "sys/await.h"
#include "systemd/manager.h"

/* When a signal that should come doesn't, the unit itself is asked this often. */
#define ASK_MS 500

int systemd_refused(const char *what, const char *unit, const struct systemd_reply *reply,
		    struct err *err)
{
	int code = EIO;

	if (str_eq(reply->error, SYSTEMD_NO_SUCH_UNIT)) {
		code = ENOENT;
	} else if (str_eq(reply->error, SYSTEMD_UNIT_EXISTS)) {
		code = EEXIST;
	}
	return err_set(err, code, "%s %s: systemd: %s", what, unit, reply->text);
}

int systemd_unit_string(struct systemd *sd, const char *unit, const char *interface,
			const char *property, const char **ret, struct err *err)
{
	const char *arguments[] = {
		arena_printf(&sd->arena, "org.freedesktop.systemd1.%s", interface), property, NULL
	};
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

	TRY(systemd_call_strings(sd, "GetUnit", unit, arguments, &reply, err));
	if (!reply.error) {
		systemd_reply_done(sd, &reply);
		return systemd_unit_string(sd, unit, "Unit", "ActiveState", ret, err);
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
		if (sd->signal) {
			return sys_interrupted(sd->signal, "while systemd worked", err);
		}
		/* Late, or never: a manager that was restarted has forgotten whom to tell. */
		TRY(systemd_unit_state(sd, sd->job.unit, &state, err));
		if (!state || str_eq(state, "inactive") || str_eq(state, "failed")) {
			*ret = "done";
			if (starts) {
				*ret = state ? state : "gone";
			}
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

int systemd_unit_process(struct systemd *sd, const char *unit, const char **ret, struct err *err)
{
	const char *arguments[] = { unit, NULL };
	struct systemd_reply reply = { .m = NULL };
	const char *cgroup, *command;
	uint32_t pid;

	TRY(systemd_call_strings(sd, "GetUnitProcesses", unit, arguments, &reply, err));
	*ret = NULL;
	if (!reply.error && sd->f.sd_bus_message_enter_container(reply.m, 'a', "(sus)") > 0 &&
	    sd->f.sd_bus_message_read(reply.m, "(sus)", &cgroup, &pid, &command) > 0) {
		*ret = arena_printf(&sd->arena, "process %u, %.80s", pid, command);
	}
	systemd_reply_done(sd, &reply);
	return 0;
}
