/* SPDX-License-Identifier: Apache-2.0 */
/* systemd/query: what a manager tells about a unit. Private to src/systemd. */
#pragma once

#include "systemd/bus.h"

/* D-Bus errors of the manager. */
#define SYSTEMD_NO_SUCH_UNIT "org.freedesktop.systemd1.NoSuchUnit"
#define SYSTEMD_UNIT_EXISTS "org.freedesktop.systemd1.UnitExists"

/* "active", "failed", "deactivating" …; NULL where there is no such unit. */
int systemd_unit_state(struct systemd *sd, const char *unit, const char **ret, struct err *err);

/* A property that is a string, of a unit that is loaded; interface: "Unit" or "Scope". */
int systemd_unit_string(struct systemd *sd, const char *unit, const char *interface,
			const char *property, const char **ret, struct err *err);

/*
 * The first process of a unit, in words: "process 12, COMMAND". *ret is NULL for none.
 * GetUnitProcesses gives cgroup, pid and command line.
 */
int systemd_unit_process(struct systemd *sd, const char *unit, const char **ret, struct err *err);

/*
 * Waits until the job that the manager gave us for sd->job.unit has ended. *ret: its result; where
 * the signal was lost with a connection, "done" if the unit's state is what the job was to bring
 * about, else that state.
 */
int systemd_job_finish(struct systemd *sd, const char *path, bool starts, const char **ret,
		       struct err *err);

/* What the manager says, as an error of ours: "WHAT UNIT: text". Returns -errno. */
int systemd_refused(const char *what, const char *unit, const struct systemd_reply *reply,
		    struct err *err);
