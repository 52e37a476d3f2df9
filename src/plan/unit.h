/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan/unit: what a container's systemd scope is called.
 *
 * The rules for names are those of systemd.unit(5): a name that the manager would refuse is escaped
 * or refused here, before anything is made.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "plan/plan.h"

/*
 * The scope and its slice from /linux/cgroupsPath:
 *
 *	"" or NULL		rootlet-ID.scope
 *	SLICE:PREFIX:NAME	PREFIX-NAME.scope in SLICE; without PREFIX NAME.scope;
 *				without SLICE the default
 *	A/B/NAME		A-B-NAME.scope in the default
 *	A/B.slice/C/NAME	C-NAME.scope in B.slice: the last folder of such a name
 *
 * The default is app.slice, where desktops and systemd-run put what a user starts
 * (systemd.special(7)); for the system's manager (`system`) it is system.slice. A NAME that ends
 * with ".scope" already is left so. Characters that a unit's name can't have become \xNN, as
 * systemd-escape(1) does it. A name that is too long is refused, except rootlet's own: there the
 * rest of a long ID becomes a hash.
 * Errors: EINVAL, with the JSON path: a slice that is none, a name that is empty or too long.
 */
int plan_unit_name(struct arena *arena, const char *cgroups_path, const char *id, bool system,
		   const char **ret_unit, const char **ret_slice, struct err *err);
