/* SPDX-License-Identifier: Apache-2.0 */
/* host/launch_options: what a command asks of a launch: create, run, restore. */
#pragma once

#include <stdbool.h>

#include "base/str.h"
#include "plan/plan.h"

struct launch_options {
	const char *root; /* state_root's answer */
	const char *id;
	const char *bundle;	    /* any path; "." by default */
	const char *config;	    /* NULL: BUNDLE/config.json */
	const char *pid_file;	    /* NULL: none */
	const char *console_socket; /* NULL: none */
	const char *pidfd_socket;   /* NULL: none */
	const char *notify_socket;  /* $NOTIFY_SOCKET; NULL: none */
	bool detach;		    /* run: return after the start */
	bool keep;		    /* run: leave the state behind */
	/* run in the foreground, no pid namespace: do not adopt and end what init leaves behind */
	bool no_subreaper;
	bool no_pivot;
	bool no_new_keyring;
	/* notes on what was adapted are not printed (create: its stderr becomes the container's) */
	bool quiet_notes;
	int preserve_fds;
	enum plan_cgroup_choice cgroup_manager;
	bool best_effort;    /* --limits */
	const char *net;     /* --net; NULL: what the annotation says */
	struct strs publish; /* --publish */
};
