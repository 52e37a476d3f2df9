/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/serve: listening to a guest until it is ready, and ending it when something fails.
 *
 * What is the same for every guest is done here: phases, errors, warnings, the trace, a second
 * fork, signals to us. The messages that ask the host for something go to the caller.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "wire/wire.h"

struct serve {
	int wire;    /* our end */
	int signals; /* host_signals_catch's descriptor */
	/* our child; where the guest forks once more, the child that is left. -1: none */
	pid_t pid;
	int pidfd;     /* of the same process */
	int64_t begin; /* host_trace_begin's answer */
	bool quiet;    /* the guest's warnings are not shown */
	/* WIRE_BITs of the messages that the plan has no use for, and of those that have come */
	unsigned gone;

	/*
	 * A legal message that asks for something; a descriptor in it is the callee's. INIT, too,
	 * but without its descriptor: pid and pidfd are the new ones already.
	 */
	int (*take)(void *data, struct wire_msg *msg, struct err *err);
	void *data;
};

#define SERVE_INIT                                                                                 \
	{                                                                                          \
		.wire = -1, .signals = -1, .pid = -1, .pidfd = -1                                  \
	}

/*
 * Serves until READY. Errors: what the guest says, EPROTO for a message out of turn, EINTR for a
 * signal that ends us.
 */
int host_serve(struct serve *s, struct err *err);

/*
 * Serves until that message has been taken. Errors as above; EPROTO if the guest is ready without
 * it.
 */
int host_serve_until(struct serve *s, enum wire_type last, struct err *err);

/*
 * Tells the guest. A guest that ended already is no error here: what it said is still to be read.
 */
int host_serve_tell(const struct serve *s, enum wire_type type, int fd, struct err *err);

/* Kills the guest and waits for it. */
void host_serve_kill(struct serve *s);

/* Closes the descriptors. */
void host_serve_done(struct serve *s);
