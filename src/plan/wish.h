/* SPDX-License-Identifier: Apache-2.0 */
/* plan/wish: what the command line adds to the bundle. */
#pragma once

#include <stdbool.h>

#include "base/str.h"
#include "plan/plan.h"

struct plan_options {
	const char *id;
	const char *bundle; /* absolute path */
	bool no_pivot;
	bool no_new_keyring;
	const char *keyring; /* the name of the container's session keyring */
	int preserve_fds;
	/* host path of a socket for the container's notifications; NULL: none */
	const char *notify;
	const char *net;    /* --net; NULL: what the annotation says */
	const char *net_of; /* container:ID: the folder of its first process's namespaces */
	bool net_of_ours;   /* that process is in the caller's user namespace */
	/* that container has a network of rootlet's, whose names this one is to know */
	bool net_names;
	/* the network that is shared, or that of the container that is entered, is accelerated */
	bool net_accel;
	struct strs publish; /* --publish */
	const char *state;   /* the container's state folder, where generated files are */
	bool trace;
	enum plan_cgroup_choice cgroup_manager;
	bool best_effort; /* limits that can't be had are notes, not errors */
};
