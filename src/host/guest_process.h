/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/guest_process: one handle for a guest process, whatever it is to do: become a container's
 * first process (create, run) or one more (exec), or change its mounts.
 *
 * It is cloned, told, listened to until it is ready, and killed when something fails. What it may
 * ask for stands in a table of requests; a message that is not there, or that the plan has no use
 * for, is out of turn and an error. What is the same for every guest is in a table of this file:
 * errors, warnings, the trace, READY.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "guest/guest.h"
#include "plan/plan.h"
#include "spec/spec.h"
#include "wire/wire.h"

struct guest_process;

/* A message that this guest may send before it is ready. */
struct guest_request {
	enum wire_type message;
	/* Has this plan a use for it? NULL: every plan has. */
	bool (*wanted)(const struct plan *plan);
	/* A descriptor in the message is the callee's. NULL: the end of a table. */
	int (*take)(struct guest_process *g, struct wire_msg *msg, struct err *err);
};

#define GUEST_REQUESTS_END                                                                         \
	{                                                                                          \
		.take = NULL                                                                       \
	}

struct guest_process {
	const struct guest_request *requests;
	void *owner; /* of the requests: for their functions */
	const struct plan *plan;
	const struct spec *spec;

	struct relay *relay; /* of its output; NULL: none */
	int wire;	     /* our end */
	int signals;	     /* host_signals_catch's descriptor */
	/* our child; where the guest forks once more, the child that is left. -1: none */
	pid_t pid;
	int pidfd; /* of the same process */
	/* exec: what the guest leaves behind (guest_last), in shared memory; NULL: nothing */
	struct guest_last *last;
	bool inside;   /* it was born in the cgroup that was wished for */
	unsigned came; /* WIRE_BITs of what it has sent */
	bool ready;    /* READY has come */
	bool heard;    /* listening to it has failed: what it had to say is said */
	bool quiet;    /* its warnings are not shown */
	int64_t begin; /* host_trace_begin's answer */

	/* Its terminal. */
	bool detached;	    /* nobody stays who could carry one */
	int console_socket; /* connected to who takes it; -1: nobody does */
	int multiplexer;    /* it stays here; -1: there is none */

	/* What the agent of a seccomp listener is told. */
	pid_t init;	    /* the container's first process; -1: it is the guest itself */
	const char *status; /* the container's */
};

#define GUEST_PROCESS_NONE                                                                         \
	{                                                                                          \
		.wire = -1, .signals = -1, .pid = -1, .pidfd = -1, .console_socket = -1,           \
		.multiplexer = -1, .init = -1                                                      \
	}

/* How it is cloned. */
struct guest_clone {
	const char *what; /* for messages: "a process" */
	uint64_t flags;	  /* CLONE_NEW* */
	/* a cgroup to be born in; where the kernel refuses, it is born in ours; -1: none */
	int into;
	struct guest_fds fds; /* but the wire */
};

/* Makes the wire and the process, which goes on in guest_main. Signals must be caught before. */
int host_guest_spawn(struct guest_process *g, const struct guest_clone *how, struct err *err);

/*
 * Send a message without contents: alone, or with a descriptor, of which the guest gets a copy. A
 * guest that ended already is no error here: what it said is still to be read.
 */
int host_guest_tell(const struct guest_process *g, enum wire_type type, struct err *err);
int host_guest_give(const struct guest_process *g, enum wire_type type, int fd, struct err *err);

/*
 * Does what the guest asks for, until the message `last` has been taken: READY, or one before it.
 * Errors: what the guest says, or a request's function; EPROTO for a message out of turn and for
 * READY before `last`; ECHILD when it ended; EINTR for a signal that asks us to end.
 */
int host_guest_serve(struct guest_process *g, enum wire_type last, struct err *err);

/*
 * For when something else than listening to it has failed. A guest that has ended before it was
 * ready has said why, and all else is a consequence: its word takes the place of *err.
 */
void host_guest_last_word(struct guest_process *g, struct err *err);

/* For a table of requests: INIT. The guest has forked: its child is the process from now on. */
int host_guest_take_init(struct guest_process *g, struct wire_msg *msg, struct err *err);

/*
 * exec, once the wire is at its end: waits until the guest has ended, and takes the program that it
 * has made for the process from now on. Errors: why there is none; EINTR, as host_guest_serve.
 */
int host_guest_take_last(struct guest_process *g, struct err *err);

/* Kills it and waits for its end. */
void host_guest_kill(struct guest_process *g);

/* Closes the descriptors. */
void host_guest_done(struct guest_process *g);
