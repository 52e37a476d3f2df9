/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/filter: the seccomp filter on its way to the guest, and its listener on the way to its
 * agent.
 */
#pragma once

#include <sys/types.h>

#include "base/err.h"
#include "plan/plan.h"
#include "spec/spec.h"

/* The filter, compiled unless the plan brings it ready-made, in a sealed memfd. */
int host_filter_compile(const struct spec *spec, const struct plan *plan, int *ret_fd,
			struct err *err);

/*
 * A guest that ended without a word (ECHILD) where a filter was loaded before its last steps: most
 * likely that forbids them. Adds the remedy. Returns -err->code.
 */
int host_filter_explain(const struct plan *plan, const struct spec *spec, struct err *err);

/* Whose system calls a listener hears of, and the state of its container. */
struct filter_subject {
	pid_t pid;
	pid_t init; /* the container's first process; the same but for exec */
	const char *status;
};

/*
 * Connects to the agent's socket and sends the one message that config-linux.md, "The Container
 * Process State", lays down, with the listener. state_json: the container's state as an object's
 * text.
 */
int host_filter_send_listener(const struct plan_filter *filter, int listener,
			      const struct filter_subject *subject, const struct spec *spec,
			      const struct plan *plan, struct err *err);
