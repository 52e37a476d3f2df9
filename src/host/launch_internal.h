/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/launch_internal: a launch under way: what launch.c, start.c and run.c share. Private to
 * them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "host/launch.h"
#include "host/network.h"
#include "host/notify.h"
#include "plan/plan.h"
#include "spec/spec.h"
#include "state/state.h"
#include "wire/wire.h"

struct launch {
	const struct launch_options *options;
	struct arena arena;
	const char *bundle; /* absolute */
	const char *config; /* the text of config.json */
	size_t config_len;
	struct spec *spec;
	const struct plan *plan;
	const char *owner;
	struct cgroup cgroup;
	struct state_dir dir;
	bool detached;	    /* nobody stays: a terminal needs a console socket */
	int console_socket; /* connected, or -1 */
	int pidfd_socket;   /* the same, of --pidfd-socket */
	int pidfd_receiver; /* the same, of the annotation */
	struct notify notify;
	int signals;
	int wire;	  /* our end */
	int into;	  /* the cgroup that the guest is cloned into, or -1 */
	bool inside;	  /* it was */
	int filter;	  /* compiled, until it is sent, or -1 */
	int gate;	  /* create: listening; run: -1 */
	int multiplexer;  /* foreground with a terminal */
	int record;	  /* the file that will say how it ended, or -1 */
	int report;	  /* this process becomes the monitor, and tells so here; or -1 */
	bool rdt_made;	  /* the plan's groups of resctrl are there */
	unsigned came;	  /* WIRE_BITs of what the guest has sent */
	bool mapping;	  /* the id helpers are at work */
	bool heard;	  /* the guest has said why it failed */
	bool hooks_begun; /* from here on a failure ends with the poststop hooks */
	int64_t begin;	  /* now_ns() at the start when it is traced, else 0 */
	struct network network;
	pid_t pid; /* the container's init once it is known, else our first child */
	int pidfd;
};

#define LAUNCH_INIT(o)                                                                             \
	{                                                                                          \
		.options = (o), .dir = { .fd = -1 }, .console_socket = -1, .pidfd_socket = -1,     \
		.pidfd_receiver = -1, .signals = -1, .wire = -1, .into = -1, .filter = -1,         \
		.gate = -1, .multiplexer = -1, .record = -1, .report = -1, .pid = -1,              \
		.notify = NOTIFY_NONE, .network = NETWORK_INIT, .pidfd = -1                        \
	}

/* Starts a launch: the clock of --debug. */
void host_launch_begin(struct launch *l);

/* --debug shows where the time goes. */
void host_launch_trace(const struct launch *l, const char *what);

/* Everything that needs no process and leaves no trace. */
int host_launch_prepare(struct launch *l, struct err *err);

/*
 * Up to READY, and the container's state written. with_gate: it will be started by another process.
 */
int host_launch_make(struct launch *l, bool with_gate, struct err *err);

/*
 * Sends a message without contents, with a descriptor or -1. A guest that has ended meanwhile is no
 * error: its word is still to be read.
 */
int host_launch_tell(const struct launch *l, enum wire_type type, int fd, struct err *err);

/*
 * Does the guest fork once more, so that the container's init is not the process that was cloned?
 */
bool host_launch_forks_again(const struct launch *l);

/* Does the process that is cloned wait for its ids before it looks for anything of ours? */
bool host_launch_guest_waits(const struct launch *l);

/* Ids, cgroup, id-mapped mounts, the filter: for the process that will be init. */
int host_launch_give(struct launch *l, struct err *err);

/* Does what the guest asks for, until it is ready. */
int host_launch_serve(struct launch *l, struct err *err);

/* To the clients that asked for one, by option or annotation. */
int host_launch_send_pidfd(const struct launch *l, struct err *err);

/* The groups of resctrl that were made for this container. */
int host_launch_remove_rdt(struct launch *l, struct err *err);

/* Ends the guest, if any, and removes the state folder. Keeps the error that led here. */
void host_launch_undo(struct launch *l);

/* Frees and closes what is this process's. */
void host_launch_done(struct launch *l);
