/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/launch_steps: the host's half of a launch as a table of steps in order, beside the guest's
 * (guest/guest.c). What fails is undone in one place, step by step in reverse.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "host/launch.h"

struct launch_step {
	const char *name;      /* as --debug shows it */
	enum launch_kind kind; /* of the launches that have it */
	/* 0 or -errno with err filled. NULL: the end of a table. */
	int (*run)(struct launch *l, struct err *err);
	/*
	 * When this step or a later one has failed with *err, which a better word may replace; does
	 * nothing where the step has not got that far. NULL: it leaves nothing, or what it leaves
	 * ends with an earlier one.
	 */
	void (*undo)(struct launch *l, struct err *err);
};

#define LAUNCH_STEPS_END                                                                           \
	{                                                                                          \
		.run = NULL                                                                        \
	}

/* create: the container waits for its start. run: it is started. On failure nothing is left. */
int host_launch_make(struct launch *l, struct err *err);

/* The same with a table of one's own. */
int host_launch_run_steps(struct launch *l, const struct launch_step *steps, struct err *err);

/* Undoes the steps of a launch that was made, because of an error that came later. */
void host_launch_undo(struct launch *l, struct err *err);

/*
 * In the foreground and without a pid namespace init's end ends nobody else: what it leaves becomes
 * our child, and ends with us.
 */
bool host_launch_adopts_orphans(const struct launch *l);

/* ---- steps that a restore has as well ---- */

int host_launch_catch_signals(struct launch *l, struct err *err);
int host_launch_reserve(struct launch *l, struct err *err);
int host_launch_keep_config(struct launch *l, struct err *err);
int host_launch_record(struct launch *l, struct err *err);
int host_launch_pid_file(struct launch *l, struct err *err);

/* To the clients that asked for one, by option or annotation. */
int host_launch_send_pidfd(struct launch *l, struct err *err);

/* Their undoing, and that of steps of its own. */
void host_launch_poststop(struct launch *l, struct err *err);
void host_launch_unreserve(struct launch *l, struct err *err);
/* Where it can't be removed, the state folder stays, which tells of it. */
int host_launch_end_cgroup(struct launch *l, struct err *err);
void host_launch_remove_cgroup(struct launch *l, struct err *err);

/* The groups of resctrl that were made for this container. */
int host_launch_remove_rdt(const struct launch *l, struct err *err);
