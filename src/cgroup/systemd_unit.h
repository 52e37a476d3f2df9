/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup/systemd_unit: what one asks and tells a manager about a unit. Private to
 * host/cgroup_systemd*.c.
 */
#pragma once

#include "cgroup/systemd_bus.h"

/* D-Bus errors of the manager. */
#define SYSTEMD_NO_SUCH_UNIT "org.freedesktop.systemd1.NoSuchUnit"
#define SYSTEMD_UNIT_EXISTS "org.freedesktop.systemd1.UnitExists"

/* Properties that this manager doesn't know, by name. */
#define SYSTEMD_DROPPED_MAX 32

struct systemd_dropped {
	const char *names[SYSTEMD_DROPPED_MAX];
	size_t n;
};

/*
 * Appends one (sv) to an open array of them, unless it is among the dropped. Returns 0 or -errno.
 */
int systemd_append_property(const struct systemd *sd, sd_bus_message *m,
			    const struct plan_property *property,
			    const struct systemd_dropped *dropped);

/*
 * Whether the error is about a property that the manager doesn't know. Then it is one of the n, has
 * been added to the dropped, and the call is to be made again.
 */
bool systemd_drop_property(const struct systemd_reply *reply, const char *unit,
			   const struct plan_property *properties, size_t n,
			   struct systemd_dropped *dropped);

/* "active", "failed", "deactivating" …; NULL where there is no such unit. */
int systemd_unit_state(struct systemd *sd, const char *unit, const char **ret, struct err *err);

/* A property that is a string, of a unit that is loaded; interface: NULL or "Scope". */
int systemd_unit_string(struct systemd *sd, const char *unit, const char *interface,
			const char *property, const char **ret, struct err *err);

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
