/* SPDX-License-Identifier: Apache-2.0 */
/*
 * systemd/property: properties of a unit in a message. Private to src/systemd.
 *
 * They come with their D-Bus type (plan/plan.h): nothing here parses configuration. Older managers
 * refuse a whole message for a property that they don't know; those are dropped, and the message is
 * sent again.
 */
#pragma once

#include "plan/plan.h"
#include "systemd/bus.h"

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
