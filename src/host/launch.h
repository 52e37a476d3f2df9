/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/launch: a launch under way, from a bundle to a container: what its steps share, and all that
 * needs no process. The steps stand in host/launch_steps.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "cgroup/make.h"
#include "host/guest_process.h"
#include "host/launch_options.h"
#include "host/network.h"
#include "host/notify.h"
#include "host/relay.h"
#include "plan/plan.h"
#include "spec/spec.h"
#include "state/state.h"
#include "user/idmap.h"

struct launch_step;

/* Bits: a step belongs to one of them or to both. */
enum launch_kind {
	LAUNCH_CREATE = 1, /* the container will be started by another process */
	LAUNCH_RUN = 2,	   /* by this one */
	LAUNCH_ANY = LAUNCH_CREATE | LAUNCH_RUN,
};

/* Descriptors: -1 or open, and closed by host_launch_done. */
enum launch_fd {
	LAUNCH_PIDFD_SOCKET,   /* connected, of --pidfd-socket */
	LAUNCH_PIDFD_RECEIVER, /* the same, of the annotation */
	LAUNCH_GATE,	       /* create: listening */
	LAUNCH_RECORD,	       /* run: the file that will say how it ended */
	LAUNCH_INTO,	       /* the cgroup that the guest is cloned into */
	LAUNCH_CGROUP,	       /* the container's, until the guest has it */
	LAUNCH_FILTER,	       /* compiled, until the guest has it */
	LAUNCH_FDS,
};

struct launch {
	const struct launch_options *options;
	enum launch_kind kind;
	const struct launch_step *steps;
	size_t begun; /* so many of them, the failed one among them */
	struct arena arena;
	const char *bundle; /* absolute */
	const char *config; /* the text of config.json */
	size_t config_len;
	struct spec *spec;
	const struct plan *plan;
	const char *owner;
	struct cgroup cgroup;
	struct cgroup_job job;
	bool cgroup_begun; /* cgroup_begin has been called */
	struct state_dir dir;
	struct notify notify;
	struct network network;
	struct relay relay;
	struct guest_process
		guest; /* the container's init once it is known, else our first child */
	struct idmap_job ids;
	int fds[LAUNCH_FDS];
	int report; /* this process becomes the monitor, and tells so here; or -1 */
	/* its own, where it has no pid namespace */
	struct opt_u64 mount_namespace;
	uint64_t start_time; /* of the guest, by sys_process_start_time; 0: not known */
	bool mapping;	     /* user_idmap_finish is due */
	bool cgroup_left;    /* it could not be removed: what tells of it stays */
	bool rdt_made;	     /* the plan's groups of resctrl are there */
	bool hooks_begun;    /* from here on a failure ends with the poststop hooks */
};

/* Starts a launch: its clock, for --debug. Nothing can fail. options stay the caller's. */
void host_launch_begin(struct launch *l, const struct launch_options *options,
		       enum launch_kind kind);

/*
 * Everything that needs no process and leaves no trace: configuration, facts, plan, checks, and the
 * sockets of clients. Errors: those of a bundle that can't be run here.
 */
int host_launch_prepare(struct launch *l, struct err *err);

/* Frees and closes what is this process's. */
void host_launch_done(struct launch *l);
