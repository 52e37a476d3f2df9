/* SPDX-License-Identifier: Apache-2.0 */
/* container/look: what has to be known of a container by who goes in. */
#pragma once

#include "base/err.h"
#include "container/container.h"
#include "plan/facts.h"

/*
 * Looks at the namespaces of a held container from outside, and opens what they are entered by:
 *
 *	namespaces	one for each of sys_namespaces, where they can't be had by its first
 *			process (by_gate); else -1
 *	root_dir	its root directory, where joining its mount namespace does not lead there;
 *			else -1
 *
 * They are the handle's. Errors: ESRCH (container_not_running) when it ends meanwhile.
 */
int container_look(struct container *c, struct facts_container *ret, struct err *err);

/*
 * Refuses, with EBUSY, a container whose cgroup is frozen, by itself or from above: what comes into
 * it, or is asked there, would wait without end. dir: the directory where a process is to be born,
 * open; -1: the container's own.
 */
int container_check_thawed(const struct container *c, int dir, struct err *err);
