/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/launch: from a bundle to a container: create, start, run.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "container/container.h"
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

/* Makes the container and leaves it waiting for `start`. On failure nothing of it is left. */
int host_create(const struct launch_options *options, struct err *err);

/*
 * Lets a created container go, whose folder is locked. Errors of its last steps (execve) are
 * reported here.
 */
int host_start(struct container *c, struct err *err);

/*
 * create and start; in the foreground also forwards signals, carries the terminal, waits and
 * deletes. *ret_status is the exit status (128 + signal for a signal), 0 when detached.
 */
int host_run(const struct launch_options *options, int *ret_status, struct err *err);
